"""What heads can say and cannot, on densities that are known: the table, held both ways."""

from functools import cache

import pytest
import torch

from il_ros.policy.registry import HEADS
from il_ros.studies.toy_heads import SAMPLES, context, drawn, judge, learn, recipe, surplus
from il_ros.studies.toy_table import EXPECTED, MISSES, PASS
from il_ros.studies.toys import BETWEEN, TOYS, Toy
from il_ros.studies.two_samples import energy, threshold

PAIRS = [(head, toy) for head in HEADS for toy in TOYS]
OFF = 0.3  # [nats a number] a density that is further from the truth is a wrong one


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True, scope='module')
def one_thread():
    """Tiny networks are slower on several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def learned(name, toy):
    """Return a head that was trained on a toy, once for all tests."""
    return learn(recipe(name, toy), TOYS[toy])


def likely(name, toy):
    """Return how much likelier exact samples are in truth than to a head [nats a number]."""
    ticks, actions = TOYS[toy].shape
    width = recipe(name, toy).context
    return surplus(learned(name, toy), TOYS[toy], width) / (ticks * actions)


def test_the_table_has_a_word_for_every_head_and_toy():
    assert set(EXPECTED) == set(HEADS)
    assert all(set(row) == set(TOYS) for row in EXPECTED.values())
    assert all(EXPECTED[head][toy][0] == PASS for head, toy in MISSES)


@pytest.mark.parametrize(('name', 'toy'), PAIRS)
def test_a_head_says_what_theory_says_that_it_can(name, toy):
    """Passes where it must, and fails where it must and as it must."""
    expected, why = EXPECTED[name][toy]
    found = judge(TOYS[toy], *drawn(learned(name, toy), TOYS[toy], recipe(name, toy).context))
    if (name, toy) in MISSES:
        assert found.has_modes, f'{MISSES[name, toy]}; but {found}'
    else:
        assert found.is_as(expected), f'{why}; but {found}'


@pytest.mark.parametrize(('name', 'toy'), PAIRS)
def test_a_likelihood_is_near_the_exact_one_where_the_head_can_say_it_and_not_elsewhere(name, toy):
    """On average over exact samples no density is likelier than the one they are from."""
    head = learned(name, toy)
    if head.likelihood == 'none':
        pytest.skip(f'{name} has no likelihood')
    off = likely(name, toy)
    if head.likelihood in ('exact', 'bound'):
        assert off > -0.05
    if head.likelihood == 'exact':
        assert (off < OFF) == (EXPECTED[name][toy][0] == PASS)
    elif head.likelihood == 'estimate':
        assert abs(off) < OFF


@pytest.mark.parametrize('name', HEADS)
def test_an_exact_density_sums_to_one(name):
    head = learned(name, 'two')
    if head.likelihood != 'exact':
        pytest.skip(f'the likelihood of {name} is not exact')
    places = torch.linspace(-6, 6, 4001)
    seen = context(torch.zeros(len(places)), recipe(name, 'two').context)
    density = head.log_prob(seen, places[:, None, None]).exp()
    assert float(torch.trapezoid(density, places)) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize('name', ['l1', 'l2'])
def test_one_answer_finds_the_mode_that_the_context_names(name):
    """What least squares is good for: where the context decides, there is nothing to choose."""
    toy = TOYS['context']
    c, chunks = drawn(learned(name, 'context'), toy, recipe(name, 'context').context)
    assert judge(toy, c, chunks).has_modes


@pytest.mark.parametrize('name', TOYS)
def test_a_toy_draws_from_the_density_that_it_says(name):
    """The ratio of its density a little further on to its density here is one on average."""
    toy: Toy = TOYS[name]
    c = toy.contexts(20_000, seeded(0))
    chunks = toy.sample(c, seeded(1))
    shift = 0.3 * _width(toy)
    ratio = (toy.log_density(c, chunks + shift) - toy.log_density(c, chunks)).exp()
    assert float(ratio.mean()) == pytest.approx(1.0, abs=0.06)
    modes = toy.modes(c, chunks)
    shares = torch.stack([(modes == k).float().mean() for k in range(len(toy.masses))])
    torch.testing.assert_close(shares, torch.tensor(toy.masses), atol=0.02, rtol=0)
    assert (modes == BETWEEN).float().mean() < 0.001


def _width(toy):
    """Return about how wide the narrowest part of a toy is, for all its numbers together."""
    numbers = toy.shape[0] * toy.shape[1]
    return getattr(toy, 'deviation', 0.2) / numbers**0.5


@pytest.mark.parametrize('name', [name for name in TOYS if TOYS[name].shape == (1, 2)])
def test_a_density_of_two_numbers_sums_to_one(name):
    side = torch.linspace(-5, 5, 801)
    chunks = torch.cartesian_prod(side, side)[:, None]
    density = TOYS[name].log_density(torch.zeros(len(chunks)), chunks).exp()
    assert float(density.sum() * (side[1] - side[0]) ** 2) == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize('name', TOYS)
def test_exact_samples_pass_and_wider_ones_do_not(name):
    """The judgement, on samples that are right and on such that are noisy."""
    toy = TOYS[name]
    c = toy.contexts(SAMPLES, seeded(5))
    chunks = toy.sample(c, seeded(6))
    assert judge(toy, c, chunks).is_as(PASS)
    noisy = chunks + 0.5 * torch.randn(chunks.shape, generator=seeded(7))
    assert not judge(toy, c, noisy).is_as(PASS)


def test_energy_distance_is_that_of_two_normals():
    """2 E|X-Y| - E|X-X'| - E|Y-Y'| in closed form for normal X and Y in one dimension."""
    x, y = torch.randn(2, 3000, 1, generator=seeded(0)).unbind(0)
    assert energy(x, 2 * y) == pytest.approx(
        (2 * 5**0.5 - 2**0.5 - 8**0.5) * (2 / torch.pi) ** 0.5, abs=0.02
    )
    assert energy(x, x) == pytest.approx(0.0, abs=1e-9)


def test_the_threshold_is_passed_as_rarely_as_it_says(monkeypatch):
    """At a level of 0.9, one of ten pairs of samples of one density is beyond it."""
    monkeypatch.setattr('il_ros.studies.two_samples.LEVEL', 0.9)
    monkeypatch.setattr('il_ros.studies.two_samples.SHUFFLES', 200)
    beyond = 0
    for seed in range(200):
        x, y = torch.randn(2, 40, 2, generator=seeded(seed)).unbind(0)
        beyond += energy(x, y) > threshold(x, y, seeded(seed))
    assert 10 <= beyond <= 32

"""The autoregressive head: its likelihood, its memory, what it is told, and that it learns."""

from itertools import product
from time import process_time

import pytest
import torch
from learning import episode, episodes, robot, tiny

from il_ros.policy.context import Context
from il_ros.policy.draws import uniform
from il_ros.policy.pilot import load_pilot
from il_ros.policy.registry import HEADS, TOKENS
from il_ros.policy.tokens import pairs
from il_ros.policy.tokens.codes import PLAIN
from il_ros.policy.tokens.line import around, pick
from il_ros.registry import make
from il_ros.spec import Observation
from il_ros.trainer import train

SPEC = robot()


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


def context(batch, tokens=2, seed=0):
    """Return a random Context of which the last token of the first row is padding."""
    drawn = torch.randn(batch, tokens, 16, generator=seeded(seed))
    padding = torch.zeros(batch, tokens, dtype=torch.bool)
    padding[0, 1:] = True
    return Context(drawn, padding, drawn.mean(1))


def repeated(one, count):
    """Return the first row of a Context, count times."""
    parts = (one.tokens, one.padding, one.pooled)
    return Context(*(part[:1].expand(count, *part.shape[1:]) for part in parts))


def smooth(count, ticks, actions, seed=0):
    """Return chunks (count, ticks, actions) that move on slowly."""
    start, speed = torch.randn(2, count, 1, actions, generator=seeded(seed))
    return start + 0.1 * speed * torch.arange(ticks)[:, None]


def head(actions, **differences):
    """Return a head with random weights, also where training begins from 0, that was fitted."""
    config = tiny(head='autoregressive', **differences)
    torch.manual_seed(0)
    made = make(HEADS, 'autoregressive', config, actions)
    torch.nn.init.normal_(made.tokens.line.rest, std=0.3)
    made.fit(smooth(500, config.T, actions))
    return made.eval()


@torch.no_grad()
def test_the_density_of_bins_is_exact():
    """Over all boxes of bins it sums to 1, and it is even inside a box."""
    made = head(2, T=2, E=1, bins=5, bins_by='quantile')
    bins = made.tokens.bins
    boxes = torch.tensor(list(product(range(5), repeat=4))).view(-1, 2, 2)
    middles = bins.of(bins.centres, boxes)
    seen = repeated(context(2), len(boxes))
    density = made.log_prob(seen, middles)
    volume = bins.of(bins.widths, boxes).flatten(1).prod(1)
    torch.testing.assert_close((density.exp() * volume).sum(), torch.tensor(1.0))
    aside = middles + 0.4 * bins.of(bins.widths, boxes)
    torch.testing.assert_close(made.log_prob(seen, aside), density)
    assert made.likelihood == 'exact'
    assert (made.log_prob(seen, middles + 99.0) == -torch.inf).all()


@torch.no_grad()
def test_the_density_of_codes_is_bounded_by_one_of_its_spellings():
    """All spellings of a chunk together are as likely or likelier, and none is left out of 1."""
    made = head(2, T=4, E=1, tokens='dct', fineness=2.0)
    codes, seen = made.tokens.codes, context(2)
    chunk = smooth(1, 4, 2, seed=3)
    bound = made.log_prob(repeated(seen, 1), chunk) + codes.log_volumes.sum()
    every = list(spellings(codes, codes.plain(chunk)))
    assert len(every) > 1
    likely = torch.stack([probability(made.tokens, repeated(seen, 1), one) for one in every])
    assert bound.exp() < likely.sum() < 1
    torch.testing.assert_close(likely[likely.sub(bound.exp()).abs().argmin()], bound.exp()[0])
    assert made.likelihood == 'bound'


def spellings(codes, plain):
    """Yield every sentence of codes that spells plain (n,), part by part, without its gaps."""
    found = codes.found()
    words = {code: pairs.spelled(code, found, PLAIN) for code in range(PLAIN + len(found))}

    def rest(numbers):
        if not numbers:
            yield []
        for code, word in words.items():
            if numbers[: len(word)] == word:
                yield from ([code, *more] for more in rest(numbers[len(word) :]))

    left, right, _ = ' '.join(map(str, plain)).split(str(pairs.GAP))
    parts = ([int(n) for n in part.split()] for part in (left, right))
    yield from ([*one, *two] for one, two in product(*map(list, map(rest, parts))))


def probability(tokens, seen, sentence):
    """Return the probability of a sentence."""
    codes = torch.tensor([sentence])
    lengths = tokens.codes.lengths[codes]
    logits = tokens.logits(
        tokens.planned(seen), codes, lengths.cumsum(1) - lengths, torch.ones_like(codes) > 0
    )
    return logits.log_softmax(-1).gather(1, codes.T).sum().exp()


@torch.no_grad()
def drawn_without_memory(tokens, seen, generator, shape):
    """Return what Binned.draw() should, by looking at everything anew for each number."""
    chances, values = uniform(generator, torch.empty(shape)), torch.zeros(shape)
    ticks = torch.arange(shape[1]).expand(shape[0], -1)
    for t, d in product(range(shape[1]), range(shape[2])):
        logits = tokens.logits(tokens.planned(seen), values, ticks)[d, :, t]
        values[:, t, d] = tokens.bins.centres[d][pick(logits, chances[:, t, d], 0.0)]
    return values


@torch.no_grad()
def spelled_without_memory(tokens, seen, generator, shape):
    """Return what Compressed.draw() should."""
    total = tokens.codes.total
    chances, rows = uniform(generator, torch.empty(shape[0], total)), []
    for row in range(shape[0]):
        one = Context(*(part[row : row + 1] for part in (seen.tokens, seen.padding, seen.pooled)))
        said: list[int] = []
        while (place := int(tokens.codes.lengths[said].sum())) < total:
            codes = torch.tensor([[*said, 0]])
            lengths = tokens.codes.lengths[codes]
            places = lengths.cumsum(1) - lengths
            assert places[0, -1] == place
            logits = tokens.logits(tokens.planned(one), codes, places, torch.ones_like(codes) > 0)[
                -1:
            ]
            said.append(int(pick(logits, chances[row : row + 1, len(said)], 0.0)))
        rows.append(tokens.codes.read(torch.tensor([said])))
    return torch.cat(rows)


@pytest.mark.parametrize(
    ('tokens', 'anew'), [('bins', drawn_without_memory), ('dct', spelled_without_memory)]
)
def test_with_a_memory_the_same_is_drawn_in_a_part_of_the_time(tokens, anew):
    made = head(5, T=8, tokens=tokens, bins=32, width=64)
    seen = context(3)
    shape, began = (3, 8, 5), process_time()
    slow = anew(made.tokens, seen, seeded(0), shape)
    slow_s, began = process_time() - began, process_time()
    quick = made.sample(seen, seeded(0))
    assert process_time() - began < 0.7 * slow_s
    torch.testing.assert_close(quick, slow)


@pytest.mark.parametrize('tokens', TOKENS)
def test_of_what_is_masked_nothing_is_told(tokens):
    """Whatever stands there, loss and gradients are the same; of the rest they are not."""
    made = head(4, tokens=tokens)
    seen, actions = context(2), smooth(2, 6, 4, seed=5)
    mask = torch.ones_like(actions)
    mask[0, 2:, :2] = 0.0  # the left arm, from the third tick on
    mask[1, :, 2:] = 0.0
    found = []
    for place, filler in ((mask, 0.0), (mask, 1.0), (1 - mask, 1.0)):
        made.zero_grad()
        loss = made.loss(seen, actions + filler * (1 - place), mask, seeded(2))['total']
        loss.backward()
        found.append([loss.detach(), *(p.grad.clone() for p in made.parameters())])
    for one, other in zip(found[0], found[1], strict=True):
        assert torch.equal(one, other)
    assert not torch.isclose(found[0][0], found[2][0])


def test_what_is_unlikely_is_not_drawn_with_low_noise():
    """The others keep their shares among each other."""
    logits = torch.tensor([0.6, 0.3, 0.05, 0.05]).log().expand(1000, -1)
    chances = (torch.arange(1000) + 0.5) / 1000
    assert torch.bincount(pick(logits, chances, 0.0)).tolist() == [600, 300, 50, 50]
    assert torch.bincount(pick(logits, chances, 0.1)).tolist() == [667, 333]
    loud, quiet = (head(3, low_noise=is_quiet).tokens for is_quiet in (False, True))
    assert quiet.least > loud.least == 0.0


def test_a_few_ticks_cost_what_all_do_on_average():
    made = head(3, T=6, ticks_learned=2)
    seen, actions = context(64), smooth(64, 6, 3, seed=5)
    mask = (torch.rand(actions.shape, generator=seeded(1)) < 0.7).float()
    with torch.no_grad():
        whole = made.tokens.nats(seen, actions, mask).sum()
        some = [made.tokens.costs(seen, actions, mask, seeded(i))[0].sum() for i in range(30)]
    assert float(sum(some)) / 30 == pytest.approx(float(whole), rel=0.05)
    assert torch.stack(some).std() > 1e-3 * whole


def test_with_low_noise_a_number_is_the_middle_of_the_mode_that_was_drawn():
    """Two modes, of which each has a middle between bins, and an unlikely bin between them."""
    logits = torch.tensor([[0.3, 0.3, 0.01, 0.1, 0.29]]).log().expand(2, -1)
    places = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0])
    found = around(logits, torch.tensor([1, 4]), places, least=0.1)
    torch.testing.assert_close(found, torch.tensor([0.5, (0.3 + 4 * 0.29) / 0.39]))


@torch.no_grad()
@pytest.mark.parametrize('tokens', TOKENS)
def test_every_chunk_is_planned_and_one_in_so_many_is_told(tokens):
    made = head(3, tokens=tokens, told_every=2)
    seen, actions = context(6), smooth(6, 6, 3, seed=5)
    mask = torch.ones_like(actions)
    told, planned = made.tokens.costs(seen, actions, mask, seeded(0))
    assert planned.shape == (6,)
    torch.testing.assert_close(told, made.tokens.nats(seen, actions, mask)[::2])
    loss = made.loss(seen, actions, mask, seeded(0))
    torch.testing.assert_close(loss['tokens'], told.mean() / actions[0].numel())


@pytest.mark.parametrize('tokens', TOKENS)
def test_it_goes_one_way_or_the_other_and_its_dimensions_go_together(tokens):
    """Chunks of two dimensions that are both +1 or both -1: neither a mean nor a mixture."""
    config = tiny(head='autoregressive', tokens=tokens, width=64, context=4, bins=32)
    torch.manual_seed(0)
    made = make(HEADS, 'autoregressive', config, 2)
    none = torch.zeros(128, 1, 4)
    seen = Context(none, none[..., 0] > 0, none[:, 0])
    optimiser = torch.optim.AdamW(made.parameters(), lr=1e-2)
    generator = seeded(0)
    for step in range(200):
        sign = torch.randint(0, 2, (128, 1, 1), generator=generator) * 2.0 - 1.0
        chunk = sign + 0.02 * torch.randn(128, config.T, 2, generator=generator)
        if step == 0:
            made.fit(chunk)
        optimiser.zero_grad()
        made.loss(seen, chunk, torch.ones_like(chunk), generator)['total'].backward()
        optimiser.step()
    ways = made.sample(seen, seeded(1))
    way = ways[:, :1, :1].sign()
    assert ((ways - way).abs() < 0.4).flatten(1).all(1).float().mean() > 0.9
    assert 0.3 < (way > 0).float().mean() < 0.7
    with torch.no_grad():
        assert made.log_prob(seen, chunk).mean() > made.log_prob(seen, 0 * chunk).mean() + 20


@pytest.mark.parametrize('tokens', TOKENS)
def test_a_checkpoint_holds_bins_and_codes(tmp_path, tokens):
    """They are found in training, and the pilot that is loaded draws with them."""
    config = tiny(head='autoregressive', tokens=tokens, steps=20)
    train(config, episodes(SPEC), SPEC, tmp_path)
    pilot, same = (load_pilot(tmp_path, SPEC) for _ in range(2))
    found = dict(pilot.policy.head.tokens.named_buffers())
    fresh = dict(make(HEADS, 'autoregressive', config, SPEC.size).tokens.named_buffers())
    name = 'bins.edges' if tokens == 'bins' else 'codes.pairs'
    assert not torch.equal(found[name], fresh[name])
    one = episode(SPEC)
    seen = Observation(0, {'position': one.position[0], 'velocity': one.velocity[0]})
    chunk = pilot.act(seen)
    assert chunk.targets.shape == (config.T, SPEC.size)
    assert (chunk.targets == same.act(seen).targets).all()

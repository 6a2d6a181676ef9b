"""Heads with a density that is known exactly: against torch, by integration, by counting draws."""

import pytest
import torch
from learning import tiny
from torch.distributions import Categorical, Independent, Laplace, MixtureSameFamily, Normal

from il_ros.policy.context import Context
from il_ros.policy.heads.grid import Grid, two_values
from il_ros.policy.registry import HEADS
from il_ros.registry import make

EXACT = ('categorical', 'gaussian', 'l1', 'l2', 'mog')
DRAWN = ('categorical', 'gaussian', 'mog')  # the others always answer with their middle
REACH, STEP = 14.0, 0.05  # of the grid that densities are integrated on


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def context(batch, seed=0, width=16):
    drawn = torch.randn(batch, 1, width, generator=seeded(seed))
    return Context(drawn, torch.zeros(batch, 1, dtype=torch.bool), drawn[:, 0])


def made(name, actions=3, seed=0, loud=1.5, **differences):
    """Return an untrained head that says different things of different contexts."""
    torch.manual_seed(seed)
    config = tiny(head=name, deviation=0.5, components=3, bins=12, **differences)
    head = make(HEADS, name, config, actions)
    with torch.no_grad():
        [m for m in head.modules() if isinstance(m, torch.nn.Linear)][-1].weight.mul_(loud)
    return head


def repeated(seen, times):
    return Context(*(t.repeat_interleave(times, 0) for t in vars(seen).values()))


def density_on_grid(head):
    """Return numbers (M,) and the density (M, M) that one context's chunk of two numbers has."""
    axis = torch.arange(-REACH, REACH, STEP) + STEP / 2
    pairs = torch.cartesian_prod(axis, axis)  # (M M, 2)
    with torch.no_grad():
        parts = [
            head.log_prob(repeated(context(1), len(part)), part[:, None])
            for part in pairs.split(100_000)
        ]
    return axis, torch.cat(parts).exp().unflatten(0, (len(axis), len(axis)))


@pytest.mark.parametrize('name', EXACT)
def test_a_density_integrates_to_one(name):
    _, density = density_on_grid(made(name, actions=2, T=1, E=1))
    assert float(density.sum() * STEP**2) == pytest.approx(1.0, abs=5e-3)


@pytest.mark.parametrize('name', DRAWN)
def test_draws_are_as_frequent_as_the_density_says(name):
    """In every cell of a grid over both numbers; so correlations and tails agree, too."""
    head, count = made(name, actions=2, T=1, E=1), 40_000
    axis, density = density_on_grid(head)
    borders = torch.tensor([-1.7, -0.6, 0.0, 0.5, 1.4])
    cell = torch.bucketize(axis, borders)
    expected = torch.zeros(6, 6).index_put_(
        (cell[:, None].expand_as(density), cell.expand_as(density)), density * STEP**2, True
    )
    drawn = head.sample(repeated(context(1), count), seeded(1)).detach()[:, 0]  # (count, 2)
    first, second = torch.bucketize(drawn, borders).T
    found = torch.zeros(6, 6).index_put_((first, second), torch.tensor(1.0 / count), True)
    noise = (expected * (1 - expected) / count).sqrt()
    assert ((found - expected).abs() < 4.5 * noise + 3e-3).all()
    assert expected.max() < 0.4  # else the test says little


def test_gaussian_and_mixture_are_those_of_torch():
    seen, actions = context(4), torch.randn(4, 6, 3, generator=seeded(1))
    gaussian = made('gaussian')
    mean, deviation = gaussian.moments(seen)
    expected = Independent(Normal(mean, deviation), 2).log_prob(actions)
    torch.testing.assert_close(gaussian.log_prob(seen, actions), expected)
    mog = made('mog')
    weights, means, deviations = mog.components(seen)
    parts = Independent(Normal(means, deviations), 2)
    expected = MixtureSameFamily(Categorical(logits=weights), parts).log_prob(actions)
    torch.testing.assert_close(mog.log_prob(seen, actions), expected)


@pytest.mark.parametrize(
    ('name', 'density', 'scale', 'factor'),
    [('l2', Normal, 0.5, 2 * 0.5**2), ('l1', Laplace, 0.5 / 2**0.5, 0.5 / 2**0.5)],
)
def test_regression_is_maximum_likelihood_of_a_fixed_deviation(name, density, scale, factor):
    """The loss is the negative log-density up to a factor and a constant; so is its gradient."""
    head, seen = made(name), context(3)
    actions = torch.randn(3, 6, 3, generator=seeded(1))
    exact = density(head.middle(seen), scale)
    assert float(exact.stddev.mean()) == pytest.approx(0.5)
    torch.testing.assert_close(
        head.log_prob(seen, actions), exact.log_prob(actions).flatten(1).sum(1)
    )
    loss = head.loss(seen, actions, torch.ones_like(actions), seeded(0))['total']
    likelihood = head.log_prob(seen, actions).sum() / actions.numel()
    at_best = exact.log_prob(exact.loc).mean()
    torch.testing.assert_close(loss, factor * (at_best - likelihood))
    weights = list(head.parameters())
    for by_loss, by_density in zip(
        torch.autograd.grad(loss, weights, retain_graph=True),
        torch.autograd.grad(-likelihood, weights),
        strict=True,
    ):
        torch.testing.assert_close(by_loss, factor * by_density)


@pytest.mark.parametrize('name', ['gaussian', 'mog'])
def test_the_loss_is_the_negative_log_density_of_a_number(name):
    head, seen = made(name), context(3)
    actions = torch.randn(3, 6, 3, generator=seeded(1))
    loss = head.loss(seen, actions, torch.ones_like(actions), seeded(0))['total']
    torch.testing.assert_close(loss, -head.log_prob(seen, actions).sum() / actions.numel())


@pytest.mark.parametrize('name', EXACT)
def test_a_masked_number_has_no_influence_and_all_others_have(name):
    """On loss and gradients: not its value, whatever it is."""
    head, seen = made(name), context(4)
    mask = torch.ones(4, 6, 3)
    mask[:, 2:, 1] = 0.0

    def learned(actions):
        loss = head.loss(seen, actions, mask, seeded(0))['total']
        return [loss, *torch.autograd.grad(loss, list(head.parameters()))]

    actions = torch.randn(4, 6, 3, generator=seeded(1))
    before = learned(actions)
    for one, other in zip(before, learned(actions + 9.0 * (mask == 0)), strict=True):
        assert torch.equal(one, other)
    for at in mask.nonzero()[::7]:
        changed = actions.clone()
        changed[tuple(at)] += 3.0
        assert not torch.equal(before[0], learned(changed)[0])


@pytest.mark.parametrize('name', [name for name in EXACT if name != 'categorical'])
def test_what_is_labelled_is_judged_by_its_own_density(name):
    """With one of two numbers masked the loss is that of the density integrated over it."""
    head = made(name, actions=2, T=1, E=1)
    axis, density = density_on_grid(head)
    at = torch.searchsorted(axis, torch.tensor([-1.0, 0.2, 1.0]))
    marginal = (density.sum(1) * STEP)[at].log()
    actions = torch.stack([axis[at], torch.zeros(3)], -1)[:, None]  # (3, 1, 2)
    mask = torch.tensor([1.0, 0.0]).expand_as(actions)
    losses = torch.stack(
        [
            head.loss(context(1), actions[i : i + 1], mask[:1], seeded(0))['total'] * 2
            for i in range(3)
        ]
    )
    if name in DRAWN:
        torch.testing.assert_close(losses, -marginal, atol=0.01, rtol=0.01)
    else:  # up to a factor and a constant
        steps = marginal.diff() / losses.diff()
        torch.testing.assert_close(steps[0], steps[1], atol=0.0, rtol=0.01)


@pytest.mark.parametrize('name', EXACT)
def test_the_weight_of_a_window_counts_the_window(name):
    """As if it were there as often."""
    head, seen = made(name), context(2)
    actions = torch.randn(2, 6, 3, generator=seeded(1))
    mask = (torch.rand(2, 6, 3, generator=seeded(2)) < 0.6).float()

    def loss(weights):
        weighted = mask * torch.tensor(weights)[:, None, None]
        return head.loss(seen, actions, weighted, seeded(0))['total']

    torch.testing.assert_close(loss([3.0, 1.0]), 3 * loss([1.0, 0.0]) + loss([0.0, 1.0]))


def test_low_noise_keeps_to_the_middle_of_what_is_drawn():
    """The mean, the mean of a component that is drawn, the likeliest bin."""
    seen = context(500)
    gaussian = made('gaussian', low_noise=True)
    torch.testing.assert_close(gaussian.sample(seen, seeded(0)), gaussian.moments(seen)[0])
    mog = made('mog', low_noise=True)
    weights, means, _ = mog.components(seen)
    off = (mog.sample(seen, seeded(0))[:, None] - means).abs().amax((2, 3))  # (500, K)
    assert (off.amin(1) == 0).all()
    shares = torch.bincount(off.argmin(1), minlength=3) / 500
    torch.testing.assert_close(shares, weights.exp().mean(0), atol=0.07, rtol=0.0)
    categorical = made('categorical', low_noise=True)
    likeliest = categorical.grid.number(categorical.logits(seen).argmax(-1))
    off = (categorical.sample(seen, seeded(0)) - likeliest).abs()
    assert (off <= categorical.grid.step).all() and off.max() > 0.01


def test_what_is_known_tells_a_mixture_which_way_the_chunk_goes():
    """Whichever way it begins, every sample goes on; without it both ways are drawn."""
    head, seen = made('mog', loud=20.0, low_noise=True), context(1)
    _, means, _ = head.components(seen)
    weight = torch.zeros(300, 6, 3)
    weight[:, :2] = 1.0
    for component in range(3):
        known = means[:, component].expand(300, -1, -1)
        drawn = head.sample(repeated(seen, 300), seeded(0), known, weight)
        torch.testing.assert_close(drawn, known)
    free = head.sample(repeated(seen, 300), seeded(0))
    assert len(free.detach().unique(dim=0)) > 1


def test_a_mixture_learns_two_ways_and_how_often_each_is_taken():
    """Whole chunks at +1 in one of four cases and at -1 in the others; gaussian takes the mean."""
    drawn = {}
    for name in ('mog', 'gaussian'):
        torch.manual_seed(0)
        head = made(name, actions=2, loud=1.0)
        optimiser, generator = torch.optim.Adam(head.parameters(), lr=5e-3), seeded(0)
        nothing = Context(*(torch.zeros_like(t) for t in vars(context(128)).values()))
        for _ in range(300):
            ways = 2.0 * (torch.rand(128, 1, 1, generator=generator) < 0.25) - 1.0
            actions = ways + 0.05 * torch.randn(128, 6, 2, generator=generator)
            optimiser.zero_grad()
            head.loss(nothing, actions, torch.ones_like(actions), generator)['total'].backward()
            optimiser.step()
        drawn[name] = head.sample(repeated(nothing, 20), seeded(1)).detach().flatten(1)
    is_up, is_down = ((drawn['mog'] - way).abs().amax(1) < 0.4 for way in (1.0, -1.0))
    assert (is_up | is_down).float().mean() > 0.98
    assert float(is_up.float().mean()) == pytest.approx(0.25, abs=0.05)
    assert drawn['gaussian'].mean() == pytest.approx(-0.5, abs=0.1)
    assert drawn['gaussian'].std() == pytest.approx(0.75**0.5, abs=0.1)


def gripper(episodes=50, ticks=60):
    """Return (episodes, ticks) openings: 1, then closing within 6 ticks on 0.3, then opening."""
    time = torch.arange(ticks)[None] - torch.randint(8, 14, (episodes, 1), generator=seeded(0))
    closing, opening = (time / 6).clamp(0, 1), ((time - 30) / 6).clamp(0, 1)
    return 1.0 - 0.7 * (closing - opening)


def test_a_gripper_is_open_or_closed_and_a_joint_is_neither():
    joint = torch.sin(torch.arange(60) / 10.0).expand(50, 60)
    grid = Grid(16, 2)
    grid.fit(torch.stack([gripper(), joint], -1))
    assert grid.count.tolist() == [2, 16]
    assert grid.exist.sum(1).tolist() == [2, 16]
    closed, opened = grid.number(torch.tensor([[0.0, 0.0], [1.0, 0.0]]))[:, 0]
    assert float(closed) == pytest.approx(0.3, abs=1e-3) and float(opened) == 1.0
    assert two_values(torch.full((10,), 0.4)) is None
    assert two_values(torch.randn(1000, generator=seeded(0))) is None


def test_a_dimension_of_two_values_has_no_others():
    """Neither likely nor drawn, whatever the network says."""
    head = made('categorical', actions=2)
    chunks = torch.stack([gripper(), gripper() + torch.rand(50, 60, generator=seeded(1))], -1)
    head.fit(chunks)
    assert (head.logits(context(5))[:, :, 0, 2:] == -torch.inf).all()
    assert head.logits(context(5))[:, :, 1].isfinite().all()
    head.low_noise = True
    said = head.sample(context(200), seeded(0))[..., 0]
    assert said.min() >= 0.3 - 1e-3 and said.max() <= 1.0
    loss = head.loss(context(5), chunks[:5, :6], torch.ones(5, 6, 2), seeded(0))['total']
    loss.backward()
    assert all(p.grad.isfinite().all() for p in head.parameters())


def test_every_number_is_found_between_two_values_also_beyond_the_data():
    """What was never seen has a density, which falls with the distance."""
    grid = Grid(9, 1)
    grid.fit(torch.linspace(-1.0, 3.0, 100)[:, None, None])
    numbers = torch.tensor([[-5.0], [-1.0], [-0.9], [0.25], [2.9], [3.0], [40.0]])
    below, share, beyond = grid.place(numbers)
    assert below[:, 0].tolist() == [0, 0, 0, 2, 7, 7, 7]
    assert ((share >= 0) & (share <= 1)).all()
    assert beyond[:, 0].tolist() == pytest.approx([8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 74.0])
    inside = grid.number(below + share)
    torch.testing.assert_close(inside, numbers.clamp(-1.0, 3.0))
    density = grid.density(beyond)[:, 0]
    assert density.isfinite().all() and density[-1] < density[0] < density[1] == density[2]


def test_cross_entropy_bounds_the_density_and_learns_a_number_finer_than_the_grid():
    """From data that are always 0.37, between two of 12 values half a deviation apart."""
    head, seen = made('categorical', low_noise=True), context(4)
    random = torch.randn(4, 6, 3, generator=seeded(1))
    loss = head.loss(seen, random, torch.ones_like(random), seeded(0))['total']
    assert loss > -head.log_prob(seen, random).mean() / 18
    same = torch.full((4, 6, 3), 0.37)
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(150):
        optimiser.zero_grad()
        head.loss(seen, same, torch.ones_like(same), seeded(0))['total'].backward()
        optimiser.step()
    torch.testing.assert_close(head.sample(seen, seeded(0)), same, atol=0.02, rtol=0.0)


def test_a_dimension_that_never_moved_can_be_learned():
    grid = Grid(8, 1)
    grid.fit(torch.full((10, 6, 1), 0.25))
    below, share, beyond = grid.place(torch.full((1, 1), 0.25))
    assert grid.density(beyond).isfinite().all()
    assert float(grid.number(below + share)) == pytest.approx(0.25, abs=1e-3)

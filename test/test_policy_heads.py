"""The contract of a head, over all of them, and what each head promises besides."""

import pytest
import torch
from learning import tiny

from il_ros.policy.context import Context
from il_ros.policy.heads.base import NoInpainting
from il_ros.policy.registry import DENOISERS, HEADS
from il_ros.registry import make

A = 3
EXACT = ('categorical', 'gaussian', 'l1', 'l2', 'mog')  # see test_policy_heads_exact.py
TOLD = ('autoregressive', 'cvae')  # nothing of what is masked: see their own tests


def context(batch, width=16, tokens=2, seed=0):
    """Return a random Context."""
    drawn = torch.randn(batch, tokens, width, generator=seeded(seed))
    padding = torch.zeros(batch, tokens, dtype=torch.bool)
    return Context(drawn, padding, drawn.mean(1))


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


def fit(head, loss, steps, lr=3e-3):
    """Minimise loss(generator) over the head's weights."""
    optimiser = torch.optim.AdamW(head.parameters(), lr=lr, weight_decay=0.0)
    generator = seeded(0)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(generator).backward()
        optimiser.step()


@pytest.mark.parametrize('name', HEADS)
def test_head_keeps_the_contract(name):
    """Any head: finite gradients, chunk of the promised shape, same seed same sample."""
    config = tiny(head=name)
    head = make(HEADS, name, config, A)
    seen, actions = context(2), torch.randn(2, config.T, A, generator=seeded(1))
    head.loss(seen, actions, torch.ones_like(actions), seeded(2))['total'].backward()
    gradients = [p.grad for p in head.parameters()]
    assert all(g is not None and g.isfinite().all() for g in gradients)
    one, two = (head.sample(seen, seeded(0)) for _ in range(2))
    assert one.shape == (2, config.T, A)
    assert torch.equal(one, two)
    assert head.likelihood in ('exact', 'bound', 'estimate', 'none')
    if head.likelihood != 'none':
        assert head.log_prob(seen, actions).shape == (2,)


@pytest.mark.parametrize('name', HEADS)
def test_nothing_is_learned_of_a_chunk_without_labels(name):
    """Whatever stands there: loss and gradients are the same."""
    head = make(HEADS, name, tiny(head=name), A)
    found = []
    for filler in (0.0, 2.0):
        actions = torch.randn(2, tiny().T, A, generator=seeded(1))
        actions[0] = filler
        mask = torch.ones_like(actions)
        mask[0] = 0.0
        head.zero_grad()
        loss = head.loss(context(2), actions, mask, seeded(2))['total']
        loss.backward()
        found.append([loss.detach(), *(p.grad.clone() for p in head.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize('name', [name for name in HEADS if name not in EXACT + TOLD])
def test_a_masked_number_is_not_learned(name):
    """What is masked changes neither loss nor gradient of what a head says there."""
    config = tiny(head=name)
    torch.manual_seed(0)
    head = make(HEADS, name, config, A)
    seen, actions = context(4), torch.zeros(4, config.T, A)
    mask = torch.ones_like(actions)
    mask[:, 2:, 1] = 0.0
    last = [m for m in head.modules() if isinstance(m, torch.nn.Linear)][-1]
    head.loss(seen, actions, mask, seeded(0))['total'].backward()
    share = last.bias.grad.unflatten(0, (config.T, A))
    assert (share[2:, 1] == 0).all()
    assert (share[:, [0, 2]] != 0).all() and (share[:2, 1] != 0).all()


@pytest.mark.parametrize('name', HEADS)
def test_a_batch_is_the_mean_of_its_halves(name):
    """The loss of a batch is the mean of its parts', whatever their masks: ranks can average."""
    from il_ros.policy.draws import ShardGenerator

    config = tiny(head=name)
    head = make(HEADS, name, config, A)
    actions = torch.randn(4, config.T, A, generator=seeded(1))
    mask = (torch.rand(actions.shape, generator=seeded(2)) < 0.5).float()
    seen = context(4)
    whole = head.loss(seen, actions, mask, seeded(3))['total']
    parts = []
    for rank in range(2):
        generator = ShardGenerator.of(rank, 2)
        generator.manual_seed(3)
        mine = slice(2 * rank, 2 * rank + 2)
        part = Context(seen.tokens[mine], seen.padding[mine], seen.pooled[mine])
        parts.append(head.loss(part, actions[mine], mask[mine], generator)['total'])
    torch.testing.assert_close(whole, sum(parts) / 2)


@pytest.mark.parametrize('name', HEADS)
def test_a_head_keeps_to_a_known_beginning_or_says_that_it_cannot(name):
    """Where the weight is 1 the sample is what was known; elsewhere it is still the head's own."""
    config = tiny(head=name)
    head = make(HEADS, name, config, A)
    known = torch.full((1, config.T, A), 0.7)
    weight = torch.zeros_like(known)
    weight[:, :2] = 1.0
    if not head.inpaints:
        with pytest.raises(NoInpainting, match='blend'):
            head.sample(context(1), seeded(0), known, weight)
        return
    pulled = head.sample(context(1), seeded(0), known, weight)
    free = head.sample(context(1), seeded(0))
    torch.testing.assert_close(pulled[:, :2], known[:, :2])
    assert (pulled[:, 2:] - 0.7).abs().min() > 1e-4
    assert (free[:, :2] - 0.7).abs().min() > 1e-4


def two_ways(generator, batch, steps):
    """Return chunks (B, T, 1) that are all +1 or all -1."""
    sign = torch.randint(0, 2, (batch, 1, 1), generator=generator) * 2.0 - 1.0
    return sign.expand(batch, steps, 1)


@pytest.mark.parametrize('predict', ['x0', 'epsilon', 'v'])
def test_diffusion_chooses_between_two_ways_where_l2_takes_the_mean(predict):
    """Whole chunks go one way or the other, each about as often as in the data."""
    config = tiny(predict=predict, width=64, context=4, sample_steps=8)
    torch.manual_seed(0)
    heads = {name: make(HEADS, name, config, 1) for name in ('l2', 'diffusion')}
    seen = context(128, width=4, seed=5)
    seen = Context(seen.tokens * 0, seen.padding, seen.pooled * 0)

    def loss(head):
        return lambda generator: head.loss(
            seen, chunk := two_ways(generator, 128, config.T), torch.ones_like(chunk), generator
        )['total']

    for head in heads.values():
        fit(head, loss(head), steps=300)
    with torch.no_grad():
        mean = heads['l2'].sample(seen, seeded(1))
        ways = heads['diffusion'].sample(seen, seeded(1))
    assert mean.abs().max() < 0.4
    assert ((ways.abs() - 1).abs() < 0.35).all(1).float().mean() > 0.9
    assert 0.3 < (ways.mean(1) > 0).float().mean() < 0.7


@pytest.mark.parametrize('denoiser', DENOISERS)
@pytest.mark.parametrize('steps', [5, 6])
def test_denoisers_keep_the_shape_of_a_chunk(denoiser, steps):
    """Also of one whose length is odd and not above the number of levels of a U-Net."""
    config = tiny(denoiser=denoiser, T=steps, depth=3)
    head = make(HEADS, 'diffusion', config, A)
    assert head.sample(context(2), seeded(0)).shape == (2, steps, A)


class BestForNormal(torch.nn.Module):
    """The best denoiser of data that are standard normal: noise is shrunk, nothing else known."""

    def __init__(self, kept, levels):
        super().__init__()
        self.kept, self.levels = kept, levels

    def forward(self, noisy, level, context):
        """Return the expected clean chunk."""
        return noisy * self.kept[(level * self.levels).round().long()].sqrt()[:, None, None]


def test_diffusion_bounds_the_likelihood_from_below():
    """With the best denoiser of a known density the bound is under it, nearer with more levels."""
    actions = torch.randn(30, 40, 5, generator=seeded(0))
    exact = torch.distributions.Normal(0.0, 1.0).log_prob(actions).flatten(1).sum(1)
    gaps = []
    for levels in (50, 400):
        config = tiny(head='diffusion', diffusion_steps=levels, T=40)
        head = make(HEADS, 'diffusion', config, 5)
        head.denoiser = BestForNormal(head.schedule.kept, levels)
        bound = head.log_prob(context(30), actions)
        torch.testing.assert_close(bound, head.log_prob(context(30), actions))
        assert (head.log_prob(context(30), 2 * actions) < bound).all()
        gaps.append(float((exact - bound).mean()) / (40 * 5))  # [nats] a number
    assert 0 < gaps[1] < gaps[0] < 1

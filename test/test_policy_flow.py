"""Flow and shortcut: times, steps and ways; what tells one step of either apart."""

import math

import pytest
import torch
from learning import tiny

from il_ros.policy.context import Context
from il_ros.policy.heads.shortcut import RUNGS, SHARE, length
from il_ros.policy.registry import HEADS
from il_ros.registry import make

A = 3


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


def blank(batch, width=16):
    """Return a Context that says nothing."""
    padding = torch.zeros(batch, 1, dtype=torch.bool)
    return Context(torch.zeros(batch, 1, width), padding, torch.zeros(batch, width))


def head_of(name, actions=A, **differences):
    """Return a small head, always the same."""
    torch.manual_seed(0)
    return make(HEADS, name, tiny(head=name, **differences), actions)


def two_ways(generator, batch, steps):
    """Return chunks (B, T, 1) that are all +1 or all -1."""
    sign = torch.randint(0, 2, (batch, 1, 1), generator=generator) * 2.0 - 1.0
    return sign.expand(batch, steps, 1)


def taught(name, steps=300, stray=0.0, **differences):
    """Return a head that has learned to go one way or the other."""
    head = head_of(name, actions=1, width=64, **differences)
    optimiser = torch.optim.AdamW(head.parameters(), lr=3e-3, weight_decay=0.0)
    generator, seen = seeded(0), blank(128)
    for _ in range(steps):
        way = two_ways(generator, 128, head.shape[0])
        chunk = way + stray * torch.randn(way.shape, generator=generator)
        loss = head.loss(seen, chunk, torch.ones_like(chunk), generator)['total']
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return head.eval().requires_grad_(False)


def one_way(chunks):
    """Return for each chunk (B, T, 1) whether all of it is near +1, or all near -1."""
    return ((chunks.mean(1).sign()[:, None] * chunks - 1).abs() < 0.4).flatten(1).all(1)


@pytest.mark.parametrize('predict', ['x0', 'v'])
@pytest.mark.parametrize('solver', ['euler', 'midpoint'])
def test_a_flow_goes_one_way_or_the_other(predict, solver):
    """Each about as often as in the data, whatever is predicted and however it is followed."""
    head = taught('flow', predict=predict, solver=solver, sample_steps=8, times='beta')
    ways = head.sample(blank(256), seeded(1))
    assert one_way(ways).float().mean() > 0.9
    assert 0.3 < (ways.mean(1) > 0).float().mean() < 0.7


def test_one_call_is_enough_for_a_shortcut_and_not_for_a_flow():
    """One step of a flow leads to the mean of the ways; a step that was learned takes one."""
    flow = taught('flow', sample_steps=1).sample(blank(256), seeded(1))
    assert one_way(flow).float().mean() < 0.2
    head = taught('shortcut', steps=500, sample_steps=1)
    calls = []
    head.denoiser.register_forward_hook(lambda *_: calls.append(1))
    ways = head.sample(blank(256), seeded(1))
    assert len(calls) == 1
    assert one_way(ways).float().mean() > 0.8
    assert 0.3 < (ways.mean(1) > 0).float().mean() < 0.7
    head.steps = 10
    ten = head.sample(blank(256), seeded(1))
    assert (ten.mean(1).sign() == ways.mean(1).sign()).float().mean() > 0.9  # the same flow


@pytest.mark.parametrize('name', ['flow', 'shortcut'])
def test_a_known_beginning_decides_the_way(name):
    """The rest of the chunk goes where its first ticks are to go."""
    head = taught(name, sample_steps=1 if name == 'shortcut' else 8)
    known = two_ways(seeded(3), 128, head.shape[0])
    weight = torch.zeros_like(known)
    weight[:, :3] = 1.0
    chunk = head.sample(blank(128), seeded(1), known, weight)
    torch.testing.assert_close(chunk[:, :3], known[:, :3])
    assert (chunk[:, 3:].sign() == known[:, 3:]).all(1).float().mean() > 0.8


def test_beta_times_are_mostly_early():
    """What is left of time is drawn from Beta(1.5, 1), by its first two moments."""
    head = head_of('flow', times='beta')
    left = 1 - head.times(seeded(0), torch.zeros(200_000, 1, 1)) / 0.999
    assert float(left.mean()) == pytest.approx(1.5 / 2.5, abs=0.003)
    assert float(left.square().mean()) == pytest.approx(1.5 / 3.5, abs=0.003)
    assert float(left.min()) >= 0 and float(left.max()) <= 1
    even = head_of('flow').times(seeded(0), torch.zeros(200_000, 1, 1))
    assert float(even.mean()) == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize('name', ['flow', 'shortcut'])
def test_a_flow_cannot_start_from_a_word_about_noise(name):
    """At time 0 the noise is what is seen; the error says what can be predicted."""
    with pytest.raises(ValueError, match=r"predict = 'epsilon'.*known: x0, v"):
        head_of(name, predict='epsilon')


def test_long_steps_are_drawn_as_often_as_said_and_fit_into_time():
    """A step begins at a multiple of its size and ends by time 1."""
    head = head_of('shortcut')
    like = torch.zeros(100_000, 1, 1)
    rung = head.rungs(seeded(0), like)
    counts = torch.bincount(rung, minlength=RUNGS + 1) / len(rung)
    torch.testing.assert_close(
        counts[1:], torch.full((RUNGS,), 1 / (SHARE * RUNGS)), atol=4e-3, rtol=0
    )
    start, size = head.starts(seeded(1), like, rung), length(rung)
    is_long = rung > 0
    assert (start[is_long] % size[is_long] == 0).all()
    assert (start + size)[is_long].max() == 1.0 and start.min() >= 0
    assert size[rung == RUNGS].unique().tolist() == [1.0]


class Knows(torch.nn.Module):
    """A denoiser of a distribution that has a single chunk."""

    def __init__(self, chunk):
        super().__init__()
        self.chunk = chunk

    def forward(self, noisy, level, context):
        """Return the chunk, whatever is seen."""
        return self.chunk.expand_as(noisy)


def test_two_steps_along_a_straight_line_are_one():
    """Where the flow is straight, a long step has the flow's own velocity."""
    head = head_of('shortcut')
    chunk = torch.randn(1, head.shape[0], A, generator=seeded(0))
    head.denoiser = Knows(chunk)
    noise = torch.randn(RUNGS, head.shape[0], A, generator=seeded(1))
    rung = torch.arange(1, RUNGS + 1)
    found = head.two_steps(noise, torch.zeros(RUNGS), rung, blank(RUNGS))
    torch.testing.assert_close(found, chunk - noise)


def test_the_size_of_a_step_is_told():
    """By the pooled context and by a token; before learning all sizes are alike."""
    head, seen = head_of('shortcut'), blank(2)
    told = head.told(seen, torch.tensor([0, 3]))
    assert told.tokens.shape == (2, 2, 16) and told.padding.shape == (2, 2)
    assert not told.padding[:, -1].any()
    torch.nn.init.normal_(head.rung.weight)
    told = head.told(seen, torch.tensor([0, 3]))
    assert not torch.allclose(told.pooled[0], told.pooled[1])
    assert not torch.allclose(told.tokens[0, -1], told.tokens[1, -1])


@pytest.mark.parametrize(
    'name, predict, off', [('flow', 'v', 0.4), ('shortcut', 'v', 0.4), ('flow', 'x0', 1.2)]
)
def test_a_learned_density_is_near_the_exact_one(name, predict, off):
    """Of two ways that chunks stray from by 0.3; the velocity tells it better than the chunk."""
    head = taught(name, steps=600, stray=0.3, predict=predict, T=2, E=1)
    likely = two_ways(seeded(5), 64, 2) + 0.3 * torch.randn(64, 2, 1, generator=seeded(6))
    chunks = torch.cat([likely, torch.zeros(1, 2, 1)])
    each = [torch.distributions.Normal(way, 0.3).log_prob(chunks).sum((1, 2)) for way in (-1, 1)]
    exact = torch.stack(each).logsumexp(0) - math.log(2)
    found = head.log_prob(blank(65), chunks)
    assert (found - exact)[:64].abs().mean() < off
    assert found[64] < found[:64].mean() - 1

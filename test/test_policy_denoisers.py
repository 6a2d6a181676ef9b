"""Every denoiser under every way of training and sampling it: it learns, and it draws chunks."""

import pytest
import torch
from learning import tiny

from il_ros.policy.context import Context
from il_ros.policy.registry import DENOISERS, HEADS
from il_ros.registry import make

A = 3
LEARNED = [
    *(('diffusion', predict) for predict in ('x0', 'epsilon', 'v')),
    *((head, predict) for head in ('flow', 'shortcut') for predict in ('x0', 'v')),
]
DRAWN = {
    'diffusion': [{'sampler': 'ddim'}, {'sampler': 'ddpm'}],
    'flow': [{'solver': 'euler'}, {'solver': 'midpoint'}],
    'shortcut': [{'sample_steps': 1}, {'sample_steps': 4}, {'sample_steps': 10}],
}


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


def context(batch, tokens=3, width=16):
    """Return a random Context whose last token is not to be seen."""
    drawn = torch.randn(batch, tokens, width, generator=seeded(1))
    padding = torch.zeros(batch, tokens, dtype=torch.bool)
    padding[:, -1] = True
    return Context(drawn, padding, drawn[:, :-1].mean(1))


def head_of(name, denoiser, **differences):
    """Return a small head, always the same."""
    torch.manual_seed(0)
    config = tiny(head=name, denoiser=denoiser, width=128, depth=2, **differences)
    return make(HEADS, name, config, A)


@pytest.mark.parametrize('denoiser', DENOISERS)
@pytest.mark.parametrize('name, predict', LEARNED)
def test_a_denoiser_learns_and_draws(name, predict, denoiser):
    """In 40 steps chunks that the context tells come out nearer, however they are drawn."""
    head, seen = head_of(name, denoiser, predict=predict), context(32)
    chunks = (seen.pooled[:, :A] + seen.tokens[:, 0, 3 : 3 + A])[:, None].expand(32, 6, A)

    def misses():
        """Return how far off chunks are, drawn in each way by a head of the weights."""
        for way in DRAWN[name]:
            other = head_of(name, denoiser, predict=predict, **way)
            other.load_state_dict(head.state_dict())
            with torch.no_grad():
                yield float((other.sample(seen, seeded(2)) - chunks).square().mean())

    before = list(misses())
    optimiser = torch.optim.AdamW(head.parameters(), lr=5e-3, weight_decay=0.0)
    generator = seeded(0)
    for _ in range(40):
        optimiser.zero_grad()
        head.loss(seen, chunks, torch.ones_like(chunks), generator)['total'].backward()
        optimiser.step()
    assert all(after < 0.6 * first for after, first in zip(misses(), before, strict=True))


@pytest.mark.parametrize('denoiser', DENOISERS)
@pytest.mark.parametrize('name, predict', LEARNED)
def test_bf16_is_nearly_the_same(name, predict, denoiser):
    """As the trainer multiplies where the processor can."""
    head, seen = head_of(name, denoiser, predict=predict), context(32)
    chunks = torch.randn(32, 6, A, generator=seeded(3))
    exact = head.loss(seen, chunks, torch.ones_like(chunks), seeded(0))['total']
    with torch.autocast('cpu', torch.bfloat16):
        rough = head.loss(seen, chunks, torch.ones_like(chunks), seeded(0))['total']
    assert float(rough) == pytest.approx(float(exact), rel=0.02)


@pytest.mark.parametrize('denoiser', DENOISERS)
def test_padding_is_not_seen(denoiser):
    """What stands at a token that is to be ignored changes nothing."""
    head, seen = head_of('flow', denoiser), context(2)
    other = seen.tokens.clone()
    other[:, -1] += 1.0
    one = head.sample(seen, seeded(0))
    torch.testing.assert_close(
        one, head.sample(Context(other, seen.padding, seen.pooled), seeded(0))
    )


def test_the_transformer_attends_to_every_token():
    """Another token is another chunk, with the pooled context the same."""
    head, seen = head_of('flow', 'transformer'), context(2)
    one = head.sample(seen, seeded(0))
    for token in range(2):
        other = seen.tokens.clone()
        other[:, token] += 1.0
        two = head.sample(Context(other, seen.padding, seen.pooled), seeded(0))
        assert (one - two).abs().max() > 1e-3


@pytest.mark.parametrize('denoiser', DENOISERS)
def test_a_denoiser_is_told_the_level(denoiser):
    """The same chunk is another under other noise."""
    head, seen = head_of('flow', denoiser), context(2)
    noisy = torch.randn(2, 6, A, generator=seeded(0))
    low, high = (head.denoiser(noisy, torch.full((2,), level), seen) for level in (0.1, 0.9))
    assert (low - high).abs().max() > 1e-3

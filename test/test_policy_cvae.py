"""The cvae head: what its latent is for, its bound, and what it is told."""

import math

import pytest
import torch
from learning import tiny

from il_ros.policy import densities
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.heads.cvae import CvaeHead, divergence
from il_ros.policy.latents import latent_use, modes

T = 6


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


def context(batch, tokens=2, seed=0):
    """Return a random Context of which the last token of the first row is padding."""
    drawn = torch.randn(batch, tokens, 16, generator=seeded(seed))
    padding = torch.zeros(batch, tokens, dtype=torch.bool)
    padding[0, 1:] = True
    return Context(drawn, padding, drawn.mean(1))


def head(actions=3, **differences):
    """Return a head with random weights."""
    torch.manual_seed(0)
    return CvaeHead(tiny(head='cvae', latent=4, **differences), actions)


def two_ways(generator, batch, share=0.5):
    """Return chunks (B, T, 2) that are all near +1, that share of them, or all near -1."""
    sign = (torch.rand(batch, 1, 1, generator=generator) < share) * 2.0 - 1.0
    return sign + 0.02 * torch.randn(batch, T, 2, generator=generator)


def learned(share=0.5, **differences):
    """Return a head that has learned two ways of contexts that say nothing, and 64 of those."""
    made = head(2, width=64, **differences)
    none = torch.zeros(64, 1, 16)
    seen = Context(none, none[..., 0] > 0, none[:, 0])
    optimiser = torch.optim.AdamW(made.parameters(), lr=5e-3)
    generator = seeded(0)
    for _ in range(250):
        chunk = two_ways(generator, 64, share)
        optimiser.zero_grad()
        made.loss(seen, chunk, torch.ones_like(chunk), generator)['total'].backward()
        optimiser.step()
    return made.eval(), seen


def test_a_latent_that_is_drawn_finds_both_ways_and_one_that_is_zero_a_single_one():
    """It takes log 2 to say which way it is; the same weights, acting at z = 0, know one chunk."""
    made, seen = learned()
    use = latent_use(made, seen, two_ways(seeded(1), 64), seeded(2))
    assert use.kl > 0.9 * math.log(2) and 1 <= use.active <= 4
    assert (use.modes == 2).all()
    ways = made.sample(seen, seeded(3))
    assert ((ways.abs() - 1).abs() < 0.3).flatten(1).all(1).float().mean() > 0.8
    assert 0.2 < (ways.mean((1, 2)) > 0).float().mean() < 0.8
    made.is_zero = True
    assert (latent_use(made, seen, two_ways(seeded(1), 64), seeded(2)).modes == 1).all()
    assert torch.equal(made.sample(seen, seeded(3)), made.sample(seen, seeded(4)))


def test_a_latent_whose_kl_is_dear_is_not_used():
    """Then the head is an l1 head: the median, which is the more frequent way."""
    made, seen = learned(share=0.75, kl_weight=1000.0)
    use = latent_use(made, seen, two_ways(seeded(1), 64), seeded(2))
    assert use.kl < 0.01 and use.active == 0
    assert (use.modes == 1).all()
    assert (made.sample(seen, seeded(3)) - 1).abs().max() < 0.4


def test_acting_at_zero_is_an_option():
    assert head(latent_at='zero').is_zero and not head().is_zero
    with pytest.raises(ValueError, match='latent_at'):
        TrainConfig(latent_at='mean')


def test_modes_are_counted_whatever_lies_between_them():
    """A tenth of the draws and less are no mode of their own."""
    chunks = torch.cat([torch.zeros(40, 3, 2), torch.ones(20, 3, 2), torch.full((4, 3, 2), 0.5)])
    assert modes(chunks, apart=0.8) == 2
    assert modes(chunks, apart=2.0) == 1
    assert modes(chunks[:40], apart=0.5) == 1


@torch.no_grad()
def test_the_bound_is_below_the_density_and_meets_it_where_z_tells_nothing():
    """With a decoder that does not listen to z the density is a Laplace's, whatever q is."""
    made, seen = head(), context(200)
    made.queries.enter.weight[:, -4:] = 0.0
    made.way.weight[:] = 0.0
    chunk = torch.randn(200, T, 3, generator=seeded(1))
    middle = made.decode(seen, torch.zeros(200, 4))
    exact = densities.laplace(chunk, middle, made.deviation).sum((1, 2))
    bound = made.log_prob(seen, chunk)
    torch.testing.assert_close(bound, made.log_prob(seen, chunk))
    assert bound.mean() < exact.mean() - 1e-3
    made.moments.weight[:] = made.moments.bias[:] = 0.0  # q is N(0, 1), too
    torch.testing.assert_close(made.log_prob(seen, chunk), exact)


def test_the_divergence_is_that_of_two_gaussians():
    mean, log_deviation = torch.randn(2, 5, 4, generator=seeded(0))
    q = torch.distributions.Normal(mean, log_deviation.exp())
    exact = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(divergence(mean, log_deviation), exact)


def test_the_loss_is_the_bound_with_its_kl_weighed():
    """Its parts are told, for the log."""
    light, dear = head(kl_weight=1.0), head(kl_weight=3.0)
    seen, chunk = context(4), torch.randn(4, T, 3, generator=seeded(1))
    one, other = (h.loss(seen, chunk, torch.ones_like(chunk), seeded(2)) for h in (light, dear))
    assert one['kl'] == other['kl'] > 0 and one['reconstruction'] == other['reconstruction']
    torch.testing.assert_close(one['total'], one['reconstruction'] + one['kl'] / (T * 3))
    torch.testing.assert_close(other['total'] - one['total'], 2 * one['kl'] / (T * 3))


def test_of_what_is_masked_nothing_is_told():
    """Whatever stands there, loss and gradients are the same; of the rest they are not."""
    made, seen = head(), context(2)
    actions = torch.randn(2, T, 3, generator=seeded(1))
    mask = torch.ones_like(actions)
    mask[0, 2:, 1] = 0.0
    found = []
    for place in (torch.zeros_like(mask), 1 - mask, mask):
        made.zero_grad()
        loss = made.loss(seen, actions + place, mask, seeded(2))['total']
        loss.backward()
        found.append([loss.detach(), *(p.grad.clone() for p in made.parameters())])
    for one, other in zip(found[0], found[1], strict=True):
        assert torch.equal(one, other)
    assert not torch.isclose(found[0][0], found[2][0])

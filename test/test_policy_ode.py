"""Solvers by their order, and densities by the trace against densities that are known."""

import math

import pytest
import torch

from il_ros.policy.ode import NEAR, SOLVERS, log_density, solve

BLUR = NEAR / (1 - NEAR)  # what log_density adds to a deviation


def drawn(*shape, seed=0):
    """Return normal numbers."""
    return torch.randn(*shape, generator=seeded(seed))


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize('name, order', [('euler', 1), ('midpoint', 2)])
def test_a_solver_is_of_its_order(name, order):
    """Half the step is half the error, or a quarter; d x / d t = 2 t x has a known solution."""
    start = drawn(3, 2, 2).double()

    def off(steps):
        found = solve(SOLVERS[name], lambda x, t: 2 * t[:, None, None] * x, start, steps)
        return float((found - start * math.e).abs().max())

    assert off(40) / off(80) == pytest.approx(2**order, rel=0.1)


def flow_of_modes(means, deviation):
    """Return the velocity field of equal Gaussian modes: means (K, T, A), one deviation."""

    def field(x, time):
        t = time[:, None, None, None]
        spread = t**2 * deviation**2 + (1 - t) ** 2  # variance of noisy chunks around t * mean
        off = x[:, None] - t * means  # (B, K, T, A)
        near = (-0.5 * off.square() / spread).flatten(2).sum(2).softmax(1)  # (B, K)
        clean = means + t * deviation**2 / spread * off
        expected = (near[..., None, None] * clean).sum(1)
        return (expected - x) / (1 - time[:, None, None])

    return field


def density_of_modes(x, means, deviation):
    """Return the log-density (B,) of x (B, T, A) under equal Gaussian modes."""
    normal = torch.distributions.Normal(means, math.hypot(deviation, BLUR))
    each = normal.log_prob(x[:, None]).flatten(2).sum(2)  # (B, K)
    return each.logsumexp(1) - math.log(len(means))


@pytest.mark.parametrize('deviation', [0.3, 1.0, 2.0])
def test_a_gaussian_has_its_density(deviation):
    """Narrow or wide, far from the middle too: 40 numbers, off by less than 0.01 nats each."""
    means = drawn(1, 8, 5)
    x = means + 1.5 * deviation * drawn(20, 8, 5, seed=1)
    found = log_density(flow_of_modes(means, deviation), x, seeded(0))
    exact = density_of_modes(x, means, deviation)
    torch.testing.assert_close(found, exact, rtol=0, atol=0.4)


def test_two_modes_have_their_density():
    """Between the modes the trace is not that of any Gaussian."""
    means = torch.tensor([[[-1.0, 0.5]], [[1.0, -0.5]]])
    x = torch.cat([means[:1] + 0.3 * drawn(60, 1, 2), 0.4 * drawn(60, 1, 2, seed=1)])
    found = log_density(flow_of_modes(means, 0.3), x, seeded(0))
    exact = density_of_modes(x, means, 0.3)
    assert (found - exact).abs().mean() < 0.1
    assert (exact[:60].mean() - exact[60:].mean()) > 1  # there is something to tell apart


def test_random_signs_estimate_a_trace_that_is_not_diagonal():
    """Correlated numbers: each set of probes errs, their mean does not."""
    mix = torch.tensor([[1.0, 0.8], [0.0, 0.6]])  # chunk = mix @ standard normal

    def field(x, time):
        t = time[:, None, None]
        covariance = mix @ mix.T
        seen = t**2 * covariance + (1 - t) ** 2 * torch.eye(2)
        expected = (t * covariance @ torch.linalg.inv(seen) @ x.mT).mT
        return (expected - x) / (1 - t)

    x = drawn(8, 1, 2) @ mix.T
    found = torch.stack([log_density(field, x, seeded(seed)) for seed in range(30)])
    blurred = mix @ mix.T + BLUR**2 * torch.eye(2)
    exact = torch.distributions.MultivariateNormal(torch.zeros(2), blurred).log_prob(x[:, 0])
    assert found.std(0).min() > 0.05
    torch.testing.assert_close(found.mean(0), exact, rtol=0, atol=0.25)


def test_a_density_is_the_same_at_every_call_and_under_no_grad():
    """Chunks are compared by it, with gradients off."""
    field, x = flow_of_modes(drawn(1, 2, 2), 1.0), drawn(3, 2, 2)
    one = log_density(field, x, seeded(0))
    with torch.no_grad():
        two = log_density(field, x, seeded(0))
    assert torch.equal(one, two) and not one.requires_grad

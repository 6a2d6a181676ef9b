"""
Following a velocity field from noise at time 0 to a chunk at time 1, and the density it leaves.

A field takes x (B, T, A) and time (B,), and returns d x / d time (B, T, A).
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

Field = Callable[[Tensor, Tensor], Tensor]
Solver = Callable[[Field, Tensor, float, float], Tensor]

NEAR = 0.05  # how far before time 1 a density is taken: chunks on a surface have none at 1
TRACE_STEPS = 32
PROBES = 4


def euler(field: Field, x: Tensor, time: float, span: float) -> Tensor:
    """Return x (B, T, A) of time as it is at time + span; one call of the field, order 1."""
    return x + span * field(x, _all(x, time))


def midpoint(field: Field, x: Tensor, time: float, span: float) -> Tensor:
    """Return x (B, T, A) of time as it is at time + span; two calls of the field, order 2."""
    middle = euler(field, x, time, span / 2)
    return x + span * field(middle, _all(x, time + span / 2))


SOLVERS: dict[str, Solver] = {'euler': euler, 'midpoint': midpoint}


def solve(solver: Solver, field: Field, x: Tensor, steps: int) -> Tensor:
    """Return what noise x (B, T, A) has become at time 1, in equal steps."""
    for step in range(steps):
        x = solver(field, x, step / steps, 1 / steps)
    return x


def log_density(field: Field, chunk: Tensor, generator: torch.Generator) -> Tensor:
    """
    Return an estimate of chunk's log-density (B,) [nats] where noise is standard normal.

    The chunk is followed back to its noise, where the density is known; on the way it changes by
    d log p(x) / d time = -trace(d field / d x), a trace estimated by PROBES random signs e as the
    mean of e' (d field / d x) e. It is the density of chunks blurred by NEAR of a deviation.
    Source: Chen et al. 2018, arXiv:1806.07366, theorem 1; Grathwohl et al. 2019,
    arXiv:1810.01367, equation 7.
    """
    probes = torch.randn(PROBES, *chunk.shape[1:], generator=generator).sign().to(chunk.device)
    x, log_p = (1 - NEAR) * chunk, chunk.new_zeros(len(chunk))
    for time, before in pairwise(_backwards()):
        middle = euler(field, x, time, (before - time) / 2)
        velocity, trace = _with_trace(field, middle, (time + before) / 2, probes)
        x, log_p = x + (before - time) * velocity, log_p + (before - time) * trace
    numbers = chunk[0].numel()
    at_noise = -0.5 * (x.square().flatten(1).sum(1) + numbers * math.log(2 * math.pi))
    return at_noise + log_p + numbers * math.log(1 - NEAR)


def _with_trace(field: Field, x: Tensor, time: float, probes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the field at x (B, T, A), and its trace (B,) as the probes (P, T, A) see it."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        velocity = field(x, _all(x, time))
        seen = [
            (torch.autograd.grad(velocity, x, probe.expand_as(x), retain_graph=True)[0] * probe)
            for probe in probes
        ]
    return velocity.detach(), torch.stack(seen).mean(0).flatten(1).sum(1)


def _backwards() -> list[float]:
    """Return times from 1 - NEAR down to 0, the closer to 1 the finer, as fields get steep."""
    return [1 - NEAR ** (1 - step / TRACE_STEPS) for step in range(TRACE_STEPS + 1)]


def _all(x: Tensor, time: float) -> Tensor:
    """Return time as (B,)."""
    return x.new_full((len(x),), time)

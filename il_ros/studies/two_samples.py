"""Whether two samples come from one distribution: energy distance and its permutation test."""

import torch
from torch import Tensor

SHUFFLES = 1000
LEVEL = 0.999  # of shuffles that are less apart than the threshold


def energy(ours: Tensor, theirs: Tensor) -> float:
    """
    Return the squared energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| of (N, D) and (M, D).

    0 for one and the same distribution and above it else; here with the pairs x, x, so that it is
    never below 0. Source: Szekely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018.
    """
    distances, side = _pairs(ours, theirs)
    return float(_apart(distances, side[None])[0])


def threshold(ours: Tensor, theirs: Tensor, generator: torch.Generator) -> float:
    """Return what energy() stays below, for LEVEL of all ways to call the same points X and Y."""
    distances, side = _pairs(ours, theirs)
    order = torch.rand(SHUFFLES, len(side), generator=generator).argsort(-1)
    return float(_apart(distances, side[order]).quantile(LEVEL))


def _pairs(ours: Tensor, theirs: Tensor) -> tuple[Tensor, Tensor]:
    """Return distances (N + M, N + M) of all points, and the weight of each, of ours above 0."""
    points = torch.cat([ours, theirs]).double()
    side = torch.full((len(points),), -1 / len(theirs), dtype=torch.double)
    side[: len(ours)] = 1 / len(ours)
    return torch.cdist(points, points), side


def _apart(distances: Tensor, sides: Tensor) -> Tensor:
    """Return the energy distances (S,) for weights sides (S, N + M)."""
    return -((sides @ distances) * sides).sum(-1)

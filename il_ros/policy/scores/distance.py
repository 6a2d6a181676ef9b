"""Distance: how far what the policy sees is from all that it was taught on."""

import torch
from torch import Tensor

from il_ros.policy.scores.base import Examples, Moment, NoScore, Score, State

POINTS = 1024  # of the demonstrations that are kept: a quarter of a megabyte
AXES = 64  # principal ones of the encoder's pooled context
NEAREST = 5  # points whose mean distance it is
FLAT = 1e-3  # of the widest axis; a narrower one is rounding, not data


class DistanceScore(Score):
    """
    The mean distance to the nearest points of the demonstrations, each axis in its deviations.

    Measured in the encoder's pooled context. A task is a path through it, not a cloud, so that
    one Gaussian (Mahalanobis; Lee et al. 2018, arXiv:1807.03888) would call its middle normal.
    Source: Sun et al. 2022, arXiv:2204.06507 (k nearest neighbours).
    """

    def fit(self, examples: Examples, generator: torch.Generator) -> State:
        """Return the axes, and points of what persons did."""
        seen = examples.pooled[examples.is_persons]  # (n, C)
        if len(seen) <= NEAREST:
            raise NoScore(
                f'distance: {len(seen)} steps of a person; there must be more to be near'
            )
        mean = seen.mean(0)
        _, deviation, axes = torch.linalg.svd(seen - mean, full_matrices=False)
        deviation, axes = deviation[:AXES] / len(seen) ** 0.5, axes[:AXES]
        is_wide = deviation > FLAT * deviation[0]
        to_axes = (axes[is_wide] / deviation[is_wide, None]).T.contiguous()  # (C, axes)
        chosen = torch.randperm(len(seen), generator=generator)[:POINTS]
        return {'mean': mean, 'to_axes': to_axes, 'points': (seen[chosen] - mean) @ to_axes}

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return the distance (B,) [deviations]."""
        here = (moment.context.pooled - state['mean']) @ state['to_axes']
        nearest = torch.cdist(here, state['points']).topk(NEAREST, largest=False).values
        return nearest.mean(1)

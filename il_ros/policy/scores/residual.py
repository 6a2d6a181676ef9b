"""Residual: how badly the denoiser finds its own plan again, given the present observation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from il_ros.policy.heads.base import Head
from il_ros.policy.model import Policy
from il_ros.policy.scores.base import Moment, NoScore, Score, State

DRAWS = 32  # of noise; its level differs from draw to draw


class ResidualScore(Score):
    """
    The loss that the policy was trained with, of the chunk that it plans, over DRAWS of noise.

    Where the observation is like those learned from, a plan is a chunk that the denoiser knows.
    Unlike the spread it is low where there are two good ways.
    Source: Lee et al. 2024, arXiv:2410.14868 (Diff-DAgger).
    """

    def __init__(self, policy: Policy, others: Sequence[Policy] = ()):
        super().__init__(policy, others)
        if type(policy.head).residual is Head.residual:
            raise NoScore(
                f'residual: {type(policy.head).__name__} does not draw its plans from noise; '
                'diffusion, flow and shortcut do'
            )

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return the mean square (B,) in normalised units."""
        chunks = moment.chunk.repeat_interleave(DRAWS, dim=0)  # (B DRAWS, T, A)
        missed = self.policy.head.residual(moment.context.repeated(DRAWS), chunks, generator)
        return missed.unflatten(0, (-1, DRAWS)).mean(1)

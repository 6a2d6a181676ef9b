"""Spread: how far apart the policy's own plans for one moment are."""

from collections.abc import Sequence

import torch
from torch import Tensor

from il_ros.policy.model import Policy
from il_ros.policy.scores.base import Moment, NoScore, Score, State

SAMPLES = 16


class SpreadScore(Score):
    """
    The deviation of SAMPLES plans, root mean square over the chunk's numbers.

    It cannot tell a choice between good ways from not knowing any: it is high at both.
    Source: Lee et al. 2024, arXiv:2410.14868, where this is what the residual is compared with.
    """

    def __init__(self, policy: Policy, others: Sequence[Policy] = ()):
        super().__init__(policy, others)
        if not policy.head.is_random:
            raise NoScore(
                f'spread: {type(policy.head).__name__}, as this policy is configured, has one '
                'answer for a moment, so its samples have no spread; take distance or ensemble'
            )

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return the spread (B,) in normalised units."""
        drawn = self.policy.head.sample(moment.context.repeated(SAMPLES), generator)
        drawn = drawn.unflatten(0, (-1, SAMPLES))  # (B, SAMPLES, T, A)
        return drawn.var(1).flatten(1).mean(1).sqrt()

"""Risk: how unlikely it is that the policy gets there soon, learned from how it went before."""

import torch
from torch import Tensor

from il_ros.policy.scores import classifier
from il_ros.policy.scores.base import Examples, Moment, NoScore, Score, State

HALF_S = 20.0  # a success so far ahead counts half


class RiskScore(Score):
    """
    Minus the log-odds of Q, the discounted success that follows from here.

    Q is fitted to what followed: 2^(-time / HALF_S) before a success, 0 before a failure, or
    before a person had to take over.
    Source: Hoque et al. 2021, arXiv:2109.08273 (ThriftyDAgger), by Monte Carlo.
    """

    learned_from = 'interventions'

    def fit(self, examples: Examples, generator: torch.Generator) -> State:
        """Return a network that says Q."""
        known = ~examples.to_success_s.isnan()
        worth = torch.exp2(-examples.to_success_s[known] / HALF_S)  # 2^-inf is 0
        if not (worth == 0).any() or not (worth > 0).any():
            raise NoScore(
                'risk: it takes episodes that succeeded and such in which the policy failed or '
                'was taken over; give bags of both'
            )
        rows = classifier.features(examples.pooled, examples.chunk)[known]
        return classifier.fit(rows, worth, generator)

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return -log(Q / (1 - Q)), (B,)."""
        return _risk(state, moment.context.pooled, moment.chunk)

    def over(self, state: State, examples: Examples) -> Tensor:
        """Return the same (N,) of examples."""
        return _risk(state, examples.pooled, examples.chunk)


def _risk(state: State, pooled: Tensor, chunk: Tensor) -> Tensor:
    """Return -log(Q / (1 - Q)), (B,), of contexts (B, C) and plans (B, T, A)."""
    return -classifier.logit(state, classifier.features(pooled, chunk))

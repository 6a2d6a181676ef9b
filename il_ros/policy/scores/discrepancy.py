"""Discrepancy: whether a person would do something else, learned from where persons took over."""

import torch
from torch import Tensor

from il_ros.policy.scores import classifier
from il_ros.policy.scores.base import Examples, Moment, NoScore, Score, State

USUAL = 0.95  # part of the demonstrations' steps on which plan and person are taken to agree


class DiscrepancyScore(Score):
    """
    The log-odds, by a classifier, that the plan is not what a person would do.

    A step counts as such where plan and person differ by more than in nearly all steps of the
    demonstrations. Source: Zhang and Cho 2017, arXiv:1605.06450 (SafeDAgger); Hoque et al. 2021,
    arXiv:2104.00053 (LazyDAgger, with a classifier).
    """

    learned_from = 'interventions'

    def fit(self, examples: Examples, generator: torch.Generator) -> State:
        """Return a classifier of steps at which a person had an arm."""
        known = examples.is_persons
        is_taken = known & ~examples.is_demonstration
        if not is_taken.any() or not (known & examples.is_demonstration).any():
            raise NoScore(
                'discrepancy: it takes demonstrations, and interventions in a policy; give the '
                'bags of a round of HG-DAgger, too'
            )
        off = (examples.chunk - examples.person).square()
        off = off.flatten(1).nanmean(1).sqrt()  # (N,), NaN where nobody had an arm
        usual = off[known & examples.is_demonstration].quantile(USUAL)
        rows = classifier.features(examples.pooled, examples.chunk)[known]
        return classifier.fit(rows, (off[known] > usual).float(), generator)

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return the log-odds (B,)."""
        rows = classifier.features(moment.context.pooled, moment.chunk)
        return classifier.logit(state, rows)

"""Thrifty: a person is wanted where it is new to the policy, and where it is risky."""

from collections.abc import Sequence

import torch
from torch import Tensor

from il_ros.policy.model import Policy
from il_ros.policy.scores.base import Examples, Moment, Score, State
from il_ros.policy.scores.ensemble import EnsembleScore
from il_ros.policy.scores.risk import RiskScore

LEAST = 1e-6  # unit, of a part that is the same at all examples
RARE = 0.95  # the quantile over the examples at which each part is 1; at the median it is 0


class ThriftyScore(Score):
    """
    The larger of an ensemble's disagreement and risk, each on the scale of the examples.

    Either may call. Source: Hoque et al. 2021, arXiv:2109.08273 (ThriftyDAgger).
    """

    learned_from = 'interventions'

    def __init__(self, policy: Policy, others: Sequence[Policy] = ()):
        super().__init__(policy, others)
        self._parts: dict[str, EnsembleScore | RiskScore] = {
            'novelty': EnsembleScore(policy, others),
            'risk': RiskScore(policy),
        }

    def fit(self, examples: Examples, generator: torch.Generator) -> State:
        """Return both parts' states and scales."""
        states = {name: part.fit(examples, generator) for name, part in self._parts.items()}
        told = {n: part.over(states[n], examples) for n, part in self._parts.items()}
        found = {f'{part}.{k}': v for part, state in states.items() for k, v in state.items()}
        for part, scores in told.items():
            found[f'{part}.middle'] = scores.median()
            found[f'{part}.unit'] = (scores.quantile(RARE) - scores.median()).clamp_min(LEAST)
        return found

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return the larger one (B,)."""
        told = []
        for name, part in self._parts.items():
            its = [key for key in state if key.startswith(f'{name}.')]
            own = {key.removeprefix(f'{name}.'): state[key] for key in its}
            found = part.score(own, moment, generator)
            told.append((found - own['middle']) / own['unit'])
        return torch.stack(told).amax(0)

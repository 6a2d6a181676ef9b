"""What a score is: one number a plan, the higher the more a person may be wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from il_ros.policy.context import Context
from il_ros.policy.model import Policy

State = dict[str, Tensor]  # what was fitted; small, as it is kept in the checkpoint's folder


class NoScore(ValueError):
    """A score cannot be had of this policy, or not be fitted on these examples."""


@dataclass(frozen=True)
class Moment:
    """What the policy saw, and what it plans from there; B rows."""

    values: Mapping[str, Tensor]  # input -> (B, H, D) in own units
    images: Mapping[str, Tensor]  # camera -> (B, H, h, w, 3) uint8
    context: Context  # the same, encoded
    chunk: Tensor  # (B, T, A) planned, normalised


@dataclass(frozen=True)
class Examples:
    """Steps of recorded episodes, seen through the policy; N rows."""

    pooled: Tensor  # (N, C) the context
    chunk: Tensor  # (N, T, A) what the policy plans there, normalised
    person: Tensor  # (N, T, A) what a person commanded from there, normalised; NaN: nobody
    is_demonstration: Tensor  # (N,) bool, of an episode that a person did from end to end
    to_success_s: Tensor  # (N,) [s], inf: the policy failed from there, NaN: it is not known
    disagreement: Tensor  # (N,) of the policy with others that learned the same; NaN: it is alone

    @property
    def is_persons(self) -> Tensor:
        """Where (N,) bool a person had at least one arm."""
        return self.person[:, 0].isfinite().any(-1)


class Score:
    """
    Built for a policy, and for others that learned the same; NoScore where it cannot be.

    A score knows nothing of thresholds. Scores of one policy compare between moments, and only
    if they are given the same randomness; scores of two policies do not compare.
    """

    learned_from = 'demonstrations'  # or 'interventions': it has seen what went wrong

    def __init__(self, policy: Policy, others: Sequence[Policy] = ()):
        self.policy = policy

    def fit(self, examples: Examples, generator: torch.Generator) -> State:
        """Return what score() has to know; NoScore says what the examples lack."""
        return {}

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return (B,); state is what fit() returned."""
        raise NotImplementedError

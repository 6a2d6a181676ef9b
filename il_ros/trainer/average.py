"""The averaged weights that a checkpoint holds."""

import copy

import torch
from torch import Tensor

from il_ros.policy.model import Policy


class Average:
    """
    An exponential moving average of a policy's weights.

    The decay rises to its value, so that a short training is not weighed down by its start.
    """

    def __init__(self, policy: Policy, decay: float):
        self.decay = decay
        self.policy = copy.deepcopy(policy).eval().requires_grad_(False)
        self._mine: list[Tensor] = list(self.policy.parameters())
        self._theirs: list[Tensor] = list(policy.parameters())

    def update(self, step: int) -> None:
        """Take in the weights after `step` (from 0 on)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(self._mine, self._theirs, 1 - decay)

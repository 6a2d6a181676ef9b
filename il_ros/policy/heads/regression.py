"""The l2 head: one chunk per context, the mean of what the person did."""

import math

import torch
from torch import Tensor

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.heads.base import Head, NoInpainting, masked_square
from il_ros.policy.layers import ResidualMlp


class L2Head(Head):
    """A Gaussian of fixed deviation, so that likelihood is least squares; samples are its mean."""

    likelihood = 'exact'

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.T, actions)
        self.deviation = config.deviation
        outputs = config.T * actions
        self.net = ResidualMlp(config.context, outputs, config.width, config.depth)

    def mean(self, context: Context) -> Tensor:
        """Return the Gaussian's mean (B, T, A)."""
        return self.net(context.pooled).unflatten(-1, self.shape)

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean square error, the negative log-density up to constants."""
        return {'total': masked_square(self.mean(context), actions, mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the most likely chunk (B, T, A): the robot should not shake by the deviation."""
        if known is not None or weight is not None:
            raise NoInpainting('the l2 head has one answer; blend it with the known chunk instead')
        return self.mean(context)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""
        error = (actions - self.mean(context)) / self.deviation  # (B, T, A)
        density = -0.5 * error.square() - math.log(self.deviation * math.sqrt(2 * math.pi))
        return density.flatten(1).sum(1)

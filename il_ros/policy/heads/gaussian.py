"""The gaussian head: one chunk per context, and how sure the policy is of each of its numbers."""

import torch
from torch import Tensor

from il_ros.policy import densities
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import normal
from il_ros.policy.heads.base import Head, masked_mean, pulled
from il_ros.policy.layers import ResidualMlp


class GaussianHead(Head):
    """
    A Gaussian over the chunk with a diagonal covariance, mean m and deviation s from the context.

        log p(a | o) = sum over the T A numbers of -(a - m)^2 / (2 s^2) - log(s sqrt(2 pi))

    One mode: between two ways it takes the mean and a deviation that spans both. Its numbers are
    independent, so a known beginning is put in its place and tells nothing about the rest.
    Source: Nix and Weigend 1994, doi:10.1109/ICNN.1994.374138; Mandlekar et al. 2021,
    arXiv:2108.03298 (on demonstrations).
    """

    likelihood = 'exact'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.T, actions)
        self.low_noise = config.low_noise
        self.is_random = not config.low_noise
        outputs = 2 * config.T * actions
        self.net = ResidualMlp(config.context, outputs, config.width, config.depth)

    def moments(self, context: Context) -> tuple[Tensor, Tensor]:
        """Return mean and deviation of every number, (B, T, A) each."""
        said = self.net(context.pooled).unflatten(-1, (2, *self.shape))  # (B, 2, T, A)
        return said[:, 0].float(), densities.deviations(said[:, 1])

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean negative log-density of a number [nats]."""
        return {'total': masked_mean(-densities.normal(actions, *self.moments(context)), mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return a draw (B, T, A), or the mean if low_noise, pulled to known."""
        mean, deviation = self.moments(context)
        noise = 0.0 if self.low_noise else normal(generator, mean)
        return pulled(mean + noise * deviation, known, weight)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""
        return densities.normal(actions, *self.moments(context)).flatten(1).sum(1)

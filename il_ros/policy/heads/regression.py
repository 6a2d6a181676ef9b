"""The l1 and l2 heads: one chunk per context, the median or the mean of what people did."""

import torch
from torch import Tensor

from il_ros.policy import densities
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.heads.base import Head, NoInpainting, masked_mean
from il_ros.policy.layers import ResidualMlp


class RegressionHead(Head):
    """One chunk m(o), and a density of fixed deviation around each of its numbers."""

    likelihood = 'exact'
    is_random = False

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.T, actions)
        self.deviation = config.deviation
        outputs = config.T * actions
        self.net = ResidualMlp(config.context, outputs, config.width, config.depth)

    def middle(self, context: Context) -> Tensor:
        """Return the middle m (B, T, A) of the density."""
        return self.net(context.pooled).unflatten(-1, self.shape)

    def distance(self, off: Tensor) -> Tensor:
        """Return what off (B, T, A) from the middle costs, number by number."""
        raise NotImplementedError

    def density(self, actions: Tensor, middle: Tensor) -> Tensor:
        """Return the log-density of each number, all (B, T, A): falls as the distance grows."""
        raise NotImplementedError

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean distance, the negative log-density up to constants."""
        return {'total': masked_mean(self.distance(self.middle(context) - actions), mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the most likely chunk (B, T, A): the robot should not shake by the deviation."""
        if known is not None or weight is not None:
            raise NoInpainting(
                f'{type(self).__name__} has one answer; blend it with what is known'
            )
        return self.middle(context)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""
        return self.density(actions, self.middle(context)).flatten(1).sum(1)


class L2Head(RegressionHead):
    """
    Least squares: the maximum likelihood of a Gaussian of fixed deviation s.

        log p(a | o) = sum over the T A numbers of -(a - m(o))^2 / (2 s^2) - log(s sqrt(2 pi))

    Between two ways it takes the mean. Source: Bishop 2006, Pattern Recognition, section 3.1.1.
    """

    def distance(self, off: Tensor) -> Tensor:
        """Return the squares."""
        return off.square()

    def density(self, actions: Tensor, middle: Tensor) -> Tensor:
        """Return the Gaussian's log-density."""
        return densities.normal(actions, middle, self.deviation)


class L1Head(RegressionHead):
    """
    Least absolute error: the maximum likelihood of a Laplace distribution of fixed scale b.

        log p(a | o) = sum over the T A numbers of -|a - m(o)| / b - log(2 b),  b = s / sqrt(2)

    Takes the median: between two ways the more frequent one, number by number, and outliers pull
    less. Source: Zhao et al. 2023, arXiv:2304.13705 (the reconstruction loss of ACT).
    """

    def distance(self, off: Tensor) -> Tensor:
        """Return the absolute values."""
        return off.abs()

    def density(self, actions: Tensor, middle: Tensor) -> Tensor:
        """Return the Laplace distribution's log-density."""
        return densities.laplace(actions, middle, self.deviation)

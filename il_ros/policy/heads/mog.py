"""The mog head: a mixture of K Gaussians over whole chunks, one for each way of doing it."""

import torch
from torch import Tensor

from il_ros.policy import densities
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import choices, normal
from il_ros.policy.heads.base import Head, pulled
from il_ros.policy.layers import ResidualMlp


class MogHead(Head):
    """
    K diagonal Gaussians with weights w_k, means m_k and deviations s_k from the context.

        log p(a | o) = logsumexp over k of
                       log w_k + sum over the T A numbers of log N(a; m_k, s_k^2)

    The choice is made once for the whole chunk, which so goes one way or another as a whole; K is
    how many ways a context can leave open.
    Source: Bishop 1994, Mixture Density Networks; Mandlekar et al. 2021, arXiv:2108.03298 (BC with
    a mixture, and its low-noise evaluation).
    """

    likelihood = 'exact'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.components, config.T, actions)
        self.low_noise = config.low_noise
        numbers = config.components * config.T * actions
        outputs = config.components + 2 * numbers
        self.net = ResidualMlp(config.context, outputs, config.width, config.depth)

    def components(self, context: Context) -> tuple[Tensor, Tensor, Tensor]:
        """Return log-weights (B, K), means and deviations (B, K, T, A)."""
        said = self.net(context.pooled)
        weights, moments = said[:, : self.shape[0]], said[:, self.shape[0] :]
        moments = moments.unflatten(-1, (2, *self.shape))  # (B, 2, K, T, A)
        deviation = densities.deviations(moments[:, 1])
        return weights.float().log_softmax(-1), moments[:, 0].float(), deviation

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """
        Return the mean over all numbers of the negative log-density of what is labelled [nats].

        The density of a part of the chunk lacks the other numbers' terms in each component; a
        window's weight, which is the mask's largest, counts the window and not its numbers.
        """
        weight = mask.amax((1, 2))  # (B,)
        part = mask / weight.clamp(min=1e-9)[:, None, None]  # (B, T, A) in [0, 1]
        density = _joint(self.components(context), actions, part).logsumexp(-1)  # (B,)
        return {'total': -(weight * density).sum() / mask.numel()}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """
        Return a draw (B, T, A), or the drawn component's mean if low_noise, pulled to known.

        What is known tells which component the chunk belongs to.
        """
        parts = self.components(context)
        weights = parts[0]  # (B, K)
        if known is not None and weight is not None:
            weights = _joint(parts, known, weight)
        rows, which = torch.arange(len(weights)), choices(generator, weights)
        mean, deviation = parts[1][rows, which], parts[2][rows, which]  # (B, T, A)
        noise = 0.0 if self.low_noise else normal(generator, mean)
        return pulled(mean + noise * deviation, known, weight)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""
        return _joint(self.components(context), actions, torch.ones_like(actions)).logsumexp(-1)


def _joint(parts: tuple[Tensor, Tensor, Tensor], actions: Tensor, part: Tensor) -> Tensor:
    """Return for each component (B, K) its log-weight and log-density of part of actions."""
    weights, mean, deviation = parts
    terms = densities.normal(actions[:, None], mean, deviation)  # (B, K, T, A)
    return weights + (part[:, None] * terms).flatten(2).sum(-1)

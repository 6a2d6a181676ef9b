"""The categorical head: a histogram for every number of the chunk, whatever its shape."""

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import choices, uniform
from il_ros.policy.heads.base import Head, masked_mean, pulled
from il_ros.policy.heads.bins import Bins
from il_ros.policy.layers import ResidualMlp

FEATURES = 16  # of each number, from which the logits of its bins follow


class CategoricalHead(Head):
    """
    Each of the T A numbers falls into one of K + 2 bins by probabilities of its own; see Bins.

        log p(a | o) = sum over t, d of log softmax(l_td(o))[bin of a_td] + log p(a_td | its bin)

    Any density of one number can be said, but no correlation between two: the numbers are drawn
    independently, so a known beginning is put in its place and tells nothing about the rest.
    Source: Tang and Agrawal 2020, arXiv:1901.10500 (bins for each dimension of an action).
    """

    likelihood = 'exact'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.T, actions, FEATURES)
        self.low_noise = config.low_noise
        self.bins = Bins(config.bins, actions)
        outputs = config.T * actions * FEATURES
        self.net = ResidualMlp(config.context, outputs, config.width, config.depth)
        self.read = nn.Linear(FEATURES, self.bins.most)

    def fit(self, actions: Tensor) -> None:
        """Lay the bins over the data."""
        self.bins.fit(actions)

    def logits(self, context: Context) -> Tensor:
        """Return (B, T, A, K + 2), -inf for bins that a dimension does not have."""
        features = self.net(context.pooled).unflatten(-1, self.shape)
        return self.read(features).float().masked_fill(~self.bins.exist, -torch.inf)

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean negative log-density of a number [nats]."""
        return {'total': masked_mean(-self._density(context, actions), mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return a draw (B, T, A), or the middle of the likeliest bin if low_noise."""
        logits = self.logits(context)
        if self.low_noise:
            return pulled(self.bins.middle(logits.argmax(-1)), known, weight)
        bins = choices(generator, logits)  # (B, T, A)
        share = uniform(generator, logits[..., 0])
        return pulled(self.bins.draw(bins, share), known, weight)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""
        return self._density(context, actions).flatten(1).sum(1)

    def _density(self, context: Context, actions: Tensor) -> Tensor:
        """Return the log-density of each number, (B, T, A)."""
        bins = self.bins.of(actions)
        chosen = self.logits(context).log_softmax(-1).gather(-1, bins[..., None])[..., 0]
        return chosen + self.bins.density(actions, bins)

"""The categorical head: for every number of the chunk, how likely each of K values is."""

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import choices, uniform
from il_ros.policy.heads.base import Head, masked_mean, pulled
from il_ros.policy.heads.grid import Grid
from il_ros.policy.layers import ResidualMlp

FEATURES = 8  # of each number, from which the logits of its values follow


class CategoricalHead(Head):
    """
    Each of the T A numbers is one of K values v_k by probabilities q_k = softmax(l(o)) of its own.

        log p(a | o) = sum over t, d of log sum over k of q_tdk(o) h_dk(a_td)

    h_k: the triangle of density around v_k, see Grid. Any density of one number can be said, but
    no correlation between two: numbers are drawn independently, so a known beginning is put in
    its place and tells nothing about the rest.

    Learned is q as a classifier, from the two values that a number lies between, by cross-entropy,
    which bounds -log p from above: what is expected of q is then the number itself, finer than K.
    Source: Tang and Agrawal 2020, arXiv:1901.10500 (values for each dimension of an action);
    Schrittwieser et al. 2019, arXiv:1911.08265 (a number as two neighbouring classes).
    """

    likelihood = 'exact'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.T, actions, FEATURES)
        self.low_noise = config.low_noise
        self.is_random = not config.low_noise
        self.grid = Grid(config.bins, actions)
        outputs = config.T * actions * FEATURES
        self.net = ResidualMlp(config.context, outputs, config.width, config.depth)
        self.read = nn.Linear(FEATURES, config.bins)
        along = torch.linspace(-1.0, 1.0, config.bins)
        with torch.no_grad():
            self.read.weight[:, 0], self.read.weight[:, 1] = -4 * along.square(), 8 * along

    def fit(self, actions: Tensor) -> None:
        """Lay the values over the data."""
        self.grid.fit(actions)

    def logits(self, context: Context) -> Tensor:
        """
        Return (B, T, A, K), -inf for values that a dimension does not have.

        That values lie on a line need not be learned value by value: of each number's features
        two are the sharpness and the middle of a bell over the K values, the others bend it.
        """
        features = self.net(context.pooled).unflatten(-1, self.shape).float()
        sharpness, middle, rest = features.split([1, 1, FEATURES - 2], dim=-1)
        bell = sharpness.exp() * torch.cat([torch.ones_like(middle), middle], dim=-1)
        with torch.autocast(rest.device.type, enabled=False):  # differences of large numbers
            logits = self.read(torch.cat([bell, rest], dim=-1))  # (B, T, A, K)
        return logits + self.grid.exist.log()

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean cross-entropy of a number [nats], as a density."""
        below, share, beyond = self.grid.place(actions)
        lower, upper = self._beside(context, below)
        said = torch.lerp(lower, upper, share) + self.grid.density(beyond)
        return {'total': masked_mean(-said, mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return a draw (B, T, A), or the mean about the likeliest value if low_noise."""
        logits = self.logits(context)
        if self.low_noise:
            return pulled(self.grid.number(expected(logits.softmax(-1))), known, weight)
        value = choices(generator, logits)  # (B, T, A)
        first, second = (uniform(generator, logits[..., 0]) for _ in range(2))
        return pulled(self.grid.around(value, first, second), known, weight)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""
        below, share, beyond = self.grid.place(actions)
        lower, upper = self._beside(context, below)
        said = torch.logaddexp(lower + torch.log1p(-share), upper + share.log())
        return (said + self.grid.density(beyond)).flatten(1).sum(1)

    def _beside(self, context: Context, below: Tensor) -> tuple[Tensor, Tensor]:
        """Return log q of the values `below` numbers, and of those above: (B, T, A) each."""
        logs = self.logits(context).log_softmax(-1)
        places = torch.stack([below, below + 1], dim=-1)
        lower, upper = logs.gather(-1, places).unbind(-1)
        return lower, upper


def expected(shares: Tensor) -> Tensor:
    """Return the mean place (...) under shares (..., K) of the likeliest and its neighbours."""
    places = torch.arange(shares.shape[-1], device=shares.device)
    is_near = (places - shares.argmax(-1, keepdim=True)).abs() <= 1
    near = shares * is_near
    return (near * places).sum(-1) / near.sum(-1)

"""The cvae head: a latent z says which of the ways it is, a Transformer says the chunk given z."""

import math

import torch
from torch import Tensor, nn

from il_ros.policy import densities
from il_ros.policy.attention import Transformer
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import normal
from il_ros.policy.heads.base import Head, NoInpainting
from il_ros.policy.layers import ResidualMlp

HEADS = 4
LAYERS = 1  # of each Transformer: of deeper ones there are fewer steps in the same time
TICKS = 8  # that one token of the chunk carries
BOUND_DRAWS = 16  # of z for each chunk whose likelihood is bounded
BOUND_SEED = 0  # log_prob takes no generator: all chunks are compared under the same noise


class CvaeHead(Head):
    """
    log p(a | o) >= E log p(a | z, o) - KL(q(z | a, o) || N(0, 1)), z (B, Z) drawn from q.

    q is a Gaussian that a Transformer reads off the chunk. p(a | z, o) is a Laplace density of
    fixed deviation about what a residual MLP says of the context and z, and what another
    Transformer adds at P queries, each for a few ticks, that attend to each other, to the
    context's tokens and to z. Where the KL weighs much z says little, and between two ways a
    chunk is their median; where it weighs little, z drawn from N(0, 1) is what q never gave. With
    latent_at 'zero' z is always 0, the most usual chunk, as ACT is run: the modes that z would
    choose between are gone.
    Source: Zhao et al. 2023, arXiv:2304.13705 (ACT); Sohn et al. 2015 (conditional VAE).
    """

    likelihood = 'bound'

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        width = config.width // 4
        self.missing = -config.T % TICKS  # ticks that the last token lacks
        tokens = (config.T + self.missing) // TICKS  # P
        self.shape = (config.T, actions)
        self.latent = config.latent
        self.is_zero = config.latent_at == 'zero'
        self.is_random = not self.is_zero
        self.kl_weight = config.kl_weight
        self.deviation = config.deviation
        self.memory = nn.Linear(config.context, width)
        self.chunk = nn.Linear(TICKS * actions, width)
        self.place = nn.Parameter(0.1 * torch.randn(tokens, width))
        self.summary = nn.Parameter(0.1 * torch.randn(1, 1, width))
        self.reader = Transformer(width, LAYERS, HEADS, is_causal=False)
        self.moments = nn.Linear(width, 2 * config.latent)
        self.seen = nn.Linear(config.context, width)
        self.way = nn.Linear(config.latent, width)
        inputs = config.context + config.latent
        outputs = tokens * (width + TICKS * actions)
        self.queries = ResidualMlp(inputs, outputs, config.width, config.depth)
        self.writer = Transformer(width, LAYERS, HEADS, is_causal=False)
        self.leave = nn.Linear(width, TICKS * actions)
        nn.init.zeros_(self.leave.weight)

    def posterior(self, context: Context, actions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-deviation (B, Z) of q; it sees labelled numbers of actions alone."""
        ticks = nn.functional.pad(actions * (mask > 0), (0, 0, 0, self.missing))
        chunk = self.chunk(ticks.unflatten(1, (-1, TICKS)).flatten(2)) + self.place  # (B, P, W)
        memory = self.memory(context.tokens)  # (B, L, W)
        told = torch.cat([memory, self.summary.expand(len(chunk), -1, -1), chunk], dim=1)
        summary = self.reader(told, context.padding)[:, memory.shape[1]]
        mean, log_deviation = self.moments(summary).float().chunk(2, dim=-1)
        return mean, log_deviation

    def decode(self, context: Context, z: Tensor) -> Tensor:
        """Return the middle (B, T, A) of the chunk's density given z (B, Z)."""
        tokens, width = self.place.shape
        asked = self.queries(torch.cat([context.pooled, z], dim=-1)).unflatten(-1, (tokens, -1))
        queries, said = asked[..., :width], asked[..., width:].float()  # (B, P, ...)
        told = torch.cat([self.seen(context.tokens), self.way(z)[:, None], queries], dim=1)
        said = said + self.leave(self.writer(told, context.padding)[:, -tokens:])
        ticks = said.unflatten(-1, (TICKS, -1)).flatten(1, 2)
        return ticks[:, : self.shape[0]]

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """
        Return the negative bound with the KL weighed [nats a number], and its two parts.

        reconstruction: -log p(a | z, o) [nats a number]; kl: [nats a chunk]. The KL counts as
        much as the window does, whose weight is the mask's largest.
        """
        mean, log_deviation = self.posterior(context, actions, mask)
        z = mean + log_deviation.exp() * normal(generator, mean)
        terms = densities.laplace(actions, self.decode(context, z), self.deviation)  # (B, T, A)
        reconstruction = -(mask * terms).mean()
        kl = (mask.amax((1, 2)) * divergence(mean, log_deviation).sum(-1)).mean()
        total = reconstruction + self.kl_weight * kl / terms[0].numel()
        return {'total': total, 'reconstruction': reconstruction.detach(), 'kl': kl.detach()}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the middle (B, T, A) given a z: the robot should not shake by the deviation."""
        if known is not None or weight is not None:
            raise NoInpainting(
                'z means whole chunks; blend the sample with the known chunk instead'
            )
        z = normal(generator, context.pooled.new_empty(len(context.pooled), self.latent))
        return self.decode(context, torch.zeros_like(z) if self.is_zero else z)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """
        Return a bound (B,) [nats] of the density of the head with z drawn from N(0, 1).

        log of the mean over K draws of z from q, of p(a | z, o) p(z) / q(z | a, o): the more draws
        the nearer. Source: Burda et al. 2016, arXiv:1509.00519, equation 8.
        """
        generator = torch.Generator().manual_seed(BOUND_SEED)
        mean, log_deviation = self.posterior(context, actions, torch.ones_like(actions))
        found = []
        for _ in range(BOUND_DRAWS):
            noise = normal(generator, mean)
            z = mean + log_deviation.exp() * noise
            terms = densities.laplace(actions, self.decode(context, z), self.deviation)
            gap = 0.5 * noise.square() + log_deviation - 0.5 * z.square()  # log p(z) - log q(z)
            found.append(terms.sum((1, 2)) + gap.sum(-1))
        return torch.stack(found).logsumexp(0) - math.log(BOUND_DRAWS)


def divergence(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Return KL(N(mean, deviation^2) || N(0, 1)) of every unit, (B, Z) [nats]."""
    return 0.5 * (mean.square() + (2 * log_deviation).exp() - 1) - log_deviation

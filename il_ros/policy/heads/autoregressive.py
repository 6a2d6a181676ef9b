"""The autoregressive head: a chunk as a sentence of tokens, each drawn knowing those before it."""

import torch
from torch import Tensor

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.heads.base import Head, NoInpainting
from il_ros.policy.registry import TOKENS
from il_ros.registry import make


class AutoregressiveHead(Head):
    """
    log p(a | o) = sum over the tokens k of a of log p(k_i | k_<i, o) - log volume of their cell.

    Chunks that are written with the same tokens fill a cell, within which the density is even.
    With tokens 'bins' a chunk has one spelling, and the likelihood is exact; with 'dct' other
    spellings of the same cell are left out, and it is a bound from below. See policy/tokens.
    Source: Brohan et al. 2022, arXiv:2212.06817 (RT-1); Pertsch et al. 2025, arXiv:2501.09747.
    """

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.tokens = make(TOKENS, config.tokens, config, actions)
        self.likelihood = self.tokens.likelihood
        self.inpaints = self.tokens.inpaints

    def fit(self, actions: Tensor) -> None:
        """Find bins or codes that suit training chunks (N, T, A)."""
        self.tokens.fit(actions)

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """
        Return the masked mean negative log-density of a number [nats], of which 'tokens' is said.

        To that is added the plan's: so what is to be done is learned from all of every chunk.
        """
        costs = self.tokens.costs(context, actions, mask, generator)
        tokens, plan = (cost.mean() / mask[0].numel() for cost in costs)
        return {'total': tokens + plan, 'tokens': tokens.detach(), 'plan': plan.detach()}

    @torch.no_grad()
    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return (B, T, A), the middle of a drawn cell; with low_noise of a likely one."""
        if known is not None and not self.inpaints:
            raise NoInpainting('compressed tokens mean whole chunks; blend with what is known')
        return self.tokens.draw(context, generator, known, weight)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return the log-density (B,) [nats] or its bound; -inf for what no tokens can say."""
        nats = self.tokens.nats(context, actions, torch.ones_like(actions))
        return -nats.masked_fill(~self.tokens.covers(actions), torch.inf)

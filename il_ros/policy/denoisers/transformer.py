"""A Transformer along the chunk: groups of ticks attend to one another and to the context."""

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.layers import Sinusoids

LEVEL_WIDTH = 64
HEADS = 4
WIDEN = 2  # of the hidden layer after attention
TICKS = 4  # a token; 80 ms, as a token a tick is 3 times as slow to train


class TransformerDenoiser(nn.Module):
    """
    `depth` decoder layers of width / 2 over P = T / TICKS tokens that attend to the context's L.

    Each of them is told the level and the pooled context, too.
    Source: Vaswani et al. 2017, arXiv:1706.03762; on noisy chunks Chi et al. 2023,
    arXiv:2303.04137, here with layers that normalise first and attention in both directions.
    """

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        width = max(config.width // 2 // HEADS, 1) * HEADS  # W
        self.missing = -config.T % TICKS  # ticks that the last token lacks
        tokens = (config.T + self.missing) // TICKS
        self.level = Sinusoids(LEVEL_WIDTH)
        self.enter = nn.Linear(TICKS * actions, width)
        self.place = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.condition = nn.Linear(LEVEL_WIDTH + config.context, width)
        self.memory = nn.Linear(config.context, width)
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(
                width, HEADS, WIDEN * width, 0.0, 'gelu', batch_first=True, norm_first=True
            )
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, TICKS * actions)

    def forward(self, noisy: Tensor, level: Tensor, context: Context) -> Tensor:
        """Return (B, T, A) for noisy (B, T, A), level (B,) in [0, 1]."""
        groups = nn.functional.pad(noisy, (0, 0, 0, self.missing)).unflatten(1, (-1, TICKS))
        condition = torch.cat([self.level(level), context.pooled], dim=-1)
        x = self.enter(groups.flatten(2))  # (B, P, W)
        x = x + self.place + self.condition(condition)[:, None]
        memory = self.memory(context.tokens)  # (B, L, W)
        for layer in self.layers:
            x = layer(x, memory, memory_key_padding_mask=context.padding)
        said = self.leave(self.norm(x))  # (B, P, TICKS A)
        return said.unflatten(-1, (TICKS, -1)).flatten(1, 2)[:, : noisy.shape[1]]

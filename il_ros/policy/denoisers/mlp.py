"""A residual MLP on the flattened chunk: the fastest, and enough for short chunks."""

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.layers import ResidualMlp, Sinusoids

LEVEL_WIDTH = 32


class MlpDenoiser(nn.Module):
    """Noisy chunk, level and context side by side through one residual MLP."""

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.level = Sinusoids(LEVEL_WIDTH)
        size = config.T * actions
        inputs = size + LEVEL_WIDTH + config.context
        self.net = ResidualMlp(inputs, size, config.width, config.depth)

    def forward(self, noisy: Tensor, level: Tensor, context: Context) -> Tensor:
        """Return (B, T, A) for noisy (B, T, A), level (B,) in [0, 1]."""
        x = torch.cat([noisy.flatten(1), self.level(level), context.pooled], dim=-1)
        return self.net(x).unflatten(-1, noisy.shape[1:])

"""Layers that heads and encoders share."""

import math

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Normalise, widen through one hidden layer, add: (..., W) -> (..., W)."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus what the block has to add."""
        return x + self.second(nn.functional.silu(self.first(self.norm(x))))


class ResidualMlp(nn.Module):
    """(..., inputs) -> (..., outputs) through `depth` residual blocks of one width."""

    def __init__(self, inputs: int, outputs: int, width: int, depth: int):
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., outputs)."""
        return self.leave(self.norm(self.blocks(self.enter(x))))


class Sinusoids(nn.Module):
    """
    A number in [0, 1] -> `width` sines and cosines of it: (B,) -> (B, width).

    Source: Vaswani et al. 2017, arXiv:1706.03762, with the longest period at 1 and not at 10000.
    """

    frequencies: Tensor

    def __init__(self, width: int, highest: float = 1000.0):
        super().__init__()
        steps = torch.linspace(0.0, math.log(highest), width // 2)
        self.register_buffer('frequencies', steps.exp(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width)."""
        angles = x[:, None] * self.frequencies  # (B, width / 2)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)

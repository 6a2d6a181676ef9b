"""A 1-D U-Net along the chunk: convolutions in time, told level and context at every layer."""

import math

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.layers import Sinusoids

LEVEL_WIDTH = 64
KERNEL = 5  # ticks
GROUPS = 8


class FilmBlock(nn.Module):
    """
    Two convolutions in time with a scale and a shift per channel from the condition.

    Source: Perez et al. 2018, arXiv:1709.07871, as Chi et al. 2023, arXiv:2303.04137 use it.
    """

    def __init__(self, before: int, after: int, condition: int):
        super().__init__()
        pad = KERNEL // 2
        self.first = nn.Sequential(
            nn.Conv1d(before, after, KERNEL, padding=pad), nn.GroupNorm(GROUPS, after), nn.SiLU()
        )
        self.film = nn.Linear(condition, 2 * after)
        self.second = nn.Sequential(
            nn.Conv1d(after, after, KERNEL, padding=pad), nn.GroupNorm(GROUPS, after), nn.SiLU()
        )
        self.skip = nn.Conv1d(before, after, 1) if before != after else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (B, after, T) for x (B, before, T) and condition (B, D)."""
        scale, shift = self.film(condition)[..., None].chunk(2, dim=1)  # (B, after, 1) each
        return self.skip(x) + self.second(self.first(x) * (1 + scale) + shift)


class UnetDenoiser(nn.Module):
    """`depth` levels of half the time and twice the channels, from about width / 12 channels."""

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.level = Sinusoids(LEVEL_WIDTH)
        condition = LEVEL_WIDTH + config.context
        first = math.ceil(config.width / 12 / GROUPS) * GROUPS
        widths = [first * 2**i for i in range(max(config.depth, 1))]
        self.enter = nn.Conv1d(actions, first, 1)
        self.down = nn.ModuleList(
            FilmBlock(before, after, condition)
            for before, after in zip([first, *widths[:-1]], widths, strict=True)
        )
        self.middle = FilmBlock(widths[-1], widths[-1], condition)
        self.up = nn.ModuleList(
            FilmBlock(2 * before, after, condition)
            for before, after in zip(widths[::-1], [*widths[-2::-1], first], strict=True)
        )
        self.leave = nn.Conv1d(first, actions, 1)

    def forward(self, noisy: Tensor, level: Tensor, context: Context) -> Tensor:
        """Return (B, T, A) for noisy (B, T, A), level (B,) in [0, 1]."""
        condition = torch.cat([self.level(level), context.pooled], dim=-1)
        x = self.enter(noisy.transpose(1, 2))  # (B, first, T)
        skips = []
        for block in self.down:
            x = block(x, condition)
            skips.append(x)
            x = nn.functional.avg_pool1d(x, 2, ceil_mode=True)
        x = self.middle(x, condition)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = nn.functional.interpolate(x, size=skip.shape[-1])  # nearest
            x = block(torch.cat([x, skip], dim=1), condition)
        return self.leave(x).transpose(1, 2)

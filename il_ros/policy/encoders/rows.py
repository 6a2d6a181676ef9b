"""Rows of the observation history as tokens: what the encoders of history begin with."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.encoders.camera import CameraEncoder


class RowTokens(nn.Module):
    """A token for the values of each of the H rows, one of each camera's image in each row."""

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.inputs = config.inputs
        self.camera = CameraEncoder(config.cameras, config.context)
        self.state = nn.Linear(sum(sizes[name] for name in config.inputs), config.context)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Tensor:
        """Return (B, H, 1 + V, C) for values {name: (B, H, D)}, images {name: (B, H, 3, s, s)}."""
        rows = torch.cat([values[name] for name in self.inputs], dim=-1)  # (B, H, sum of D)
        tokens = self.state(rows)[:, :, None]  # (B, H, 1, C)
        if self.camera.cameras:
            flat = {name: images[name].flatten(0, 1) for name in self.camera.cameras}
            seen = self.camera(flat).unflatten(0, rows.shape[:2])  # (B, H, V, C)
            tokens = torch.cat([tokens, seen], dim=2)
        return tokens


class JoinedRows(nn.Module):
    """One token a row: (B, H, C), what was measured and what the cameras saw at the same tick."""

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.rows = RowTokens(config, sizes)
        self.join = nn.Linear((1 + len(config.cameras)) * config.context, config.context)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Tensor:
        """Return (B, H, C)."""
        tokens = self.rows(values, images).flatten(2)  # (B, H, (1 + V) C)
        return self.join(nn.functional.silu(tokens))

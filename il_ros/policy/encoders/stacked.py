"""The whole observation history side by side: velocities and stalls become visible."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.encoders.base import Encoder, unpadded
from il_ros.policy.encoders.camera import CameraEncoder


class StackedEncoder(Encoder):
    """A token for the values of each of the H rows, one of each camera's image in each row."""

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.inputs = config.inputs
        self.camera = CameraEncoder(config.cameras, config.context)
        self.state = nn.Linear(sum(sizes[name] for name in config.inputs), config.context)
        tokens = config.H * (1 + len(config.cameras))
        self.mix = nn.Linear(tokens * config.context, config.context)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return a Context of H (1 + V) tokens, the oldest row first."""
        rows = torch.cat([values[name] for name in self.inputs], dim=-1)  # (B, H, sum of D)
        batch, history = rows.shape[:2]
        tokens = self.state(rows)[:, :, None]  # (B, H, 1, C)
        if self.camera.cameras:
            flat = {name: images[name].flatten(0, 1) for name in self.camera.cameras}
            seen = self.camera(flat).unflatten(0, (batch, history))  # (B, H, V, C)
            tokens = torch.cat([tokens, seen], dim=2)
        tokens = tokens.flatten(1, 2)  # (B, L, C)
        return unpadded(tokens, self.mix(nn.functional.silu(tokens.flatten(1))))

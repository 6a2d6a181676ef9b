"""The newest observation alone: what a task needs whose state can be seen."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.encoders.base import Encoder, unpadded
from il_ros.policy.encoders.camera import CameraEncoder


class LatestEncoder(Encoder):
    """One token of the last row of the values, one of each camera's last image."""

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.inputs = config.inputs
        self.camera = CameraEncoder(config.cameras, config.context)
        self.state = nn.Linear(sum(sizes[name] for name in config.inputs), config.context)
        self.mix = nn.Linear((1 + len(config.cameras)) * config.context, config.context)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return a Context of 1 + V tokens."""
        last = [values[name][:, -1] for name in self.inputs]
        tokens = self.state(torch.cat(last, dim=-1))[:, None]  # (B, 1, C)
        if self.camera.cameras:
            newest = {name: images[name][:, -1] for name in self.camera.cameras}
            tokens = torch.cat([tokens, self.camera(newest)], dim=1)  # (B, 1 + V, C)
        return unpadded(tokens, self.mix(nn.functional.silu(tokens.flatten(1))))

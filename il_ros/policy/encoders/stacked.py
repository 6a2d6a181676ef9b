"""The whole observation history side by side: velocities and stalls become visible."""

from collections.abc import Mapping

from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.encoders.base import Encoder, unpadded
from il_ros.policy.encoders.rows import RowTokens


class StackedEncoder(Encoder):
    """A token for the values of each of the H rows, one of each camera's image in each row."""

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.rows = RowTokens(config, sizes)
        tokens = config.H * (1 + len(config.cameras))
        self.mix = nn.Linear(tokens * config.context, config.context)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return a Context of H (1 + V) tokens, the oldest row first."""
        tokens = self.rows(values, images).flatten(1, 2)  # (B, L, C)
        return unpadded(tokens, self.mix(nn.functional.silu(tokens.flatten(1))))

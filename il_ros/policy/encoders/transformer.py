"""Attention over the observation history: each row, and each camera in it, looks at all others."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.encoders.base import Encoder, unpadded
from il_ros.policy.encoders.rows import RowTokens

LAYERS = 2
HEADS = 4
WIDEN = 2  # of the hidden layer after attention
BEGIN = 0.02  # deviation of the first places, small beside the tokens


class TransformerEncoder(Encoder):
    """
    H (1 + V) tokens that know their row and their camera, and one more that reads them all.

    Source: Vaswani et al. 2017, arXiv:1706.03762, with layers that normalise first; a token that
    reads, Dosovitskiy et al. 2020, arXiv:2010.11929.
    """

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        width = config.context
        if width % HEADS:
            raise ValueError(f'context = {width}: attention needs a multiple of {HEADS}')
        self.rows = RowTokens(config, sizes)
        self.row = nn.Parameter(BEGIN * torch.randn(config.H, 1, width))
        self.kind = nn.Parameter(BEGIN * torch.randn(1 + len(config.cameras), width))
        self.reader = nn.Parameter(BEGIN * torch.randn(1, width))
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, HEADS, WIDEN * width, 0.0, 'gelu', batch_first=True, norm_first=True
                )
                for _ in range(LAYERS)
            )
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return a Context of H (1 + V) tokens, the oldest row first; pooled is what was read."""
        tokens = (self.rows(values, images) + self.row + self.kind).flatten(1, 2)  # (B, L, C)
        reader = self.reader.expand(len(tokens), -1, -1)  # (B, 1, C)
        seen = self.norm(self.layers(torch.cat([tokens, reader], dim=1)))
        return unpadded(seen[:, :-1], seen[:, -1])

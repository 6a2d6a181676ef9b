"""Convolutions in time over the observation history: the same pattern is seen whenever it came."""

from collections.abc import Mapping

from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.encoders.base import Encoder, unpadded
from il_ros.policy.encoders.rows import JoinedRows

KERNEL = 3  # rows, `dilation` apart


class CausalBlock(nn.Module):
    """What a convolution over a row and rows before it has to add: (B, H, C) -> (B, H, C)."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.past = (KERNEL - 1) * dilation
        self.norm = nn.LayerNorm(width)
        self.convolve = nn.Conv1d(width, width, KERNEL, dilation=dilation)
        self.leave = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, H, C); before the first row there is nothing."""
        before = nn.functional.pad(self.norm(x).transpose(1, 2), (self.past, 0))
        seen = self.convolve(before).transpose(1, 2)  # (B, H, C)
        return x + self.leave(nn.functional.silu(seen))


class TconvEncoder(Encoder):
    """
    Causal convolutions of doubling dilation, as many as it takes to see all H rows.

    Source: Bai et al. 2018, arXiv:1803.01271 (temporal convolutional network).
    """

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.rows = JoinedRows(config, sizes)
        self.blocks = nn.Sequential(*(CausalBlock(config.context, d) for d in dilations(config.H)))
        self.norm = nn.LayerNorm(config.context)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return a Context of H tokens, the oldest row first; the newest is the pooled one."""
        tokens = self.norm(self.blocks(self.rows(values, images)))  # (B, H, C)
        return unpadded(tokens, tokens[:, -1])


def dilations(history: int) -> list[int]:
    """Return 1, 2, 4 ... so that the newest of `history` rows is told of the oldest."""
    found, sees = [1], KERNEL
    while sees < history:
        found.append(2 * found[-1])
        sees += (KERNEL - 1) * found[-1]
    return found

"""A memory that reads the observation history row by row."""

from collections.abc import Mapping

from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.encoders.base import Encoder, unpadded
from il_ros.policy.encoders.rows import JoinedRows


class LstmEncoder(Encoder):
    """
    One LSTM layer over the H rows; its memory begins empty at the oldest, in training and live.

    Source: Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Mandlekar et al.
    2021, arXiv:2108.03298 (BC-RNN).
    """

    def __init__(self, config: TrainConfig, sizes: Mapping[str, int]):
        super().__init__()
        self.rows = JoinedRows(config, sizes)
        self.lstm = nn.LSTM(config.context, config.context, batch_first=True)

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return a Context of H tokens, the oldest row first; the newest is the pooled one."""
        tokens, _ = self.lstm(self.rows(values, images))  # (B, H, C)
        return unpadded(tokens, tokens[:, -1])

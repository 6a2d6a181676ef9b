"""What an encoder is: an observation history -> a Context."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from il_ros.policy.context import Context


class Encoder(nn.Module):
    """Built with (TrainConfig, sizes), sizes the width of each input by name."""

    def forward(self, values: Mapping[str, Tensor], images: Mapping[str, Tensor]) -> Context:
        """Return the Context of values {name: (B, H, D)} and images {name: (B, H, 3, s, s)}."""
        raise NotImplementedError


def unpadded(tokens: Tensor, pooled: Tensor) -> Context:
    """Return a Context in which every token counts; tokens (B, L, C), pooled (B, C)."""
    padding = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
    return Context(tokens, padding, pooled)

"""A chunk as whole numbers of its frequencies: smooth motion is a few of them and many noughts."""

import math

import torch
from torch import Tensor, nn


class Spectrum(nn.Module):
    """
    Chunks (..., T, D) and the rounded coefficients (..., T D) of their cosine transform.

    coefficient = round(scale * sum over t of sqrt(2 / T) cos(pi (t + 1/2) f / T) a_t), the lowest
    frequency f of all D numbers first. The transform turns and does not stretch, so that a cell of
    chunks with the same coefficients has the volume scale^-(T D), and rounding is off by
    1 / (scale sqrt(12)) deviations on average.
    Source: Pertsch et al. 2025, arXiv:2501.09747 (FAST).
    """

    basis: Tensor  # (T, T) frequency by tick, orthonormal

    def __init__(self, ticks: int, scale: float):
        super().__init__()
        self.scale = scale
        along = torch.arange(ticks, dtype=torch.float64)
        basis = math.sqrt(2 / ticks) * torch.cos(math.pi / ticks * along[:, None] * (along + 0.5))
        basis[0] /= math.sqrt(2)
        self.register_buffer('basis', basis.float(), persistent=False)

    def turned(self, chunk: Tensor) -> Tensor:
        """Return how much of each frequency there is in chunk (..., T, D): (..., T, D)."""
        with torch.autocast(chunk.device.type, enabled=False):  # whole numbers are finer than bf16
            return self.basis @ chunk.float()

    def coefficients(self, chunk: Tensor) -> Tensor:
        """Return whole numbers (..., T D), int64, for chunk (..., T, D)."""
        return (self.scale * self.turned(chunk)).round().long().flatten(-2)

    def chunk(self, coefficients: Tensor) -> Tensor:
        """Return the chunk (..., T, D) that has these coefficients (..., T D), whole or not."""
        turned = coefficients.float().unflatten(-1, (len(self.basis), -1)) / self.scale
        return self.basis.T @ turned

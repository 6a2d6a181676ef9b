"""The noise of a diffusion: how much at which level, what is predicted of it, steps to less."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

BETA_MAX = 0.999  # a level may not erase everything, or nothing could be divided by what is left
OFFSET = 0.008  # keeps the first level from being noiseless


class Schedule(nn.Module):
    """
    K levels of noise, level 0 the least: noisy = sqrt(kept) * clean + sqrt(1 - kept) * noise.

    Source: squared-cosine levels, Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17.
    """

    kept: Tensor  # (K,) share of the clean chunk's variance left at each level, also "alpha bar"

    def __init__(self, levels: int):
        super().__init__()
        self.levels = levels
        curve = [_curve(i, levels) for i in range(levels + 1)]
        beta = [min(1 - after / now, BETA_MAX) for now, after in pairwise(curve)]
        kept = torch.cumprod(1 - torch.tensor(beta, dtype=torch.float64), dim=0)
        self.register_buffer('kept', kept.float(), persistent=False)

    def noised(self, clean: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """Return clean (B, T, A) with noise (B, T, A) of level (B,) int."""
        signal, spread = self._scales(level)
        return signal * clean + spread * noise

    def target(self, kind: str, clean: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """
        Return what a network that predicts `kind` should say, (B, T, A).

        kind: 'x0', 'epsilon', or 'v' of Salimans and Ho 2022, arXiv:2202.00512.
        """
        signal, spread = self._scales(level)
        if kind == 'x0':
            return clean
        return noise if kind == 'epsilon' else signal * noise - spread * clean

    def clean(self, kind: str, said: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
        """Return the clean chunk (B, T, A) that what a network said about noisy comes to."""
        signal, spread = self._scales(level)
        if kind == 'x0':
            return said
        return (
            (noisy - spread * said) / signal
            if kind == 'epsilon'
            else (signal * noisy - spread * said)
        )

    def sampling_levels(self, steps: int, kind: str) -> list[int]:
        """
        Return `steps` levels from noisy to clean, evenly spaced.

        The noisiest is among them, but for epsilon: there a word about the noise says next to
        nothing about the chunk.
        Source: "trailing" and "leading" steps, Lin et al. 2024, arXiv:2305.08891, table 2.
        """
        if kind == 'epsilon':
            return [i * (self.levels // steps) for i in reversed(range(steps))]
        return [round(self.levels - i * self.levels / steps) - 1 for i in range(steps)]

    def step(
        self, noisy: Tensor, clean: Tensor, level: int, after: int, fresh: Tensor | None = None
    ) -> Tensor:
        """
        Return the chunk at level `after` < level (-1 is clean).

        Without fresh noise: DDIM with eta 0, Song et al. 2021, arXiv:2010.02502, equation 12.
        With fresh (B, T, A): DDPM, Ho et al. 2020, arXiv:2006.11239, equations 6 and 7, where
        part of the noise that stays is drawn anew.
        """
        if after < 0:
            return clean
        kept, next_kept = self.kept[level], self.kept[after]
        noise = (noisy - kept.sqrt() * clean) / (1 - kept).sqrt()
        if fresh is not None:
            new = (1 - kept / next_kept) / (1 - kept)  # share of its variance
            noise = (1 - new).sqrt() * noise + new.sqrt() * fresh
        return next_kept.sqrt() * clean + (1 - next_kept).sqrt() * noise

    def _scales(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scales of signal and noise at level (B,), each (B, 1, 1)."""
        kept = self.kept[level][:, None, None]
        return kept.sqrt(), (1 - kept).sqrt()


def _curve(step: int, levels: int) -> float:
    """Return the share of variance that is kept after `step` of `levels`, up to a factor."""
    return math.cos((step / levels + OFFSET) / (1 + OFFSET) * math.pi / 2) ** 2

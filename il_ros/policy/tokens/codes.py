"""Chunks as sentences of codes and back: cosine transform, rounding, byte-pair coding."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from il_ros.policy.tokens import pairs
from il_ros.policy.tokens.spectrum import Spectrum

PARTS = 2  # of a chunk, of equal width, that are written one after the other: its arms
REACH = 255  # largest whole number that has a code; what is larger is cut to it
PLAIN = 2 * REACH + 1  # codes of one whole number
PAIRED = 512  # codes of two others
CODES = PLAIN + PAIRED
SHOWN = 1024  # chunks to find pairs in; more do not change which are common
ROW = 8  # numbers, of those that a code stands for, that are looked at to tell its likelihood
NEVER = 1 << 30  # places that a code takes that there is not: no room is as large


class Codes(nn.Module):
    """
    Chunks (B, T, A) <-> sentences (B, L) of codes.

    A chunk has T A places, one for each frequency of each dimension: part by part, in a part the
    lowest frequency of all its dimensions first. A code takes one or several places of a part.
    What was found in the data is of fixed size, so that a checkpoint can hold it.
    """

    pairs: Tensor  # (PAIRED, 2) what the codes from PLAIN on stand for, -1 where there is none
    lengths: Tensor  # (CODES,) how many places a code takes
    row: Tensor  # (CODES, ROW) the whole numbers that it begins with, 0 beyond its last
    part_with: Tensor  # (A,) which part has a dimension
    part_of: Tensor  # (T A,) which part a place is in
    row_of: Tensor  # (T A,) part and frequency of a place, as one number
    room_at: Tensor  # (T A,) places from it on, itself included, until its part ends

    def __init__(self, ticks: int, actions: int, fineness: float):
        super().__init__()
        self.widths = [len(part) for part in np.array_split(range(actions), min(PARTS, actions))]
        self.sizes = [ticks * width for width in self.widths]  # places of each part
        self.ticks, self.total = ticks, ticks * actions
        self.spectrum = Spectrum(ticks, fineness)
        self.register_buffer('pairs', torch.zeros(PAIRED, 2, dtype=torch.long))
        self.register_buffer('lengths', torch.zeros(CODES, dtype=torch.long))
        self.register_buffer('row', torch.zeros(CODES, ROW, dtype=torch.long))
        self._keep(np.zeros((0, 2), dtype=np.int64))
        self._lay_out(ticks)

    def _lay_out(self, ticks: int) -> None:
        parts, sizes = torch.arange(len(self.sizes)), torch.tensor(self.sizes)
        widths = torch.tensor(self.widths)
        part = parts.repeat_interleave(sizes)  # (T A,)
        place = torch.cat([torch.arange(size) for size in self.sizes])
        self.register_buffer('part_with', parts.repeat_interleave(widths), persistent=False)
        self.register_buffer('part_of', part, persistent=False)
        self.register_buffer('row_of', part * ticks + place // widths[part], persistent=False)
        self.register_buffer('room_at', sizes[part] - place, persistent=False)

    def fit(self, actions: Tensor) -> None:
        """Find the pairs that are common in chunks (N, T, A)."""
        shown = actions[:: max(len(actions) // SHOWN, 1)]
        self._keep(pairs.learn(self.plain(shown), PLAIN, PAIRED))

    def written(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return codes, their places and whether there is one, each (B, L), for (B, T, A)."""
        codes = pairs.shorten(self.plain(actions), self.found(), PLAIN)
        is_code = codes != pairs.GAP
        row = (np.cumsum(~is_code) // len(self.sizes))[is_code]  # the chunk that a code is of
        codes = codes[is_code]
        column = np.arange(len(codes)) - np.searchsorted(row, row)
        lengths = self.lengths.cpu().numpy()[codes]
        places = np.cumsum(lengths) - lengths - row * self.total
        table = np.zeros((3, len(actions), column.max() + 1), dtype=np.int64)
        table[:, row, column] = np.stack([codes, places, np.ones_like(codes)])
        found = torch.from_numpy(table).to(actions.device)
        return found[0], found[1], found[2].bool()

    def read(self, codes: Tensor, near: Tensor | None = None) -> Tensor:
        """
        Return the chunks (B, T, A) that sentences (B, L) spell; -1 is no code.

        The middle of a sentence's cell, or what of it is nearest to numbers near (B, T A).
        """
        found = self.found()
        plain = [
            [n for code in row if code >= 0 for n in pairs.spelled(code, found, PLAIN)]
            for row in codes.tolist()
        ]
        numbers = torch.tensor(plain, device=codes.device).float() - REACH  # (B, T A)
        if near is not None:
            numbers = (near * self.spectrum.scale).clamp(numbers - 0.5, numbers + 0.5)
        parts = [self.spectrum.chunk(part) for part in numbers.split(self.sizes, dim=1)]
        return torch.cat(parts, dim=-1)

    def numbers(self, actions: Tensor) -> Tensor:
        """Return what is at the places (B, T A) of chunks (B, T, A) [deviations], not rounded."""
        parts = actions.split(self.widths, dim=-1)
        return torch.cat([self.spectrum.turned(part).flatten(1) for part in parts], dim=1)

    def least(self, mask: Tensor) -> Tensor:
        """Return the least of mask (B, T, A) in each part, (B, parts)."""
        return torch.stack([part.amin((1, 2)) for part in mask.split(self.widths, -1)], dim=1)

    @property
    def log_volumes(self) -> Tensor:
        """The log-volume of the cell of chunks that are written alike, of each part (parts,)."""
        sizes = torch.tensor(self.sizes, device=self.pairs.device)
        return -sizes * math.log(self.spectrum.scale)

    def covers(self, actions: Tensor) -> Tensor:
        """Whether a chunk (B, T, A) is written without a number being cut, (B,)."""
        return (self._whole(actions).abs() <= REACH).all(1)

    def _whole(self, actions: Tensor) -> Tensor:
        """Return the whole numbers (B, T A) at the places of chunks (B, T, A)."""
        parts = actions.split(self.widths, dim=-1)
        return torch.cat([self.spectrum.coefficients(part) for part in parts], dim=1)

    def plain(self, actions: Tensor) -> np.ndarray:
        """Return the plain codes of chunks (B, T, A) end to end, a GAP after each part."""
        numbers = self._whole(actions).clamp(-REACH, REACH) + REACH
        parts = [
            nn.functional.pad(p, (0, 1), value=pairs.GAP) for p in numbers.split(self.sizes, 1)
        ]
        return torch.cat(parts, dim=1).flatten().cpu().numpy()

    def found(self) -> np.ndarray:
        """Return the pairs that there are, (m, 2)."""
        return self.pairs[self.pairs[:, 0] >= 0].cpu().numpy()

    def _keep(self, found: np.ndarray) -> None:
        """Keep pairs (m, 2), and what follows from them."""
        known = PLAIN + len(found)
        row = np.zeros((known, ROW), dtype=np.int64)
        for code in range(known):
            begin = np.array(pairs.spelled(code, found, PLAIN)[:ROW])
            row[code, : len(begin)] = begin - REACH
        for buffer, values, missing in (
            (self.pairs, torch.from_numpy(found), -1),
            (self.lengths, torch.from_numpy(pairs.lengths(found, PLAIN)), NEVER),
            (self.row, torch.from_numpy(row), 0),
        ):
            buffer.fill_(missing)
            buffer[: len(values)] = values

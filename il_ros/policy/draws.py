"""Random draws that come out the same on one process and on many, on a CPU and on a GPU."""

import torch
from torch import Tensor


class ShardGenerator(torch.Generator):
    """The draws of one rank: its rows of what one process would draw for the whole batch."""

    rank = 0
    shards = 1

    @classmethod
    def of(cls, rank: int, shards: int) -> 'ShardGenerator':
        """Return the generator of rank out of shards; all must be seeded alike."""
        generator = cls()
        generator.rank, generator.shards = rank, shards
        return generator


def normal(generator: torch.Generator, like: Tensor) -> Tensor:
    """Return standard normal noise shaped as like (B, ...), on its device."""
    first, rows = _rows(generator, len(like))
    drawn = torch.randn(rows, *like.shape[1:], generator=generator, device=generator.device)
    return drawn[first : first + len(like)].to(like.device)


def integers(generator: torch.Generator, high: int, like: Tensor) -> Tensor:
    """Return integers (B,) in [0, high), B and device as of like (B, ...)."""
    first, rows = _rows(generator, len(like))
    drawn = torch.randint(high, (rows,), generator=generator, device=generator.device)
    return drawn[first : first + len(like)].to(like.device)


def uniform(generator: torch.Generator, like: Tensor) -> Tensor:
    """Return numbers in [0, 1) shaped as like (B, ...), on its device."""
    first, rows = _rows(generator, len(like))
    drawn = torch.rand(rows, *like.shape[1:], generator=generator, device=generator.device)
    return drawn[first : first + len(like)].to(like.device)


def choices(generator: torch.Generator, logits: Tensor) -> Tensor:
    """Return indices (B, ...) of the last dimension, as likely as softmax(logits (B, ..., K))."""
    below = logits.softmax(-1).cumsum(-1)[..., :-1]  # (B, ..., K - 1): the last is 1
    return (uniform(generator, logits[..., 0])[..., None] >= below).sum(-1)


def _rows(generator: torch.Generator, size: int) -> tuple[int, int]:
    """Return the first row of ours, and how many the whole batch has."""
    if isinstance(generator, ShardGenerator):
        return generator.rank * size, generator.shards * size
    return 0, size

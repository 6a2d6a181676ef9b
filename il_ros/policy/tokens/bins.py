"""A number as one of K bins of its dimension: what can be a class can have any distribution."""

import torch
from torch import Tensor, nn

REACH = 5.0  # [deviations] of bins that were never fitted
MARGIN = 0.1  # of the range, on either side: what was never shown may lie a little beyond
LEAST = 0.01  # [deviations] of it, where a dimension never moved
EVEN = 0.02  # share of even spacing among quantiles, which coincide where numbers repeat


class Bins(nn.Module):
    """
    K bins for each of A dimensions; density is even inside a bin, and nought beyond the last.

    Source: Brohan et al. 2022, arXiv:2212.06817 (RT-1: 256 even bins a dimension).
    """

    edges: Tensor  # (A, K + 1) rising

    def __init__(self, actions: int, count: int):
        super().__init__()
        ends = torch.tensor([[-REACH], [REACH]]).expand(2, actions)
        self.register_buffer('edges', _even(ends, count))

    @property
    def centres(self) -> Tensor:
        """The middle of every bin, (A, K)."""
        return 0.5 * (self.edges[:, 1:] + self.edges[:, :-1])

    @property
    def widths(self) -> Tensor:
        """How wide every bin is, (A, K)."""
        return self.edges.diff(dim=-1)

    def fit(self, actions: Tensor, by_quantile: bool) -> None:
        """Lay the bins over chunks (N, T, A): evenly, or finer where numbers lie closer."""
        numbers = actions.flatten(0, 1).sort(0).values  # (N T, A)
        margin = MARGIN * (numbers[-1] - numbers[0]) + LEAST
        ends = torch.stack([numbers[0] - margin, numbers[-1] + margin])  # (2, A)
        edges = _even(ends, self.edges.shape[1] - 1)
        if by_quantile:
            places = torch.linspace(0, len(numbers) - 1, edges.shape[1]).round().long()
            quantiles = numbers[places.to(numbers.device)].T.contiguous()  # (A, K + 1)
            quantiles[:, 0], quantiles[:, -1] = ends
            edges = torch.lerp(quantiles, edges, EVEN)
        self.edges.copy_(edges)

    def indices(self, actions: Tensor) -> Tensor:
        """Return the bin (..., A) of each number; one beyond the last bin is in the last."""
        rows = actions.movedim(-1, 0).flatten(1).contiguous()  # (A, ...)
        found = torch.searchsorted(self.edges[:, 1:-1].contiguous(), rows, right=True)
        return found.unflatten(1, actions.shape[:-1]).movedim(0, -1)

    def of(self, table: Tensor, indices: Tensor) -> Tensor:
        """Return what table (A, K) says of bins (..., A)."""
        return table.gather(1, indices.movedim(-1, 0).flatten(1)).T.unflatten(
            0, indices.shape[:-1]
        )

    def covers(self, actions: Tensor) -> Tensor:
        """Whether each number (..., A) lies in a bin at all."""
        return (actions >= self.edges[:, 0]) & (actions <= self.edges[:, -1])


def _even(ends: Tensor, count: int) -> Tensor:
    """Return count + 1 evenly spaced edges between ends (2, A): (A, count + 1)."""
    along = torch.linspace(0.0, 1.0, count + 1, device=ends.device)
    return torch.lerp(ends[0, :, None], ends[1, :, None], along)

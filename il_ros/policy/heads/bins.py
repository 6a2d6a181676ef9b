"""Bins for each dimension of an action, laid over the range that training data have."""

import torch
from torch import Tensor, nn

UNFITTED = 3.0  # [deviations] how far bins reach to either side before any data were seen
THINNEST = 1e-3  # [deviations] bins of a dimension that never moved
NEAR = 0.05  # of the range: so near to a value a number is at that value
MOST = 0.75  # of its numbers are at one of two values, for a dimension that knows no others


class Bins(nn.Module):
    """
    K bins of one width over a dimension's range, or 2, and one more on either side.

    What is beyond the range is in the first and the last bin, of a density that falls by e a
    width; inside a bin density is uniform. A dimension that keeps to two values, as a gripper does
    that only opens and closes, has two bins inside, each with its value.
    """

    low: Tensor
    width: Tensor
    count: Tensor
    value: Tensor

    def __init__(self, bins: int, actions: int):
        super().__init__()
        self.most = bins + 2
        self.register_buffer('low', torch.full((actions,), -UNFITTED))  # (A,)
        self.register_buffer('width', torch.full((actions,), 2 * UNFITTED / bins))  # (A,)
        self.register_buffer('count', torch.full((actions,), bins))  # (A,) K or 2
        self.register_buffer('value', self._middles())  # (A, K + 2) what stands for a bin

    def fit(self, actions: Tensor) -> None:
        """Lay the bins over the numbers of chunks (N, T, A)."""
        numbers = actions.flatten(0, 1)  # (N T, A)
        bins = self.most - 2
        pairs = [two_values(column) for column in numbers.T]
        count = [bins if pair is None else 2 for pair in pairs]
        span = numbers.amax(0) - numbers.amin(0)
        self.low.copy_(numbers.amin(0))
        self.count.copy_(torch.tensor(count))
        self.width.copy_((span / self.count).clamp(min=THINNEST))
        self.value.copy_(self._middles())
        for dimension, pair in enumerate(pairs):
            if pair is not None:
                self.value[dimension, :4] = pair.repeat_interleave(2)

    @property
    def exist(self) -> Tensor:
        """Which of a dimension's K + 2 bins there are, (A, K + 2) bool."""
        return torch.arange(self.most, device=self.count.device) < self.count[:, None] + 2

    def of(self, actions: Tensor) -> Tensor:
        """Return the bin (..., A) that each number of actions (..., A) is in."""
        place = ((actions - self.low) / self.width).floor() + 1
        return place.clamp(min=0).minimum(self.count + 1).long()

    def density(self, actions: Tensor, bins: Tensor) -> Tensor:
        """Return the log-density of numbers within the bins (..., A) that they are in."""
        inside = (actions - self.low) / self.width - bins + 1  # in [0, 1) of the bin's width
        beyond = torch.where(bins == 0, 1 - inside, torch.where(bins > self.count, inside, 0.0))
        return -beyond - self.width.log()

    def draw(self, bins: Tensor, share: Tensor) -> Tensor:
        """Return numbers (..., A) drawn within bins by uniform numbers share in [0, 1)."""
        beyond = -torch.log1p(-share)
        last = torch.where(bins > self.count, beyond, share)
        inside = torch.where(bins == 0, 1 - beyond, last)
        return self.low + (bins - 1 + inside) * self.width

    def middle(self, bins: Tensor) -> Tensor:
        """Return what stands for each of bins (..., A)."""
        return self.value.expand(*bins.shape, -1).gather(-1, bins[..., None])[..., 0]

    def _middles(self) -> Tensor:
        """Return the middle of every bin, of those beyond the range its edge: (A, K + 2)."""
        places = torch.arange(self.most, device=self.low.device) - 0.5
        inside = places.clamp(min=0.0).minimum(self.count[:, None])
        return self.low[:, None] + inside * self.width[:, None]


def two_values(numbers: Tensor) -> Tensor | None:
    """Return the two values (2,), rising, that numbers (M,) keep to; None where they do not."""
    low, high = numbers.min(), numbers.max()
    if low == high:
        return None
    is_high = numbers > (low + high) / 2
    values = torch.stack([numbers[~is_high].median(), numbers[is_high].median()])
    is_near = (numbers - values[is_high.long()]).abs() <= NEAR * (high - low)
    if min(is_near[~is_high].float().mean(), is_near[is_high].float().mean()) < MOST:
        return None
    return values

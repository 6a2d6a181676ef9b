"""K values for each dimension of an action, laid over the range that training data have."""

import torch
from torch import Tensor, nn

UNFITTED = 3.0  # [deviations] how far values reach to either side before any data were seen
THINNEST = 1e-3  # [deviations] the step of a dimension that never moved
NEAR = 0.05  # of the range: so near to a value a number is at that value
MOST = 0.75  # of its numbers are at one of two values, for a dimension that knows no others


class Grid(nn.Module):
    """
    K values at even steps over a dimension's range, or 2; what lies between is shared linearly.

    So a number is a share f of one value and 1 - f of the value below it. Around a value lies a
    triangle of density that reaches to its neighbours; beyond the range density falls by e every
    half step. A dimension that keeps to two values, as a gripper does that only opens and closes,
    has these two.
    """

    low: Tensor
    step: Tensor
    count: Tensor

    def __init__(self, values: int, actions: int):
        super().__init__()
        self.values = values
        self.register_buffer('low', torch.full((actions,), -UNFITTED))  # (A,) the first value
        self.register_buffer('step', torch.full((actions,), 2 * UNFITTED / (values - 1)))  # (A,)
        self.register_buffer('count', torch.full((actions,), values))  # (A,) K or 2

    def fit(self, actions: Tensor) -> None:
        """Lay the values over the numbers of chunks (N, T, A)."""
        numbers = actions.flatten(0, 1)  # (N T, A)
        for d, column in enumerate(numbers.T):
            pair = two_values(column)
            low, high = (column.min(), column.max()) if pair is None else pair
            self.count[d] = self.values if pair is None else 2
            self.low[d] = low
            self.step[d] = ((high - low) / (self.count[d] - 1)).clamp(min=THINNEST)

    @property
    def exist(self) -> Tensor:
        """Which of K values a dimension has, (A, K) bool."""
        return torch.arange(self.values, device=self.count.device) < self.count[:, None]

    def place(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Return where numbers (..., A) lie, (..., A) each.

        The value below, the share [0, 1] of the one above, and how far beyond the range [steps].
        """
        steps = (actions - self.low) / self.step
        inside = steps.clamp(min=0.0).minimum(self.count - 1)
        below = inside.floor().minimum(self.count - 2)
        return below.long(), inside - below, (steps - inside).abs()

    def density(self, beyond: Tensor) -> Tensor:
        """Return the log-density (..., A) at a value, seen from so many steps beyond the range."""
        return -2 * beyond - self.step.log()

    def number(self, steps: Tensor) -> Tensor:
        """Return the numbers (..., A) that are so many steps above the first value."""
        return self.low + steps * self.step

    def around(self, value: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Return numbers (..., A) drawn around values by two uniform numbers in [0, 1) each."""
        off = first + second - 1  # of triangular density in (-1, 1)
        is_out = torch.where(off < 0, value == 0, value == self.count - 1)
        out = -off.sign() * torch.log1p(-off.abs())
        return self.number(value + torch.where(is_out, out, off))


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

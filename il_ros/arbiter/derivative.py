"""Velocity and acceleration out of positions that are noisy: the parabola nearest some of them."""

from functools import lru_cache

import numpy as np

WINDOW = 7  # rows of a chunk from which the motion at one of them is read


@lru_cache(maxsize=64)
def parabola(times_ns: tuple[int, ...]) -> np.ndarray:
    """
    Return weights (2, n): velocity and acceleration at time 0 from n positions at times_ns.

    Two positions make a line, one stands still.
    Source: Savitzky and Golay 1964, for any spacing.
    """
    t = np.array(times_ns) * 1e-9  # (n,) [s]
    basis = np.stack([np.ones_like(t), t, t**2 / 2], axis=1)[:, : len(t)]
    weights = np.zeros((2, len(t)))
    weights[: len(t) - 1] = np.linalg.pinv(basis)[1:]
    return weights


@lru_cache(maxsize=16)
def along(T: int, dt_ns: int) -> np.ndarray:
    """Return (2, T, T): velocity and acceleration at each of T rows dt_ns apart, per row."""
    weights = np.zeros((2, T, T))
    width = min(WINDOW, T)
    for i in range(T):
        first = min(max(i - width // 2, 0), T - width)  # at the ends the window looks inwards
        rows = range(first, first + width)
        weights[:, i, rows] = parabola(tuple((row - i) * dt_ns for row in rows))
    return weights

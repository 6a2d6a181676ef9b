"""Whether counts grow or shrink from round to round: Poisson regression."""

from collections.abc import Sequence
from math import erfc, exp, sqrt

import numpy as np

from il_ros.rollout.statistics import Z95, Estimate

STEPS = 50  # of Newton's method; it needs about five


def slope(counts: Sequence[Sequence[int]]) -> Estimate | None:
    """
    Return by how much the log of the mean count grows a round.

    counts: an int an episode, round by round. A regression with the log as its link; its interval
    (95 %) does not believe that the variance is the mean, as episodes differ: the sandwich (Huber
    1967; White 1980, doi:10.2307/1912934). None where there is nothing to fit: no count above 0,
    or in no more than one round.
    """
    y = np.array([count for row in counts for count in row], dtype=float)  # (n,)
    number = np.array([i for i, row in enumerate(counts) for _ in row], dtype=float)
    if len(set(number[y > 0])) < 2:
        return None
    x = np.stack([np.ones_like(number), number], axis=1)  # (n, 2)
    weights = np.array([np.log(y.mean()), 0.0])
    for _ in range(STEPS):
        mean = np.exp(x @ weights)  # (n,)
        step = np.linalg.solve((x * mean[:, None]).T @ x, x.T @ (y - mean))
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    bread = np.linalg.inv((x * np.exp(x @ weights)[:, None]).T @ x)
    meat = (x * ((y - np.exp(x @ weights)) ** 2)[:, None]).T @ x
    error = sqrt((bread @ meat @ bread)[1, 1])
    value = float(weights[1])
    p = erfc(abs(value) / max(error, 1e-300) / sqrt(2))
    return Estimate(value, value - Z95 * error, value + Z95 * error, p)


def percent(found: Estimate) -> str:
    """Return a slope as what it does to the mean a round, with its interval."""
    value, low, high = (100 * (exp(end) - 1) for end in (found.value, found.low, found.high))
    return f'{value:+.0f} % a round [{low:+.0f}, {high:+.0f}]'

"""Intervals for rates: a success rate without one is a rumour."""

from math import sqrt

Z95 = 1.959963984540054  # standard normal quantile of 0.975


def wilson(successes: int, n: int) -> tuple[float, float]:
    """
    Return the 95 % Wilson score interval of a rate; (0, 1) for n = 0.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    if n == 0:
        return 0.0, 1.0
    rate = successes / n
    scale = 1 + Z95**2 / n
    centre = (rate + Z95**2 / (2 * n)) / scale
    spread = Z95 / scale * sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n * n))
    low = 0.0 if successes == 0 else centre - spread
    high = 1.0 if successes == n else centre + spread
    return low, high

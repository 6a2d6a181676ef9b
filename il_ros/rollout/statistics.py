"""Intervals for rates: a success rate without one is a rumour. All are of 95 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

Z95 = 1.959963984540054  # standard normal quantile of 0.975
DRAWS = 4000  # bootstrap replicates: the ends of an interval are then good to two digits
DRAW_SEED = 0  # the same outcomes give the same interval


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval."""

    value: float
    low: float
    high: float
    p: float  # two-sided, of the figure being 0 in truth


def wilson(successes: int, n: int) -> tuple[float, float]:
    """
    Return the Wilson score interval of a rate; (0, 1) for n = 0.

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


def rate(wins: np.ndarray) -> Estimate:
    """Return the success of a method; wins (S, E): training seeds, initial states."""
    found = contrast([(1.0, wins)])
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0))


def difference(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """Return by how much ours (S, E) succeeds more often than theirs, paired by initial state."""
    return contrast([(1.0, ours), (-1.0, theirs)])


def interaction(
    ours: np.ndarray, theirs: np.ndarray, ours_before: np.ndarray, theirs_before: np.ndarray
) -> Estimate:
    """Return (ours - theirs) - (ours_before - theirs_before), wins (S, E) each, one set of E."""
    parts = [(1.0, ours), (-1.0, theirs), (-1.0, ours_before), (1.0, theirs_before)]
    return contrast(parts)


def contrast(parts: Sequence[tuple[float, np.ndarray]]) -> Estimate:
    """
    Return a weighted sum of success rates with a bootstrap over seeds and over initial states.

    parts: (weight, wins (S, E)); column e is the same initial state in all of them, so that it is
    drawn for all of them at once, whereas seeds are drawn for each part of its own. With S = 1 the
    interval is about that one training. Raises ValueError where E differs.
    Drawing a few seeds from a few is too narrow: their deviations are stretched to what Student's
    t would give them (Hesterberg 2015, arXiv:1411.5279). Two initial states with the
    best and the worst possible outcome are added to those drawn from, so that a rate of 1 in few
    episodes has an interval, too (Agresti and Caffo 2000, doi:10.1080/00031305.2000.10474560).
    """
    arrays = [(weight, np.asarray(wins, dtype=float)) for weight, wins in parts]
    if len({wins.shape[1] for _, wins in arrays}) != 1:
        raise ValueError(
            f'wins of shapes {[w.shape for _, w in arrays]}: compare on the same initial states'
        )
    random = np.random.default_rng(DRAW_SEED)
    drawn = _of_states(arrays, random) + _of_seeds(arrays, random)  # (DRAWS,)
    low, high = np.quantile(drawn, [0.025, 0.975])
    rarer = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (1 + rarer) / (1 + DRAWS))
    value = sum(weight * wins.mean() for weight, wins in arrays)
    return Estimate(float(value), float(low), float(high), float(p))


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """
    Return p-values corrected for there being several, so that all errors together are bounded.

    Source: Holm 1979, https://www.jstor.org/stable/4615733.
    """
    corrected, largest = {}, 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        largest = max(largest, min(1.0, (len(p) - rank) * p[name]))
        corrected[name] = largest
    return {name: corrected[name] for name in p}


Parts = Sequence[tuple[float, np.ndarray]]


def _of_states(parts: Parts, random: np.random.Generator) -> np.ndarray:
    """Return (DRAWS,) contrasts over drawn initial states."""
    column = sum(weight * wins.mean(0) for weight, wins in parts)  # (E,)
    best = sum(weight for weight, _ in parts if weight > 0)
    worst = sum(weight for weight, _ in parts if weight < 0)
    states = np.append(column, [best, worst])  # (E + 2,)
    return states[random.integers(len(states), size=(DRAWS, len(states)))].mean(1)


def _of_seeds(parts: Parts, random: np.random.Generator) -> np.ndarray:
    """Return (DRAWS,) deviations of the contrast over drawn training seeds."""
    total = np.zeros(DRAWS)
    stretch = _t95(_freedom(parts)) / Z95
    for weight, wins in parts:
        seeds = len(wins)
        if seeds > 1:
            off = weight * (wins.mean(1) - wins.mean())  # (S,)
            drawn = random.choice(off, (DRAWS, seeds)).mean(1)
            total += stretch * sqrt(seeds / (seeds - 1)) * drawn
    return total


def _freedom(parts: Parts) -> float:
    """Return the degrees of freedom of what seeds contribute (Welch and Satterthwaite)."""
    several = [(weight, wins.mean(1)) for weight, wins in parts if len(wins) > 1]
    spread = [weight**2 * means.var(ddof=1) / len(means) for weight, means in several]
    if sum(spread) == 0:
        return np.inf
    squares = [s**2 / (len(means) - 1) for s, (_, means) in zip(spread, several, strict=True)]
    return sum(spread) ** 2 / sum(squares)


def _t95(freedom: float) -> float:
    """
    Return Student's quantile of 0.975, to 0.3 % from four degrees of freedom on.

    Source: Abramowitz and Stegun 1964, 26.7.5.
    """
    z, v = Z95, freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3

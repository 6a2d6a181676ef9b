"""How well a score foretells that a person is needed: from episodes whose moments were judged."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from il_ros.policy.scores.thresholds import for_false_alarms

# Pairs of moments that are compared:
LENGTH, ALL, SECOND = 'at matched length', 'at any time', 'in the same second'
FEWEST = 5  # moments of each kind in a second
DRAWS = 1000  # bootstrap replicates
DRAW_SEED = 0


@dataclass(frozen=True, eq=False)
class Moments:
    """Judged moments of several episodes, M rows; those that nobody could save are left out."""

    episode: np.ndarray  # (M,) int
    at_s: np.ndarray  # (M,) since the episode's start
    is_needed: np.ndarray  # (M,) bool; else the policy succeeds from there
    score: np.ndarray  # (M,) of the newest plan
    lasts: np.ndarray  # (M,) share of the successes that last as long; 1 in a success


@dataclass(frozen=True, eq=False)
class Series:
    """The plans of one episode."""

    at_s: np.ndarray  # (p,)
    score: np.ndarray  # (p,)
    last_s: float | None = None  # of a failed one: the last moment at which it could be saved


@dataclass(frozen=True)
class Alarms:
    """What comes of a bound, averaged over splits of the successes."""

    false_alarms: float  # per successful episode that calibration did not see
    detected: float  # share of failed episodes in which the call comes while there is help
    warning_s: float | None  # median, of those, from the call to the last recoverable moment


def auroc(moments: Moments, counts: np.ndarray, among: str) -> np.ndarray:
    """
    Return how often a needed moment scores above another, ties counting half: (d,), NaN without.

    counts: (d, E), how often each episode counts. among: which pairs count, LENGTH, ALL, SECOND.
    Failed episodes last longer, so that among all pairs the time alone is a good score; at matched
    length a failed episode is cut where a success, drawn at random, ends.
    """
    yes, no = moments.is_needed, ~moments.is_needed
    above = (1 + np.sign(np.subtract.outer(moments.score[yes], moments.score[no]))) / 2
    weight = np.ones_like(above)
    if among == LENGTH:
        weight = np.multiply.outer(moments.lasts[yes], moments.lasts[no])
    if among == SECOND:
        second = np.floor(moments.at_s)
        weight = np.equal.outer(second[yes], second[no]).astype(float)
    often = counts[:, moments.episode].astype(float)
    pairs = ((often[:, yes] @ weight) * often[:, no]).sum(axis=1)
    won = ((often[:, yes] @ (above * weight)) * often[:, no]).sum(axis=1)
    return np.divide(won, pairs, out=np.full(len(counts), np.nan), where=pairs > 0)


def by_second(moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds since the start (s,), and the AUROC within each, where it is known."""
    second, once = np.floor(moments.at_s), np.ones((1, moments.episode.max() + 1))
    found = []
    for at_s in np.unique(second):
        here = second == at_s
        needed = moments.is_needed[here].sum()
        if min(needed, here.sum() - needed) >= FEWEST:
            parts = (getattr(moments, field.name)[here] for field in fields(Moments))
            found.append((at_s, auroc(Moments(*parts), once, ALL)[0]))
    seconds, values = np.array(found).reshape(-1, 2).T
    return seconds, values


def resampled(episodes: int) -> np.ndarray:
    """Return how often each of E episodes is in a replicate: (DRAWS, E), ever the same."""
    random = np.random.default_rng(DRAW_SEED)
    return random.multinomial(episodes, np.full(episodes, 1 / episodes), size=DRAWS)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the middle 95 % of values (n,), NaN left out."""
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def alarms(
    successes: Sequence[Series], failures: Sequence[Series], rate: float, splits: int
) -> Alarms:
    """
    Return what comes of the bound for a rate of false alarms, averaged over splits in halves.

    Failures that could never be saved count as undetected. Raises ValueError where half of the
    successes are too few to calibrate.
    """
    random = np.random.default_rng(DRAW_SEED)
    false: list[float] = []
    detected: list[float] = []
    warnings: list[float] = []
    for _ in range(splits):
        order = random.permutation(len(successes))
        half = len(order) // 2
        high = for_false_alarms([successes[i].score for i in order[:half]], rate).high
        unseen = [successes[i].score for i in order[half:]]
        false.append(float(np.mean([(score > high).any() for score in unseen])))
        margins = [_margin_s(series, high) for series in failures]
        detected.append(sum(m is not None for m in margins) / max(len(margins), 1))
        warnings += [margin for margin in margins if margin is not None]
    warning_s = float(np.median(warnings)) if warnings else None
    return Alarms(float(np.mean(false)), float(np.mean(detected)), warning_s)


def _margin_s(series: Series, high: float) -> float | None:
    """Return how long before the last recoverable moment the first call comes, None if after."""
    calls = np.flatnonzero(series.score > high)
    if series.last_s is None or not len(calls) or series.at_s[calls[0]] > series.last_s:
        return None
    return float(series.last_s - series.at_s[calls[0]])

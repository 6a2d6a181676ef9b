"""How well a score foretells that a person is needed: from episodes whose moments were judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from il_ros.policy.scores.thresholds import for_false_alarms

BIN_S = 1.0  # moments this near in time count as at the same time
DRAWS = 1000  # bootstrap replicates
DRAW_SEED = 0


@dataclass(frozen=True, eq=False)
class Moments:
    """Judged moments of several episodes, M rows; those that nobody could save are left out."""

    episode: np.ndarray  # (M,) int
    at_s: np.ndarray  # (M,) since the episode's start
    is_needed: np.ndarray  # (M,) bool; else the policy succeeds from there
    score: np.ndarray  # (M,) of the newest plan


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


def auroc(score: np.ndarray, is_positive: np.ndarray) -> float:
    """Return how often a positive scores above a negative, ties counting half; NaN without."""
    above, pairs = _pairs(score, is_positive)
    return above / pairs if pairs else float('nan')


def matched_auroc(moments: Moments) -> float:
    """
    Return the same for pairs at the same time since the start, NaN without any.

    Failed episodes last longer: without that the time alone is a good score.
    """
    bins = np.floor(moments.at_s / BIN_S)
    total = np.zeros(2)
    for each in np.unique(bins):
        here = bins == each
        total += _pairs(moments.score[here], moments.is_needed[here])
    return float(total[0] / total[1]) if total[1] else float('nan')


def resampled(moments: Moments) -> Sequence[Moments]:
    """Return bootstrap replicates over episodes; the same for all scores of the same episodes."""
    random = np.random.default_rng(DRAW_SEED)
    names = np.unique(moments.episode)
    rows = {name: np.flatnonzero(moments.episode == name) for name in names}
    found = []
    for _ in range(DRAWS):
        chosen = np.concatenate([rows[name] for name in random.choice(names, len(names))])
        parts = (moments.episode, moments.at_s, moments.is_needed, moments.score)
        found.append(Moments(*(part[chosen] for part in parts)))
    return found


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


def _pairs(score: np.ndarray, is_positive: np.ndarray) -> tuple[float, int]:
    """Return in how many pairs the positive is above, and how many there are."""
    positive, negative = score[is_positive], np.sort(score[~is_positive])
    below = np.searchsorted(negative, positive, 'left')
    ties = np.searchsorted(negative, positive, 'right') - below
    return float((below + ties / 2).sum()), len(positive) * len(negative)

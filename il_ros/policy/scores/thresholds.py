"""What counts as much of a score: from roll-outs, for a chosen rate of calls."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from il_ros.policy.scores.bounds import Bounds

CALM = 0.9  # part of the plans of those roll-outs that are at or below `low`


def for_false_alarms(successes: Sequence[np.ndarray], rate: float) -> Bounds:
    """
    Return the bounds that call in at most `rate` of the episodes that would have succeeded.

    successes: of each successful roll-out of one checkpoint the scores (n,) of its plans, in which
    nobody helped. Raises ValueError where there are too few of them, or a score is not finite.

    Split conformal prediction on the highest score of an episode: among n + 1 exchangeable
    episodes the next one's is as likely at any rank, so that above the k-th of n, k the least
    integer >= (n + 1)(1 - rate), it comes at most at that rate, and no rarer than 1 / (n + 1)
    less. That holds whatever the plans of an episode have to do with each other, and however many
    there are. One bound for all times, not a band over time as in FAIL-Detect (Xu et al. 2025,
    arXiv:2503.08558): time since the start does not say how far the task is once somebody paused
    or helped, and then a band is that of another moment.
    Source: Vovk et al. 2005; Lei et al. 2018, arXiv:1604.04173.
    """
    if not 0.0 < rate < 1.0:
        raise ValueError(f'rate = {rate}: a share of the episodes, between 0 and 1')
    highest = np.sort([_checked(scores).max() for scores in successes])  # (n,)
    rank = ceil((len(highest) + 1) * (1 - rate) - 1e-9)  # 0.9 * 20 is 18, and not 19
    if rank > len(highest):
        raise ValueError(
            f'{len(highest)} roll-outs cannot show a rate of {rate:g}: give at least '
            f'{ceil(1 / rate - 1e-9) - 1}, or ask for a higher rate'
        )
    high = float(highest[rank - 1])
    low = float(np.quantile(np.concatenate(list(successes)), CALM))
    return Bounds(high, min(low, high), len(highest), rate)


def for_calls(rollouts: Sequence[np.ndarray], hours: float, calls_per_hour: float) -> Bounds:
    """
    Return the bounds that call so often, at most, in an hour of acting.

    rollouts: as above, of all roll-outs, failed ones too, which took so many hours together. An
    episode is taken to call once: after that it is a person's. ValueError for more calls an hour
    than there are episodes.
    """
    per_episode = calls_per_hour * hours / max(len(rollouts), 1)
    if not 0.0 < per_episode < 1.0:
        raise ValueError(
            f'{calls_per_hour:g} calls an hour: between 0 and {len(rollouts) / hours:.0f}, the '
            'episodes an hour; to be called in every episode, watch'
        )
    return replace(for_false_alarms(rollouts, per_episode), calls_per_hour=calls_per_hour)


def _checked(scores: np.ndarray) -> np.ndarray:
    """Return the scores (n,) of an episode; ValueError where there is nothing to compare."""
    if not len(scores) or not np.isfinite(scores).all():
        raise ValueError(f'{len(scores)} scores in a roll-out, {np.isfinite(scores).sum()} finite')
    return scores

"""The figures of `study gate`: what is kept of an episode's scores, and what they foretell."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from il_ros.policy.scores import SCORES
from il_ros.registry import lookup
from il_ros.studies.study import Result
from il_ros.studies.warnings import (
    ALL,
    LENGTH,
    SECOND,
    Moments,
    Series,
    alarms,
    auroc,
    interval,
    resampled,
)

RATE = 0.1  # of false alarms per successful episode
SPLITS = 20
DIGITS = 5  # of a score that are kept


def with_baselines(
    plans: Sequence[tuple[float, dict[str, float]]], seed: int
) -> list[tuple[float, dict[str, float]]]:
    """Return plans with the scores of gates that know nothing but the time, or nothing."""
    random = np.random.default_rng(seed)
    return [(at_s, {**told, 'time': at_s, 'random': random.random()}) for at_s, told in plans]


def records(plans: Sequence[tuple[float, Mapping[str, float]]], name: str) -> list[list[float]]:
    """Return [time, score] of each plan whose score is above all before: what a bound can see."""
    found: list[list[float]] = []
    for at_s, told in plans:
        if not found or told[name] > found[-1][1]:
            found.append([round(at_s, 3), told[name]])
    return [[at_s, float(f'{value:.{DIGITS}g}')] for at_s, value in found]


def newest(
    plans: Sequence[tuple[float, Mapping[str, float]]], at_s: float
) -> dict[str, dict[str, float]]:
    """Return the scores of the newest plan at a time since the start, of the first before it."""
    told = [scores for planned_s, scores in plans if planned_s <= at_s + 1e-9] or [plans[0][1]]
    return {'scores': {name: float(f'{v:.{DIGITS}g}') for name, v in told[-1].items()}}


def moments_of(judged: Sequence[Result], name: str) -> Moments:
    """Return the judged moments with one of their scores."""
    wins = [episode['state'] == 'success' for episode in judged]
    ends_s = [e['elapsed_s'] for e, is_won in zip(judged, wins, strict=True) if is_won]
    rows = [
        (number, m['at_s'], m['needed'], m['scores'][name], wins[number])
        for number, episode in enumerate(judged)
        for m in episode['moments']
    ]
    episode, at_s, needed, score, is_won = (np.array(c) for c in zip(*rows, strict=True))
    lasts = np.mean(np.array(ends_s)[:, None] >= at_s, axis=0) if ends_s else np.ones(len(rows))
    return Moments(episode, at_s, needed, score.astype(float), np.where(is_won, 1.0, lasts))


def row_of(
    task: str,
    name: str,
    judged: Sequence[Result],
    episodes: Sequence[Result],
    clock: Mapping[str, np.ndarray],
) -> dict[str, Any]:
    """Return one score's line of the table; None for what cannot be said yet."""
    learned_from = lookup(SCORES, name).learned_from if name in SCORES else ''
    ours = replicates(judged, name)
    return {
        'task': task,
        'score': name,
        'learned from': learned_from,
        **_told('AUROC', ours[LENGTH]),
        **_told('AUROC above the clock', ours[LENGTH] - clock[LENGTH]),
        **_called(judged, episodes, name),
        **_told(f'AUROC {ALL}', ours[ALL]),
        **_told(f'AUROC {ALL} above the clock', ours[ALL] - clock[ALL]),
        **_told(f'AUROC {SECOND}', ours[SECOND]),
    }


def replicates(judged: Sequence[Result], name: str) -> dict[str, np.ndarray]:
    """Return a score's AUROCs as they are, then in a bootstrap: (1 + DRAWS,) each; NaN without."""
    if not judged:
        return {among: np.array([np.nan]) for among in (LENGTH, ALL, SECOND)}
    counts = np.vstack([np.ones(len(judged)), resampled(len(judged))])
    moments = moments_of(judged, name)
    return {among: auroc(moments, counts, among) for among in (LENGTH, ALL, SECOND)}


def _told(key: str, values: np.ndarray) -> dict[str, Any]:
    """Return the columns of a value (1 + DRAWS,) and its interval, None where it is not known."""
    names = (key, f'{key}, 95 %')
    if np.isnan(values[0]):
        return dict.fromkeys(names)
    return dict(
        zip(names, (round(float(values[0]), 3), _rounded(interval(values[1:]))), strict=True)
    )


def _called(judged: Sequence[Result], episodes: Sequence[Result], name: str) -> dict[str, Any]:
    """Return what a gate that is calibrated on half of the successes does."""
    wins = [_series(e, name) for e in episodes if e['state'] == 'success']
    lost = [_series(e, name) for e in judged if e['state'] != 'success']
    found: dict[str, Any] = {'successes': len(wins), 'failures': len(lost)}
    keys = ('false alarms', 'detected', 'warning [s]')
    if len(wins) // 2 < 1 / RATE - 1:
        return {**found, **dict.fromkeys(keys)}
    told = alarms(wins, lost, RATE, SPLITS)
    warning = None if told.warning_s is None else round(told.warning_s, 1)
    values = (round(told.false_alarms, 3), round(told.detected, 3), warning)
    return {**found, **dict(zip(keys, values, strict=True))}


def _series(episode: Result, name: str) -> Series:
    """Return the records of an episode's score, and when it could last be saved."""
    at_s, score = np.array(episode['records'][name]).T
    return Series(at_s, score, episode.get('last_recoverable_s'))


def _rounded(ends: tuple[float, float]) -> list[float]:
    return [round(end, 3) for end in ends]

"""Cells that repeat a condition, 'task/crowd/head/0', '.../1': wins, in figures and words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from il_ros.rollout.statistics import Estimate, rate
from il_ros.studies.study import Done


def conditions(done: Done) -> list[str]:
    """Return 'task/crowd/head' of what has at least one training, in the order of the cells."""
    return list(dict.fromkeys(key.rpartition('/')[0] for key in done))


def of(done: Done, condition: str, seeds: str = 'test') -> np.ndarray:
    """Return wins (trainings, episodes) of a condition."""
    rows = [done[key][seeds] for key in done if key.rpartition('/')[0] == condition]
    return np.array([[digit == '1' for digit in row] for row in rows], dtype=float)


def sizes(done: Done, condition: str) -> int:
    """Return the parameters of a condition's network."""
    return next(done[key]['parameters'] for key in done if key.rpartition('/')[0] == condition)


def columns(name: str, found: Estimate | None) -> dict[str, Any]:
    """Return a figure and its interval as two columns; None where it cannot be said yet."""
    if found is None:
        return {name: None, f'{name}, 95 %': None}
    interval = [round(found.low, 3), round(found.high, 3)]
    return {name: round(found.value, 3), f'{name}, 95 %': interval}


def text(found: Estimate) -> str:
    """Return a figure with its interval, as in a sentence."""
    return f'{found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}]'


def bars(axis: Any, done: Done, names: Sequence[str], offset: float, label: str) -> None:
    """Draw the success of conditions as bars with intervals, those that are there."""
    known = [(i, rate(of(done, name))) for i, name in enumerate(names) if len(of(done, name))]
    if not known:
        return
    heights = [found.value for _, found in known]
    ends = [[f.value - f.low for _, f in known], [f.high - f.value for _, f in known]]
    places = [i + offset for i, _ in known]
    axis.bar(places, heights, 0.38, yerr=ends, label=label, capsize=2, alpha=0.85)

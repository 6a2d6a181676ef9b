"""What a topic told of some joints over time, and what that means at a control tick."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

_NOW = np.zeros(1)


@dataclass(frozen=True, eq=False)
class Told:
    """One message about joints, in the units of the wire."""

    topic: str
    stamp_ns: int
    columns: tuple[int, ...]  # (k,) places in the robot's joint vector
    values: np.ndarray  # (p, k) a row a point of a trajectory; a state has one
    after_s: np.ndarray = field(default_factory=lambda: _NOW)  # (p,) from the stamp to each point
    rates: np.ndarray | None = None  # (k,) velocities


@dataclass(frozen=True, eq=False)
class Series:
    """Messages of one topic about the same joints, in the order of time, m of them."""

    topic: str
    columns: tuple[int, ...]
    told: tuple[Told, ...]
    stamps: np.ndarray  # (m,) [ns], increasing

    def gaps(self, gap_s: float) -> np.ndarray:
        """Return where (g, 2) [ns] messages pause longer than gap_s: from, to."""
        at = np.flatnonzero(np.diff(self.stamps) > gap_s * 1e9)
        return np.stack([self.stamps[at], self.stamps[at + 1]], axis=1)


def series_of(told: Iterable[Told], size: int) -> list[Series]:
    """
    Sort messages into series; of a joint in several, the one with most messages counts.

    size: the number of the robot's joints. Of messages with one stamp the last counts.
    """
    groups: dict[tuple[str, tuple[int, ...]], dict[int, Told]] = {}
    for one in told:
        if one.columns and len(one.values):
            groups.setdefault((one.topic, one.columns), {})[one.stamp_ns] = one
    found = []
    free = set(range(size))
    for (topic, columns), by_stamp in sorted(groups.items(), key=lambda item: -len(item[1])):
        if free.isdisjoint(columns):
            continue
        free -= set(columns)
        stamps = sorted(by_stamp)
        ordered = tuple(by_stamp[stamp] for stamp in stamps)
        found.append(Series(topic, columns, ordered, np.array(stamps, dtype=np.int64)))
    return found[::-1]  # the one that counts is written last


def states_at(
    series: Sequence[Series], ticks: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return positions and velocities (n, size) at ticks (n,) [ns], between the two nearest messages.

    Velocities that a topic does not tell are those of the positions.
    """
    position, velocity = np.zeros((2, len(ticks), size))
    for one in series:
        columns = list(one.columns)
        values = np.array([told.values[0] for told in one.told])  # (m, k)
        position[:, columns] = _between(one.stamps, values, ticks)
        if all(told.rates is not None for told in one.told):
            rates = np.array([told.rates for told in one.told])
            velocity[:, columns] = _between(one.stamps, rates, ticks)
        elif len(ticks) > 1:
            seconds = (ticks - ticks[0]) * 1e-9
            velocity[:, columns] = np.gradient(position[:, columns], seconds, axis=0)
    return position, velocity


def commands_at(
    series: Sequence[Series], ticks: np.ndarray, measured: np.ndarray, motion: np.ndarray
) -> np.ndarray:
    """
    Return for each tick (n,) [ns] where the joints are to be one period later (n, size).

    That is what the newest command says that came before the period's end; a trajectory starts
    where the joints were. measured, motion: positions (n, size) at the ticks and one period
    later, the latter being the action where nothing was commanded. Two ticks at least.
    """
    command = motion.copy()
    ends = ticks + (ticks[1] - ticks[0])
    for one in series:
        newest = np.searchsorted(one.stamps, ends) - 1  # (n,) stamped before the end
        columns = list(one.columns)
        for row in np.flatnonzero(newest >= 0).tolist():
            told = one.told[newest[row]]
            began = np.searchsorted(ticks, told.stamp_ns, side='right') - 1
            start = measured[max(began, 0), columns]
            command[row, columns] = _heading(told, start, (ends[row] - told.stamp_ns) * 1e-9)
    return command


def commanded(series: Sequence[Series], size: int) -> np.ndarray:
    """Return which joints (size,) a command was ever given for."""
    found = np.zeros(size, dtype=bool)
    for one in series:
        found[list(one.columns)] = True
    return found


def _heading(told: Told, start: np.ndarray, after_s: float) -> np.ndarray:
    """Return where a command (p points) has the joints (k,) so many seconds after its stamp."""
    times = np.concatenate([_NOW, told.after_s])
    row = int(np.searchsorted(times, after_s, side='right'))
    if row == len(times):
        return told.values[-1]
    points = np.vstack([start, told.values])
    share = (after_s - times[row - 1]) / (times[row] - times[row - 1])
    return points[row - 1] + share * (points[row] - points[row - 1])


def _between(stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Return values (m, k) at stamps (m,) [ns] as they are at ticks (n,): straight lines."""
    seconds, at = (stamps - stamps[0]) * 1e-9, (ticks - stamps[0]) * 1e-9
    columns = [np.interp(at, seconds, column) for column in values.T]
    return np.stack(columns, axis=1)

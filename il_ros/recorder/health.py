"""
How well a topic comes: its rate against a baseline, and what was lost, found from its stamps.

The period is what the topic really had, so a loop that runs slower than its nominal rate is SLOW
and has lost nothing; messages that are missing between others of that period are lost.
"""

from array import array
from dataclasses import dataclass

import numpy as np

from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.streams import is_steady

OK, SLOW, STALLED = 'OK', 'SLOW', 'STALLED'
_KEEP = 4096  # messages a live track remembers
_SECOND = 1e9


@dataclass(frozen=True)
class TopicHealth:
    """One topic's figures."""

    state: str  # OK, SLOW or STALLED
    count: int
    hz: float  # reached
    baseline_hz: float  # expected, or learned; 0 while unknown
    lost: int
    longest_gap_s: float


class Track:
    """When a topic's messages were made and received, [ns] each."""

    def __init__(self, is_bounded: bool = False):
        self.is_bounded = is_bounded  # forget old messages, for a recorder that runs for days
        self.count = 0
        self.learned_hz = 0.0
        self._stamps = array('q')
        self._received = array('q')

    def add(self, stamp_ns: int | None, received_ns: int) -> None:
        """Count one message; stamp_ns is its header's, None for a type without one."""
        self.count += 1
        self._stamps.append(received_ns if stamp_ns is None else stamp_ns)
        self._received.append(received_ns)
        if self.is_bounded and len(self._received) >= 2 * _KEEP:
            del self._stamps[:_KEEP], self._received[:_KEEP]

    @property
    def received_ns(self) -> np.ndarray:
        """Receive times (n,), a copy."""
        return np.array(self._received, dtype=np.int64)

    @property
    def stamps_ns(self) -> np.ndarray:
        """Sorted header stamps (n,), receive times where the stamps stand still."""
        stamps = np.sort(np.array(self._stamps, dtype=np.int64))
        moves = len(stamps) > 1 and stamps[-1] > stamps[0]
        return stamps if moves else np.sort(self.received_ns)

    def since(self, first_ns: float) -> np.ndarray:
        """Receive times (m,) not before first_ns."""
        times = self.received_ns
        return times[times >= first_ns]

    @property
    def last_ns(self) -> int:
        """When the newest message was received; it must have one."""
        return self._received[-1]

    def baseline_hz(self, expected_hz: float, learn_s: float) -> float:
        """Return the rate to be held against: expected, or that of the first learn_s; else 0."""
        if expected_hz > 0:
            return expected_hz
        if self.learned_hz == 0 and len(self._received) > 2:
            times = self.received_ns
            if times[-1] - times[0] >= learn_s * _SECOND:
                first = times[times <= times[0] + learn_s * _SECOND]
                self.learned_hz = rate_hz(first)
        return self.learned_hz


def rate_hz(times_ns: np.ndarray) -> float:
    """Return messages per second of times (n,); 0 for fewer than two."""
    span = times_ns[-1] - times_ns[0] if len(times_ns) > 1 else 0
    return float((len(times_ns) - 1) * _SECOND / span) if span > 0 else 0.0


def period_ns(gaps_ns: np.ndarray, expected_hz: float = 0.0) -> float:
    """
    Return the period of a topic from the gaps (n,) > 0 between its messages.

    The smallest fifth of the gaps ends with one in which nothing was lost, even where half of all
    are lost. Where that is about the expected period, it is the expected one.
    """
    typical = float(np.quantile(gaps_ns, 0.2))
    nominal = _SECOND / expected_hz if expected_hz > 0 else 0.0
    return nominal if 0.75 * nominal <= typical <= 1.25 * nominal else typical


def lost_in(stamps_ns: np.ndarray, expected_hz: float = 0.0) -> int:
    """Return how many messages are missing between sorted stamps (n,); 0 for fewer than three."""
    gaps = np.diff(stamps_ns)
    gaps = gaps[gaps > 0]
    if len(gaps) < 2:
        return 0
    periods = gaps / period_ns(gaps, expected_hz)
    return int(np.sum(np.round(periods[periods > 1.6]) - 1))


def judge(
    track: Track,
    name: str,
    now_ns: int,
    config: RecorderConfig,
    expected_hz: float = 0.0,
    window_s: float | None = None,
) -> TopicHealth:
    """
    Return a topic's health at now_ns, or at the end of an episode.

    window_s: how far back the rate is taken, None for the whole track. A topic of events is OK.
    """
    if track.count == 0:
        return TopicHealth(STALLED if is_steady(name) else OK, 0, 0.0, expected_hz, 0, 0.0)
    stamps, steady = track.stamps_ns, is_steady(name)
    recent = stamps if window_s is None else track.since(now_ns - window_s * _SECOND)
    hz = rate_hz(recent)
    baseline = track.baseline_hz(expected_hz, config.learn_s) if steady else 0.0
    gap_s = float(np.diff(stamps).max() / _SECOND) if len(stamps) > 1 else 0.0
    state = OK
    if steady and _is_stalled(track, now_ns, baseline, config):
        state = STALLED
    elif len(recent) > 2 and hz < config.slow_ratio * baseline:
        state = SLOW
    lost = lost_in(stamps, expected_hz) if steady else 0
    return TopicHealth(state, track.count, hz, baseline, lost, gap_s)


def _is_stalled(track: Track, now_ns: int, baseline_hz: float, config: RecorderConfig) -> bool:
    patience_s = max(config.stalled_s, 3 / baseline_hz if baseline_hz > 0 else 0.0)
    return now_ns - track.last_ns > patience_s * _SECOND

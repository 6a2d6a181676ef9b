"""One source's hands: what they proposed last, and where they are going."""

from collections import deque

import numpy as np

from il_ros.arbiter.derivative import parabola
from il_ros.arbiter.sources import Source, is_fresh
from il_ros.arbiter.state import State, at_rest
from il_ros.spec import Proposal

HISTORY = 5  # proposals from which the motion of a hand is read: encoders are noisy
COAST = 2  # periods for which a hand is taken to go on as it did


class Hand:
    """The last proposals of a source, at most one a stamp."""

    def __init__(self, source: Source, dt_ns: int):
        self._lasts_s, self._dt_ns = source.timeout, dt_ns
        self._proposals: deque[Proposal] = deque(maxlen=HISTORY)  # oldest first
        self.operator = ''  # who the person at it is

    def add(self, proposal: Proposal, operator: str) -> None:
        """Take a proposal."""
        self.operator = operator
        if self._proposals and proposal.stamp_ns == self._proposals[-1].stamp_ns:
            self._proposals.pop()  # a device slower than the ticks is read twice
        elif self._proposals and proposal.stamp_ns < self._proposals[-1].stamp_ns:
            self._proposals.clear()  # a clock that began anew
        self._proposals.append(proposal)

    def is_fresh(self, now_ns: int) -> bool:
        """Whether it says something of now."""
        return is_fresh(self._proposals[-1], now_ns, self._lasts_s)

    def wants(self, arm: int, is_given: bool) -> bool:
        """Whether it moves an arm: while its dead-man is held, or where it was given the arm."""
        last = self._proposals[-1]
        is_label = any(last.labels[arm : arm + 1])  # which moves nothing, however it was taken
        return last.engaged[arm] or (is_given and not is_label)

    def target(self, now_ns: int) -> State:
        """
        Return where it will be one period after now_ns, and how it moves there.

        A late hand is taken to have gone on for some periods, and then to stand.
        """
        last = np.asarray(self._proposals[-1].target, dtype=np.float64)
        velocity, acceleration = motion(list(self._proposals))
        late_ns, coast_ns = now_ns - self._proposals[-1].stamp_ns, COAST * self._dt_ns
        ahead_s = min(late_ns, coast_ns) * 1e-9
        there = last + ahead_s * velocity
        if late_ns > coast_ns:
            return at_rest(there)
        return State(there, velocity + ahead_s * acceleration, acceleration)


def motion(proposals: list[Proposal]) -> np.ndarray:
    """Return velocity and acceleration (2, A) at the last proposal."""
    last = proposals[-1]
    moved = np.array([p.target - last.target for p in proposals])  # a still hand is exactly still
    return parabola(tuple(p.stamp_ns - last.stamp_ns for p in proposals)) @ moved

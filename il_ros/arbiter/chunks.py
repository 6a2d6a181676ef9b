"""One arm's action chunk: which row is due now, how it moves there, or why there is none."""

from dataclasses import dataclass

import numpy as np

from il_ros.arbiter.derivative import along
from il_ros.arbiter.state import State
from il_ros.spec import ActionChunk


@dataclass(frozen=True)
class Plan:
    """A chunk with what it says about motion; arrays (T, A)."""

    chunk: ActionChunk
    velocity: np.ndarray  # [rad/s, ...]
    acceleration: np.ndarray  # [rad/s^2, ...]


def plan_of(chunk: ActionChunk, dt_ns: int) -> Plan:
    """Take a chunk's velocities and accelerations from its neighbouring rows, dt_ns apart."""
    moved = chunk.targets - chunk.targets[:1]  # a chunk that stands still is exactly still
    velocity, acceleration = along(len(moved), dt_ns) @ moved
    return Plan(chunk, velocity, acceleration)


class ChunkExecutor:
    """
    Executes the newest plan of one arm, each row for the instant that it was planned for.

    A plan from an observation made while the arm held is started when it arrives instead: the
    world did not go on without it.
    """

    def __init__(self, dt_ns: int, time_to_live_s: float):
        self._dt_ns = dt_ns
        self._time_to_live_ns = round(time_to_live_s * 1e9)
        self.forget(0)

    def forget(self, not_before_ns: int) -> None:
        """Drop the plan, and refuse those from observations before not_before_ns."""
        self.plan: Plan | None = None
        self._not_before_ns = not_before_ns
        self._start_ns = 0
        self._missing = 'no chunk yet'

    def refuse(self, why: str) -> None:
        """Drop the plan because of what came after it."""
        self.plan = None
        self._missing = why

    def offer(self, plan: Plan, now_ns: int, held_since_ns: int | None) -> None:
        """
        Take over a plan at tick now_ns, unless a newer one is there.

        held_since_ns: the first of the ticks at which the arm has held till now, None if it moves.
        """
        stamp_ns = plan.chunk.stamp_ns
        if stamp_ns < self._not_before_ns:
            self._missing = 'awaiting a chunk planned from here'
            return
        if self.plan is not None and stamp_ns < self.plan.chunk.stamp_ns:
            return
        was_held = held_since_ns is not None and stamp_ns >= held_since_ns
        self._start_ns = now_ns if was_held else stamp_ns
        self.plan = plan

    @property
    def awaits_ns(self) -> int:
        """The earliest observation that a plan may be from, -1 where there is a plan."""
        return self._not_before_ns if self.plan is None else -1

    def why_not(self, now_ns: int) -> str:
        """Return why no row is due at tick now_ns, '' when one is."""
        if self.plan is None:
            return self._missing
        age_ns = now_ns - self._start_ns
        if age_ns < 0:
            return 'chunk from the future'
        if age_ns > self._time_to_live_ns:
            return 'chunk too old'
        if age_ns > (len(self.plan.chunk.targets) - 1) * self._dt_ns:
            return 'chunk exhausted'
        return ''

    def target(self, now_ns: int) -> State:
        """Return where the arm shall be one period after tick now_ns; rows between are blended."""
        assert self.plan is not None
        row, rest_ns = divmod(now_ns - self._start_ns, self._dt_ns)
        part = rest_ns / self._dt_ns
        plan = self.plan
        rows = (plan.chunk.targets, plan.velocity, plan.acceleration)
        if rest_ns == 0:
            return State(*(values[row] for values in rows))
        return State(*((1 - part) * values[row] + part * values[row + 1] for values in rows))

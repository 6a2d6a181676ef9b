"""Control ticks out of joint samples: the samples of a robot at its control rate are its ticks."""

from il_ros.spec import RobotSpec

FAST = 0.02  # share by which a robot may be faster than it says, and every sample is a tick
EARLY = 0.25  # of a period, by which a sample may come early
STEPPED_NS = 1_000_000_000  # further back than this, the clock was set


class Ticks:
    """Thin out the samples of a robot that publishes faster than it is controlled."""

    def __init__(self, spec: RobotSpec):
        self._period_ns = round(spec.dt_ns * (1 - FAST))
        self._early_ns = round(spec.dt_ns * EARLY)
        self._due_ns: int | None = None

    def is_tick(self, stamp_ns: int) -> bool:
        """Whether the sample taken at stamp_ns is a tick; stamps increase."""
        due_ns = stamp_ns if self._due_ns is None else self._due_ns
        if due_ns - STEPPED_NS < stamp_ns < due_ns - self._early_ns:
            return False
        self._due_ns = max(due_ns + self._period_ns, stamp_ns + self._period_ns // 2)
        if stamp_ns <= due_ns - STEPPED_NS:
            self._due_ns = stamp_ns + self._period_ns
        return True

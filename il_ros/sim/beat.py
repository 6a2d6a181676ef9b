"""Whether ticks follow on each other: a scripted motion goes on, or starts where the robot is."""

_GAP = 5  # periods without a tick, after which the arms may be anywhere


class Beat:
    """The ticks that somebody acts in; time is given, in ns."""

    def __init__(self, dt_ns: int):
        self._dt_ns = dt_ns
        self.reset()

    def reset(self) -> None:
        """The next tick follows on nothing."""
        self._last_ns: int | None = None

    def breaks(self, now_ns: int) -> bool:
        """Return whether the tick at now_ns begins anew: in real time the clock jitters."""
        last_ns, self._last_ns = self._last_ns, now_ns
        return last_ns is None or not 0 < now_ns - last_ns < _GAP * self._dt_ns

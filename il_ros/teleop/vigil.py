"""Whether the person at a device is there: a device that froze says nothing of them."""

STILL_S = 0.1  # a reading this old moves nothing more: two of the slowest drivers' were lost


class Vigil:
    """Watches the stamps of one device's readings; time is given, in ns."""

    def __init__(self, name: str, topic: str, time_to_live_s: float):
        self._name, self._topic, self._lasts_s = name, topic, time_to_live_s
        self.forget()

    def forget(self) -> None:
        """Nothing has been heard."""
        self._stamp_ns: int | None = None
        self._is_repeated = False

    def hear(self, stamp_ns: int) -> None:
        """Take the stamp of a reading."""
        self._is_repeated = stamp_ns == self._stamp_ns
        self._stamp_ns = stamp_ns

    def is_moving(self, now_ns: int) -> bool:
        """Whether the newest reading still says how the person moves."""
        return self._stamp_ns is not None and now_ns - self._stamp_ns <= round(STILL_S * 1e9)

    def why_stale(self, now_ns: int) -> str:
        """Return why the newest reading says nothing of now; '' where it does, or none came."""
        if self._stamp_ns is None:
            return ''
        age_ns, lasts_ns = now_ns - self._stamp_ns, round(self._lasts_s * 1e9)
        if abs(age_ns) <= lasts_ns:
            return ''
        if age_ns < 0:
            return f'{self._topic} is stamped ahead of joint_states: set both clocks (chrony, PTP)'
        if self._is_repeated:
            return f'{self._name} froze, {self._topic} repeats one stamp: plug it in anew'
        return f'{self._name} is silent, no {self._topic} for {self._lasts_s:g} s'

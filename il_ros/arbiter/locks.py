"""Locks: what stops the sources, until it is released, or for an e-stop until it is cleared."""

from il_ros.arbiter.sources import ArbiterConfig

NONE = -1  # below every priority


class Locks:
    """The state of every lock of the configuration; e-stops are latched."""

    def __init__(self, config: ArbiterConfig):
        self._config = config
        self._locked: dict[str, bool] = {}
        self._heard_ns: dict[str, int] = {}
        self.latched = ''  # why everything is stopped, '' when it is not

    def set(self, name: str, locked: bool, now_ns: int) -> None:
        """Note what a lock says; ValueError for one that is not configured."""
        self._config.lock(name)
        self._locked[name] = locked
        self._heard_ns[name] = now_ns
        self._latch(name, now_ns)

    def update(self, now_ns: int) -> tuple[int, str]:
        """Return the highest priority that is stopped at now_ns, and by what."""
        highest, why = NONE, ''
        for name, lock in self._config.locks.items():
            self._latch(name, now_ns)
            reason = self._reason(name, now_ns)
            if reason and lock.priority > highest:
                highest, why = lock.priority, reason
        return highest, why

    def clear(self, now_ns: int) -> str:
        """Release the latch; return why it stays, '' when it does not."""
        for name, lock in self._config.locks.items():
            if lock.is_estop and self._reason(name, now_ns):
                return self._reason(name, now_ns)
        self.latched = ''
        return ''

    def _latch(self, name: str, now_ns: int) -> None:
        reason = self._reason(name, now_ns)
        if reason and self._config.locks[name].is_estop and not self.latched:
            self.latched = reason

    def _reason(self, name: str, now_ns: int) -> str:
        """Return why a lock stops, '' when it does not; the first message may take as long."""
        if self._locked.get(name, False):
            return f'{name} pressed'
        timeout = self._config.locks[name].timeout
        heard_ns = self._heard_ns.setdefault(name, now_ns)
        if timeout > 0.0 and now_ns - heard_ns > round(timeout * 1e9):
            return f'{name} silent for more than {timeout} s'
        return ''

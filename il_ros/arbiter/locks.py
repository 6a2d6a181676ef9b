"""Locks: what stops the sources, until it is released, or for an e-stop until it is cleared."""

from dataclasses import dataclass

from il_ros.arbiter.sources import ArbiterConfig, Lock, Source

NONE = -1  # below every priority


@dataclass(frozen=True)
class Lockout:
    """Which sources may not have any arm, and by which lock."""

    priority: int = NONE  # theirs, and all below it
    why: str = ''

    def stops(self, source: Source) -> bool:
        """Whether a source is one of them."""
        return source.priority <= self.priority


class Locks:
    """The state of every lock of the configuration; e-stops are latched, and not safety-rated."""

    def __init__(self, config: ArbiterConfig):
        self._config = config
        self._locked: dict[str, bool] = {}
        self._heard_ns: dict[str, int] = {}
        self.latched = ''  # why everything is stopped, '' when it is not

    def set(self, name: str, locked: bool, now_ns: int) -> None:
        """Note what a lock says; ValueError for one that is not configured."""
        lock = self._config.lock(name)
        self._locked[name] = locked
        self._heard_ns[name] = now_ns
        self._latch(lock, now_ns)

    def stop(self, why: str) -> None:
        """Latch as an e-stop does, with no lock behind it."""
        self.latched = self.latched or why

    def update(self, now_ns: int) -> Lockout:
        """Return what is locked at now_ns; of several locks the one that stops most."""
        lockout = Lockout()
        for lock in self._config.locks:
            self._latch(lock, now_ns)
            reason = self._reason(lock, now_ns)
            if reason and lock.priority > lockout.priority:
                lockout = Lockout(lock.priority, reason)
        return lockout

    def clear(self, now_ns: int) -> str:
        """Release the latch by hand; return why it stays, '' when it does not."""
        for lock in self._config.locks:
            if lock.is_estop and self._reason(lock, now_ns):
                return self._reason(lock, now_ns)
        self.latched = ''
        return ''

    def _latch(self, lock: Lock, now_ns: int) -> None:
        if lock.is_estop:
            self.stop(self._reason(lock, now_ns))

    def _reason(self, lock: Lock, now_ns: int) -> str:
        """Return why a lock stops, '' when it does not; the first message may take as long."""
        if self._locked.get(lock.name, False):
            return f'{lock.name} pressed'
        heard_ns = self._heard_ns.setdefault(lock.name, now_ns)
        if lock.timeout > 0.0 and now_ns - heard_ns > round(lock.timeout * 1e9):
            return f'{lock.name} silent for more than {lock.timeout} s'
        return ''

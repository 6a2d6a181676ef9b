"""Where a session stands: an Enum and a table; a refused event names the allowed ones."""

from collections.abc import Callable
from enum import Enum
from typing import Any


class Phase(str, Enum):
    """What the session is doing."""

    IDLE = 'idle'
    RESETTING = 'resetting'
    READY = 'ready'  # the scene is set, or a person sets it; waits for a person's start
    RUNNING = 'running'
    PAUSED = 'paused'  # nothing acts until the person goes on; the episode's clock stands
    REVIEW = 'review'
    TRAINING = 'training'
    DONE = 'done'


NEXT = {
    (Phase.IDLE, 'reset'): Phase.RESETTING,
    (Phase.IDLE, 'train'): Phase.TRAINING,
    (Phase.IDLE, 'finish'): Phase.DONE,
    (Phase.RESETTING, 'start'): Phase.RUNNING,
    (Phase.RESETTING, 'wait'): Phase.READY,
    (Phase.RESETTING, 'abort'): Phase.IDLE,
    (Phase.READY, 'start'): Phase.RUNNING,
    (Phase.READY, 'reset'): Phase.RESETTING,
    (Phase.READY, 'redo'): Phase.IDLE,
    (Phase.READY, 'rollback'): Phase.IDLE,
    (Phase.RUNNING, 'stop'): Phase.REVIEW,
    (Phase.RUNNING, 'success'): Phase.REVIEW,
    (Phase.RUNNING, 'failure'): Phase.REVIEW,
    (Phase.RUNNING, 'discard'): Phase.REVIEW,
    (Phase.RUNNING, 'pause'): Phase.PAUSED,
    (Phase.PAUSED, 'start'): Phase.RUNNING,
    (Phase.PAUSED, 'stop'): Phase.REVIEW,
    (Phase.PAUSED, 'success'): Phase.REVIEW,
    (Phase.PAUSED, 'failure'): Phase.REVIEW,
    (Phase.PAUSED, 'discard'): Phase.REVIEW,
    (Phase.REVIEW, 'keep'): Phase.IDLE,
    (Phase.REVIEW, 'discard'): Phase.IDLE,
    (Phase.TRAINING, 'trained'): Phase.IDLE,
    (Phase.DONE, 'reset'): Phase.RESETTING,
}


def after(phase: Phase, event: str) -> Phase:
    """Return the phase that follows; ValueError says which events are allowed now."""
    if (phase, event) not in NEXT:
        allowed = [e for p, e in NEXT if p is phase]
        raise ValueError(f'{event!r} refused in phase {phase.value}; allowed: {allowed}')
    return NEXT[phase, event]


class Standing:
    """The session's phase, since when, and counts; every change is announced."""

    def __init__(
        self,
        announce: Callable[[Phase, dict[str, Any]], None],
        now_ns: Callable[[], int] = lambda: 0,
    ):
        self.phase = Phase.IDLE
        self.values: dict[str, Any] = {'since_ns': 0}
        self._announce, self._now_ns = announce, now_ns

    def on(self, event: str, values: dict[str, Any] | None = None) -> None:
        """Follow an event of the table; ValueError where it is refused."""
        self.phase = after(self.phase, event)
        self.note({**(values or {}), 'since_ns': self._now_ns()})

    def note(self, values: dict[str, Any]) -> None:
        """Announce what else there is to know; the phase goes on."""
        self.values = {**self.values, **values}
        self._announce(self.phase, self.values)

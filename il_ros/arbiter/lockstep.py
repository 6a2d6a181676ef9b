"""Lockstep: a tick is decided when everyone who takes part has answered for it."""

from collections.abc import Sequence

SILENCE_S = 10.0  # of wall-clock, after which a participant is dropped


class Lockstep:
    """Who has answered which tick; time and stamps are arguments, nothing waits here."""

    def __init__(self, participants: Sequence[str], silence_s: float = SILENCE_S):
        self.participants = tuple(participants)
        self.silence_s = silence_s
        self.restart()

    def answer(self, participant: str, stamp_ns: int) -> None:
        """Note that a participant has answered the tick at stamp_ns, "nothing" included."""
        if participant in self._answered:
            self._answered[participant] = stamp_ns

    def waiting_for(self, stamp_ns: int) -> list[str]:
        """Return who has not answered the tick at stamp_ns."""
        return [
            name
            for name in self.participants
            if self._answered[name] != stamp_ns and name not in self.dropped
        ]

    def drop_silent(self, stamp_ns: int, waited_s: float) -> list[str]:
        """Drop and return those who kept a tick waiting too long: not repeatable then."""
        if waited_s < self.silence_s:
            return []
        silent = self.waiting_for(stamp_ns)
        self.dropped += silent
        return silent

    def restart(self) -> None:
        """Forget answers and welcome back whoever was dropped: a new episode."""
        self.dropped: list[str] = []
        self._answered = dict.fromkeys(self.participants, -1)

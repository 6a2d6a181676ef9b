"""The gate: one of the policy's scores against its bounds, and when a person is called."""

from collections.abc import Mapping
from enum import Enum

from il_ros.spec import Reading

PATIENCE_NS = 500_000_000  # for a score that comes after its plan


class Mood(str, Enum):
    """What the gate thinks of the policy."""

    TRUSTS = 'trusts'
    CALLS = 'calls'  # the score is much, and nobody has come
    HELPED = 'helped'  # somebody has
    OVERRULED = 'overruled'  # handed back while the score was still much: a person knows better


NEXT = {
    (Mood.TRUSTS, 'high'): Mood.CALLS,
    (Mood.CALLS, 'taken'): Mood.HELPED,
    (Mood.HELPED, 'low'): Mood.TRUSTS,
    (Mood.HELPED, 'given back'): Mood.OVERRULED,
    (Mood.OVERRULED, 'low'): Mood.TRUSTS,
}  # any other event changes nothing


class Gate:
    """
    Calls a person when the score rises above its upper bound, once, until it falls to the lower.

    holds: until somebody has come, and until the score has fallen or the arms are given back, the
    policy may not have any arm: what stands still has the same score for ever, and draws that
    happen to be low are no help. Otherwise the gate only warns, and the score may end that, too.
    A plan without a score, or a score without bounds, is as if it were much. Where no score is
    asked for, the policy is always trusted.
    """

    def __init__(self, score: str = '', holds: bool = True):
        self.score = score
        self.holds = holds
        self.forget()

    def ask(self, score: str) -> None:
        """Go by a score from now on, '' by none; where it is another, trust at first."""
        if score != self.score:
            self.score = score
            self.forget()

    def forget(self) -> None:
        """Trust: a new episode."""
        self._mood = Mood.TRUSTS
        self._why = ''  # a person is called
        self._wrong = ''  # what is the matter with the newest reading
        self._read_ns: int | None = None  # the plan that it is of; what was planned before is past
        self._alone_ns: int | None = None  # since when a plan has come without
        self.value = float('nan')

    @property
    def request(self) -> str:
        """Why a person is wanted, '' when none is."""
        is_wanted = self._mood in (Mood.CALLS, Mood.HELPED)
        return self._wrong or (self._why if is_wanted else '')

    @property
    def bar(self) -> str:
        """Why the policy may not have any arm, '' when it may."""
        return self.request if self.holds else ''

    def read(self, stamp_ns: int, readings: Mapping[str, Reading]) -> None:
        """Take the scores of the plan that was made at stamp_ns."""
        if not self.score:
            return
        self._read_ns, self._alone_ns = stamp_ns, None
        reading = readings.get(self.score)
        self.value = reading.value if reading is not None else float('nan')
        self._wrong = self._fault(readings)
        if self._wrong or reading is None:
            return
        if reading.value > reading.high:
            if self._mood is Mood.TRUSTS:
                self._why = f'gate: {self.score} {reading.value:.3g} is above {reading.high:.3g}'
            self._on('high')
        elif reading.value <= reading.low:
            self._on('low')
            if self._mood is Mood.CALLS and not self.holds:
                self._mood = Mood.TRUSTS

    def update(self, now_ns: int, planned_ns: int | None, is_human: bool) -> None:
        """Follow a tick: the newest plan's stamp, None without one; who came, if anybody."""
        if not self.score:
            return
        if self._read_ns is None:
            self._read_ns = -1 if planned_ns is None else planned_ns
        if planned_ns is not None and planned_ns > self._read_ns:
            self._alone_ns = now_ns if self._alone_ns is None else self._alone_ns
            if now_ns - self._alone_ns > PATIENCE_NS:
                self._wrong = f'gate: no {self.score} comes with the plans; see policy/score'
        self._on('taken' if is_human else 'given back')

    def _on(self, event: str) -> None:
        self._mood = NEXT.get((self._mood, event), self._mood)

    def _fault(self, readings: Mapping[str, Reading]) -> str:
        """Return what is the matter with the scores of a plan, '' when nothing is."""
        reading = readings.get(self.score)
        if reading is None:
            known = ', '.join(readings) or 'none'
            return (
                f'gate: the policy has no score {self.score!r}, it has {known}; '
                f'fit it by il-ros gate CHECKPOINT --score {self.score}'
            )
        if reading.high != reading.high or reading.low != reading.low:
            return (
                f'gate: {self.score} has no bounds; take them from roll-outs by '
                'il-ros gate CHECKPOINT --rollouts BAGS'
            )
        is_number = abs(reading.value) != float('inf') and reading.value == reading.value
        return '' if is_number else f'gate: {self.score} is {reading.value}'

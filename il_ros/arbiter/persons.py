"""What persons propose: who is engaged on which arm, and where their hands are going."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from il_ros.arbiter.derivative import parabola
from il_ros.arbiter.sources import ArbiterConfig, is_fresh
from il_ros.arbiter.state import State, at_rest
from il_ros.spec import Proposal, RobotSpec

HISTORY = 5  # proposals from which the motion of a hand is read: encoders are noisy
COAST = 2  # periods for which a hand is taken to go on as it did


@dataclass
class Hand:
    """One source's last proposals, oldest first."""

    operator: str = ''
    proposals: deque[Proposal] = field(default_factory=lambda: deque(maxlen=HISTORY))

    @property
    def last(self) -> Proposal:
        """The newest proposal."""
        return self.proposals[-1]


class Persons:
    """The persons' side of the arbiter: proposals by source, and who holds which arm."""

    def __init__(self, spec: RobotSpec, config: ArbiterConfig):
        self._spec = spec
        self._config = config
        self.forget()

    def forget(self) -> None:
        """Drop every proposal and every take-over."""
        self._hands: dict[str, Hand] = {}
        self._taken: dict[int, str] = {}  # arm -> source by service, '' for any person
        self._holder: dict[int, str] = {}  # arm -> the source that had it last
        self._refused: dict[str, str] = {}  # source -> what was wrong with its last proposal
        self.stale: Mapping[str, str] = {}  # source -> why its device says nothing of now

    def offer(self, proposal: Proposal, operator: str) -> None:
        """Note a proposal; an impossible one silences its source."""
        self._config.source(proposal.source)
        wrong = self._wrong(proposal)
        self._refused[proposal.source] = f'{proposal.source} proposed {wrong}' if wrong else ''
        if wrong:
            self._hands.pop(proposal.source, None)
            return
        hand = self._hands.setdefault(proposal.source, Hand())
        hand.operator = operator
        if hand.proposals and proposal.stamp_ns == hand.last.stamp_ns:
            hand.proposals.pop()  # a device slower than the ticks is read twice
        elif hand.proposals and proposal.stamp_ns < hand.last.stamp_ns:
            hand.proposals.clear()  # a clock that began anew
        hand.proposals.append(proposal)

    def _wrong(self, proposal: Proposal) -> str:
        """Return what is wrong with a proposal, '' when nothing is."""
        shape = np.shape(proposal.target)
        if shape != (self._spec.size,):
            return f'{shape} targets for {self._spec.size} joints'
        if len(proposal.engaged) != len(self._spec.arms):
            return f'{len(proposal.engaged)} dead-man states for {len(self._spec.arms)} arms'
        return '' if np.isfinite(proposal.target).all() else 'NaN'

    def take(self, arm: int, source: str) -> None:
        """Give an arm to a source ('' is any), dead-man or not, until it is handed back."""
        if source:
            self._config.source(source)
        self._taken[arm] = source

    def give_back(self, arm: int) -> None:
        """Forget who has the arm; a dead-man that is still held takes it again."""
        self._taken.pop(arm, None)
        self._holder.pop(arm, None)

    def in_control(self, arm: int, now_ns: int, above: int) -> str:
        """Return the source of highest priority above `above` that has the arm now, '' if none."""
        for person in self._config.persons:
            if person.priority > above and self._wants(person.name, arm, now_ns):
                self._holder[arm] = person.name
                return person.name
        return ''

    def silent(self, arm: int, now_ns: int) -> str:
        """Return the source that had the arm, lets it stand and did not let go, '' if none."""
        if arm in self._taken:
            return self._taken[arm] or self._holder.get(arm) or 'the person'
        name = self._holder.get(arm, '')
        if name in self._hands and self._is_fresh(name, now_ns):
            del self._holder[arm]  # it speaks, and is not engaged: it let go
            return ''
        return name

    def why_silent(self, name: str) -> str:
        """Return why a source that has an arm does not move it."""
        why = self._refused.get(name) or self.stale.get(name)
        return why or f'{name} is silent: go on, or hand back'

    def _is_fresh(self, name: str, now_ns: int) -> bool:
        return name not in self.stale and is_fresh(
            self._hands[name].last, now_ns, self._config.source(name).timeout
        )

    def _wants(self, name: str, arm: int, now_ns: int) -> bool:
        """Whether a source has something to say, now, about this arm."""
        if name not in self._hands or not self._is_fresh(name, now_ns):
            return False
        last = self._hands[name].last
        is_label = any(last.labels[arm : arm + 1])  # which moves nothing, however it was taken
        return last.engaged[arm] or (not is_label and self._taken.get(arm) in (name, ''))

    def operator(self, name: str) -> str:
        """Return who the person at a source is."""
        return self._hands[name].operator

    def fresh_target(self, name: str, now_ns: int) -> State | None:
        """Return where a source's hands will be, None where it says nothing."""
        if name not in self._hands:
            return None
        lasts_s = self._config.source(name).timeout
        return (
            self.target(name, now_ns)
            if is_fresh(self._hands[name].last, now_ns, lasts_s)
            else None
        )

    def target(self, name: str, now_ns: int) -> State:
        """
        Return where a source's hands will be one period after now_ns, and how they move there.

        A late hand is taken to have gone on for some periods, and then to stand.
        """
        proposals = self._hands[name].proposals
        last = np.asarray(proposals[-1].target, dtype=np.float64)
        velocity, acceleration = hand_motion(list(proposals))
        late_ns, coast_ns = now_ns - proposals[-1].stamp_ns, COAST * self._spec.dt_ns
        ahead_s = min(late_ns, coast_ns) * 1e-9
        there = last + ahead_s * velocity
        if late_ns > coast_ns:
            return at_rest(there)
        return State(there, velocity + ahead_s * acceleration, acceleration)


def hand_motion(proposals: list[Proposal]) -> np.ndarray:
    """Return velocity and acceleration (2, A) at the last proposal."""
    last = proposals[-1]
    moved = np.array([p.target - last.target for p in proposals])  # a still hand is exactly still
    return parabola(tuple(p.stamp_ns - last.stamp_ns for p in proposals)) @ moved

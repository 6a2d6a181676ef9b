"""The persons' side of the arbiter: who of them has which arm, and where to."""

from collections.abc import Mapping

import numpy as np

from il_ros.arbiter.hand import Hand
from il_ros.arbiter.locks import Lockout
from il_ros.arbiter.sources import GUIDING, ArbiterConfig
from il_ros.arbiter.state import State
from il_ros.arbiter.verdict import Verdict
from il_ros.registry import nearest
from il_ros.spec import Proposal, RobotSpec, Who


class Persons:
    """
    Who has an arm by a dead-man or by a word, and who had it and did not give it back.

    Somebody who falls silent keeps the arm, which holds: only a hand that is heard to let go, or a
    word, gives it back.
    """

    def __init__(self, spec: RobotSpec, config: ArbiterConfig):
        self._spec = spec
        self._config = config
        self.forget()

    def forget(self) -> None:
        """Drop every proposal and every take-over."""
        self._hands: dict[str, Hand] = {}
        self._taken: dict[int, str] = {}  # arm -> source by a word, '' for any person
        self._holder: dict[int, str] = {}  # arm -> the source that had it last
        self._refused: dict[str, str] = {}  # source -> what was wrong with its last proposal
        self.stale: Mapping[str, str] = {}  # source -> why its device says nothing of now

    # -- what they say ------------------------------------------------------------------------

    def offer(self, proposal: Proposal, operator: str = '') -> None:
        """Take a proposal, ValueError for an unknown source; an impossible one silences its."""
        source = self._config.source(proposal.source)
        wrong = self._wrong(proposal)
        self._refused[source.name] = f'{source.name} proposed {wrong}' if wrong else ''
        if wrong:
            self._hands.pop(source.name, None)
            return
        hand = self._hands.setdefault(source.name, Hand(source, self._spec.dt_ns))
        hand.add(proposal, operator)

    def take_over(self, arm: str, source: str = '') -> None:
        """
        Give an arm to a source, or to any person, until it is handed back; no dead-man is needed.

        Raises ValueError for an arm or source that there is not.
        """
        if source:
            self._config.source(source)
        self._taken[self._index(arm)] = source

    def hand_back(self, arm: str | None = None) -> None:
        """End the take-over of one arm, or of all; a dead-man still held takes it again."""
        for index in range(len(self._spec.arms)) if arm is None else [self._index(arm)]:
            self._taken.pop(index, None)
            self._holder.pop(index, None)

    def _wrong(self, proposal: Proposal) -> str:
        """Return what is wrong with a proposal, '' when nothing is."""
        shape = np.shape(proposal.target)
        if shape != (self._spec.size,):
            return f'{shape} targets for {self._spec.size} joints'
        if len(proposal.engaged) != len(self._spec.arms):
            return f'{len(proposal.engaged)} dead-man states for {len(self._spec.arms)} arms'
        return '' if np.isfinite(proposal.target).all() else 'NaN'

    def _index(self, arm: str) -> int:
        """Return the place of the arm called so; ValueError names the nearest there is."""
        names = [a.name for a in self._spec.arms]
        if arm not in names:
            raise ValueError(f'{self._spec.name} has no arm {arm!r}{nearest(arm, names)}')
        return names.index(arm)

    # -- who has an arm -----------------------------------------------------------------------

    def verdict(self, arm: int, now_ns: int, lockout: Lockout) -> Verdict | None:
        """Return the verdict while a person has, or had and did not give back, an arm."""
        source = self._in_control(arm, now_ns, lockout)
        if source:
            hand = self._hands[source]
            why = 'guided' if source == GUIDING else f'{source} engaged'
            return Verdict(Who.HUMAN, why, hand.target(now_ns), hand.operator, source=source)
        silent = self._silent(arm, now_ns)
        if not silent:
            return None
        if lockout.why:
            return Verdict(Who.HOLD, lockout.why)
        wrong = self._refused.get(silent) or self.stale.get(silent)
        why = wrong or f'{silent} is silent: go on, or hand back'
        return Verdict(Who.HOLD, why, is_plea=True)

    def target(self, source: str, now_ns: int) -> State | None:
        """Return where a source's hands will be one period from now; None: it says nothing."""
        hand = self._hands.get(source)
        return hand.target(now_ns) if hand is not None and hand.is_fresh(now_ns) else None

    def _in_control(self, arm: int, now_ns: int, lockout: Lockout) -> str:
        """Return the source of highest priority that is not locked and has the arm, '' if none."""
        for person in self._config.persons:
            if not lockout.stops(person) and self._wants(person.name, arm, now_ns):
                self._holder[arm] = person.name
                return person.name
        return ''

    def _silent(self, arm: int, now_ns: int) -> str:
        """Return the source that had the arm, lets it stand and did not let go, '' if none."""
        if arm in self._taken:
            return self._taken[arm] or self._holder.get(arm) or 'the person'
        name = self._holder.get(arm, '')
        if self._speaks(name, now_ns):
            del self._holder[arm]  # and is not engaged: it let go
            return ''
        return name

    def _wants(self, name: str, arm: int, now_ns: int) -> bool:
        """Whether a source has something to say, now, about this arm."""
        is_given = self._taken.get(arm) in (name, '')
        return self._speaks(name, now_ns) and self._hands[name].wants(arm, is_given)

    def _speaks(self, name: str, now_ns: int) -> bool:
        """Whether a source, and the device behind it, say something of now."""
        hand = self._hands.get(name)
        return hand is not None and name not in self.stale and hand.is_fresh(now_ns)

"""The control tick around the arbiter: when a tick is decided, on what, and when it only holds."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.lockstep import Lockstep
from il_ros.spec import ActionChunk, Decision, JointSample, Proposal


class Hands(Protocol):
    """A person's devices."""

    def propose(self, now_ns: int, command: np.ndarray) -> Proposal | None:
        """Return what they ask for now, None for nothing new; command (A,) is the last."""

    def forget(self) -> None:
        """Drop all readings: a new episode."""


@dataclass(frozen=True)
class Turn:
    """What a tick has come to."""

    decision: Decision
    proposal: Proposal | None  # the person's, whether executed or not


class Control:
    """
    Decides ticks: in real time on the newest joints, in lockstep each tick once.

    lockstep: None in real time. Joints older than max_age_s, or taken before an episode's start,
    are none; without any the command stands, once it has ever stood somewhere.
    """

    def __init__(
        self, arbiter: Arbiter, hands: Hands, lockstep: Lockstep | None, max_age_s: float
    ):
        self.arbiter = arbiter
        self.lockstep = lockstep
        self.max_age_s = max_age_s
        self.operator = ''  # who the person at the hands is
        self.joints: JointSample | None = None
        self._hands = hands
        self._chunk: ActionChunk | None = None
        self._wrong = ''  # why the newest joints are none
        self._since_ns = -1
        self._decided_ns = -1
        self._must_seat = True
        self._stop = ''  # why this tick drops what was planned
        self._last: np.ndarray | None = None  # the command (A,) of the tick before
        self._is_at_rest = True

    @property
    def newest_ns(self) -> int:
        """The stamp of the newest joints, -1 before the first."""
        return self.joints.stamp_ns if self.joints is not None else self._since_ns

    def take_joints(self, sample: JointSample) -> bool:
        """Take measured joints; return whether they are of this episode."""
        if sample.stamp_ns <= self._since_ns:
            return False
        self.joints, self._wrong = sample, ''
        return True

    def refuse_joints(self, why: str) -> None:
        """Note why joints that came are not the robot's."""
        self._wrong = why

    def take_chunk(self, chunk: ActionChunk) -> None:
        """Take the policy's plan: at once in real time, with its tick in lockstep."""
        self._chunk = chunk
        if self.lockstep is None:
            self.arbiter.offer_chunk(chunk, chunk.version)

    def forget(self, now_ns: int) -> None:
        """Start an episode: only joints after now_ns count, and the command is seated there."""
        self._must_seat = True
        self.joints = self._chunk = None
        self._since_ns = now_ns
        self._hands.forget()
        if self.lockstep is not None:
            self.lockstep.restart()

    def hold(self, why: str) -> None:
        """Drop what the policy planned before the next tick: the arms brake."""
        self._stop = why

    def due_ns(self) -> int | None:
        """Return the tick of lockstep that all have answered and none has decided, else None."""
        if self.lockstep is None or self.joints is None:
            return None
        now_ns = self.joints.stamp_ns
        if now_ns == self._decided_ns or self.lockstep.waiting_for(now_ns):
            return None
        return now_ns

    def drop_silent(self, waited_s: float) -> list[str]:
        """Drop and return the participants who kept the tick waiting for too long."""
        if self.lockstep is None or self.joints is None:
            return []
        return self.lockstep.drop_silent(self.joints.stamp_ns, waited_s)

    def decide(self, now_ns: int) -> Turn | None:
        """Decide the tick at now_ns; None while no pose was ever known to stand at."""
        wrong = self.wrong_joints(now_ns)
        if wrong and not self.arbiter.is_seated:
            return None
        self._decided_ns = now_ns
        if not wrong:
            self._seat_when_at_rest()
        why = wrong or self._why_hold()
        turn = Turn(self.arbiter.hold_all(self.joints, now_ns, why), None) if why else None
        return self._noted(turn or self._tick(now_ns))

    def wrong_joints(self, now_ns: int) -> str:
        """Return why there are no joints to decide on at now_ns, '' when there are."""
        if self.joints is None:
            return self._wrong or 'no joint_states'
        is_old = now_ns - self.joints.stamp_ns > round(self.max_age_s * 1e9)
        return (self._wrong or f'joint_states older than {self.max_age_s:g} s') if is_old else ''

    def _seat_when_at_rest(self) -> None:
        """Seat the command at the measured pose, if asked to; in real time it never leaps."""
        assert self.joints is not None
        if self._must_seat and (self._is_at_rest or self.lockstep is not None):
            self.arbiter.reset(self.joints)
            self._must_seat = False

    def _why_hold(self) -> str:
        """Return why this tick only holds, '' when it does not."""
        stop, self._stop = self._stop, ''
        if self.lockstep is not None and self.lockstep.dropped:
            return f'no answer from {", ".join(self.lockstep.dropped)}'
        return stop or ('coming to rest before the reset' if self._must_seat else '')

    def _tick(self, now_ns: int) -> Turn:
        """Offer what was proposed, and let the arbiter decide."""
        assert self.joints is not None
        chunk = self._chunk
        if self.lockstep is not None and chunk is not None and chunk.stamp_ns == now_ns:
            self.arbiter.offer_chunk(chunk, chunk.version)
        proposal = self._hands.propose(now_ns, self.arbiter.command)
        if proposal is not None:
            self.arbiter.offer(proposal, self.operator)
        return Turn(self.arbiter.tick(replace(self.joints, stamp_ns=now_ns)), proposal)

    def _noted(self, turn: Turn) -> Turn:
        """Note whether the command stands."""
        before, self._last = self._last, turn.decision.command
        self._is_at_rest = before is not None and np.array_equal(before, self._last)
        return turn

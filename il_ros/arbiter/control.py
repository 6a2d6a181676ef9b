"""The control tick around the arbiter: when a tick is decided, on what, and when it only holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.lockstep import Lockstep
from il_ros.spec import ActionChunk, Decision, JointSample, Proposal, Reading

LATE = 1.5  # periods after which a tick that has not come is decided without it
PLEA_NS = 300_000_000  # a person is not asked for what is over sooner: a chunk on its way
AWAY_NS = 1_000_000_000  # a robot that was not seen for so long may be anywhere
LOOKS = 5  # samples of one that is seen again, before it is told anything: commands may be queued
GOING_ON = 0.5  # the same while ticks go on not coming: watch() is called once a period
IN_TIME = 0.5  # the most that joints are old when ticks wait for them again, as late ones may not
SAME = 0.25  # of a period: joints stamped so soon after a tick decided without are of that tick


class Hands(Protocol):
    """A person's devices."""

    def propose(
        self, joints: JointSample, command: np.ndarray, sources: Sequence[str]
    ) -> Sequence[Proposal]:
        """
        Return what they ask for at joints.stamp_ns, if that is new.

        command (A,) is the last; sources says which of them had each arm then, '' for none.
        """

    def stale(self) -> Mapping[str, str]:
        """Return the sources whose devices said nothing of the tick last proposed for, and why."""

    def forget(self) -> None:
        """Drop all readings: a new episode."""


@dataclass(frozen=True)
class Turn:
    """What a tick has come to."""

    decision: Decision
    proposal: Proposal | None  # the person's, whether executed or not
    is_sent: bool = True  # whether the robot is told the command: one that is away is not


class Control:
    """
    Decides each tick once: on the joints measured at it, with its stamp.

    In real time as they come; in lockstep, which is None otherwise, when all have answered. When a
    tick does not come the command goes on without; when the newest joints are older than
    max_age_s it brakes and stands. After a while the robot is away: nothing is sent to it, since
    nobody knows where it is, until it is seen again; the command begins where that is.
    """

    def __init__(
        self, arbiter: Arbiter, hands: Hands, lockstep: Lockstep | None, max_age_s: float
    ):
        self.arbiter = arbiter
        self.lockstep = lockstep
        self.max_age_s = max_age_s
        self.operator = ''  # who the person at the hands is
        self.newest_ns = -1  # the stamp of the newest joints
        self.request = ''  # why a person is wanted, and for more than a moment
        self._hands = hands
        self._joints: JointSample | None = None
        self._chunk: ActionChunk | None = None
        self._scores: tuple[int, Mapping[str, Reading]] | None = None
        self._others: dict[str, Proposal] = {}
        self._wrong = ''  # why the newest joints are none
        self._decided_ns = -1
        self._done_ns = -1  # joints stamped until then are of ticks that are decided
        self._is_late = False  # ticks are decided without joints of their own
        self._must_seat = True
        self._last: np.ndarray | None = None  # the command (A,) of the tick before
        self._is_at_rest = True
        self._is_away = False
        self._looks = 0  # at a robot that is seen again
        self._plea, self._plea_ns = '', 0  # the arbiter's request, and since when

    # -- what comes in ------------------------------------------------------------------------

    def take_joints(self, sample: JointSample) -> None:
        """Take measured joints; those from before the last forget() are of another scene."""
        if sample.stamp_ns > self.newest_ns:
            self._joints, self._wrong, self.newest_ns = sample, '', sample.stamp_ns

    def refuse_joints(self, why: str) -> None:
        """Note why joints that came are not the robot's."""
        self._wrong = why

    def take_chunk(self, chunk: ActionChunk) -> None:
        """Take the policy's plan: at once in real time, with its tick in lockstep."""
        self._chunk = chunk
        if self.lockstep is None:
            self.arbiter.plans.offer(chunk)

    def take_scores(self, stamp_ns: int, scores: Mapping[str, Reading]) -> None:
        """Take the scores of a plan: at once in real time, with their tick in lockstep."""
        self._scores = stamp_ns, scores
        if self.lockstep is None:
            self.arbiter.gate.read(stamp_ns, scores)

    def take_proposal(self, proposal: Proposal) -> None:
        """Take what a source other than the hands asks for."""
        self._others[proposal.source] = proposal

    def forget(self, now_ns: int) -> None:
        """Start an episode: only joints after now_ns count, and the command is seated there."""
        self._must_seat = True
        self._joints = self._chunk = self._scores = None
        self._others = {}
        self.newest_ns = now_ns
        self._hands.forget()
        self.arbiter.persons.forget()  # now: who takes over before the next joints come is heard
        if self.lockstep is not None:
            self.lockstep.restart()

    def drop_plan(self) -> None:
        """End what the policy planned, and what was thought of it: it is to rest."""
        self.arbiter.plans.refuse('plan dropped')
        self.arbiter.gate.forget()

    def drop_silent(self, waited_s: float) -> list[str]:
        """Drop and return the participants who kept the tick waiting for too long."""
        if self.lockstep is None or self._joints is None:
            return []
        return self.lockstep.drop_silent(self._joints.stamp_ns, waited_s)

    # -- what goes out ------------------------------------------------------------------------

    def tick(self, clock_ns: int) -> Turn | None:
        """Decide the tick of the newest joints; None if that is done, or has to wait."""
        joints = self._joints
        if joints is None or self.wrong_joints(clock_ns):
            return None
        if self.lockstep is not None and self.lockstep.waiting_for(joints.stamp_ns):
            return None
        if clock_ns - joints.stamp_ns < IN_TIME * self.arbiter.spec.dt_ns:
            # again, be their own tick decided or not: else watch(), which goes by the same period,
            # would decide every tick to come a moment before its joints are here
            self._is_late = False
        return self._decide(joints) if joints.stamp_ns > self._done_ns else None

    def watch(self, clock_ns: int) -> Turn | None:
        """Real time: decide at clock_ns if a tick has not come, so that the command goes on."""
        since_ns = clock_ns - max(self._decided_ns, self.newest_ns)
        patience = GOING_ON if self._is_late else LATE
        if self.lockstep is not None or since_ns <= patience * self.arbiter.spec.dt_ns:
            return None
        self._is_late = True
        wrong = self.wrong_joints(clock_ns)
        if not wrong and self._joints is not None:
            return self._decide(replace(self._joints, stamp_ns=clock_ns))
        if not self.arbiter.is_seated:
            return None  # nowhere to stand
        is_long = clock_ns - self.newest_ns > AWAY_NS
        self._is_away, self._looks = self._is_away or (is_long and self._is_at_rest), 0
        turn = Turn(self.arbiter.hold_all(None, clock_ns, wrong), None, not self._is_away)
        return self._noted(turn)

    def wrong_joints(self, clock_ns: int) -> str:
        """Return why there are no joints to decide on at clock_ns, '' when there are."""
        if self._joints is None:
            return self._wrong or 'no joint_states'
        is_old = clock_ns - self._joints.stamp_ns > round(self.max_age_s * 1e9)
        return self._wrong or (f'joint_states older than {self.max_age_s:g} s' if is_old else '')

    # -- deciding -----------------------------------------------------------------------------

    def _decide(self, joints: JointSample) -> Turn:
        """Decide the tick at joints.stamp_ns."""
        if self._must_seat and (self._is_at_rest or self.lockstep is not None):
            self.arbiter.begin(joints)
            self._must_seat, self._last = False, self.arbiter.command  # it stands there
            self._is_away = False
        elif self._is_away and not self._has_looked(joints):
            why = 'seen again: looking where the arms are'
            held = self.arbiter.hold_all(joints, joints.stamp_ns, why)
            return self._noted(Turn(held, None, is_sent=False))
        why = 'coming to rest before the reset' if self._must_seat else ''
        if self.lockstep is not None and self.lockstep.dropped:
            why = f'no answer from {", ".join(self.lockstep.dropped)}'
        if why:
            return self._noted(Turn(self.arbiter.hold_all(joints, joints.stamp_ns, why), None))
        proposal = self._offer(joints)
        return self._noted(Turn(self.arbiter.tick(joints), proposal))

    def _has_looked(self, joints: JointSample) -> bool:
        """Look at a robot that is seen again; whether the command now begins where it is."""
        self._looks += 1
        if self._looks == LOOKS:
            self.arbiter.see_again(joints)
            self._is_away = False
        return not self._is_away

    def _offer(self, joints: JointSample) -> Proposal | None:
        """Pass on what was proposed for this tick; return what the hands ask for."""
        chunk, others, now_ns = self._chunk, self._others, joints.stamp_ns
        if self.lockstep is not None and self._scores is not None and self._scores[0] == now_ns:
            self.arbiter.gate.read(*self._scores)
        if self.lockstep is not None and chunk is not None and chunk.stamp_ns == now_ns:
            self.arbiter.plans.offer(chunk)
        proposals = self._hands.propose(joints, self.arbiter.command, self.arbiter.sources)
        self.arbiter.persons.stale = self._hands.stale()
        self._others = {}
        for each in (*others.values(), *proposals):
            # a device's clock runs on while the joints are on their way: that is no future
            stamp_ns = min(each.stamp_ns, now_ns)
            self.arbiter.persons.offer(replace(each, stamp_ns=stamp_ns), self.operator)
        return proposals[0] if proposals else None

    def _noted(self, turn: Turn) -> Turn:
        """Note what was decided when, whether the command stands, and what a person is asked."""
        before, self._last = self._last, turn.decision.command
        now_ns = self._decided_ns = turn.decision.stamp_ns
        same_ns = round(SAME * self.arbiter.spec.dt_ns) if self._is_late else 0
        self._done_ns = now_ns + same_ns  # a late tick is decided once, also when it comes
        self._is_at_rest = before is not None and np.array_equal(before, self._last)
        if self.arbiter.request != self._plea:
            self._plea, self._plea_ns = self.arbiter.request, now_ns
        if not self._plea or now_ns - self._plea_ns >= PLEA_NS:
            self.request = self._plea
        return turn

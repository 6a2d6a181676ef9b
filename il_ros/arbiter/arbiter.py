"""The arbiter: each tick, and for each arm, e-stop over person over policy over hold."""

from collections.abc import Sequence

import numpy as np

from il_ros.arbiter.gate import Gate
from il_ros.arbiter.guided import Guided
from il_ros.arbiter.locks import Lockout, Locks
from il_ros.arbiter.persons import Persons
from il_ros.arbiter.plans import Plans
from il_ros.arbiter.reseat import YIELD, Reseat
from il_ros.arbiter.safety_chain import SafetyChain
from il_ros.arbiter.sources import GUIDING, ArbiterConfig
from il_ros.arbiter.state import at_rest
from il_ros.arbiter.verdict import Verdict
from il_ros.spec import Authority, Decision, JointSample, RobotSpec, Who


class Arbiter:
    """
    Turns what is proposed into the one command that the robot gets.

    What is said comes in at `locks`, `persons`, `gate` and `plans`; at a tick each has its word,
    and the safety chain moves the command.
    """

    def __init__(self, spec: RobotSpec, config: ArbiterConfig, gate: Gate | None = None):
        self.spec = spec
        self.locks = Locks(config)
        self.persons = Persons(spec, config)
        self.gate = gate or Gate()
        self.plans = Plans(spec, config.policy.timeout if config.policy else 0.0)
        self._policy = config.policy
        self._reseat = Reseat(spec.size)
        self._guided = Guided(spec)
        self._chain = SafetyChain(spec)
        self._authority: tuple[Authority, ...] = ()
        self.sources = ('',) * len(spec.arms)  # the persons' that had each arm at the last tick
        self.request = ''  # why a person is wanted, '' when none is

    @property
    def is_seated(self) -> bool:
        """Whether a measured pose is known, from which to start."""
        return bool(self._authority)

    @property
    def command(self) -> np.ndarray:
        """The last command (A,) [rad, opening]."""
        return self._chain.motion.command.copy()

    @property
    def free(self) -> tuple[bool, ...]:
        """Which arms the robot shall let go of, so that a hand may move them."""
        return tuple(self._guided.free)

    # -- where the command begins -------------------------------------------------------------

    def reset(self, joints: JointSample) -> None:
        """Re-seat the command at the measured pose and forget who proposed what; a latch stays."""
        self.persons.forget()
        self.begin(joints)

    def begin(self, joints: JointSample) -> None:
        """Re-seat the command at the measured pose; no plan, but who was given an arm has it."""
        self._seat(joints)
        self._reseat.forget()
        self.plans.forget(joints.stamp_ns)
        self.gate.forget()
        self.sources = ('',) * len(self.spec.arms)
        self.request = ''

    def see_again(self, joints: JointSample) -> None:
        """Go on after the robot was away: an arm that was moved meanwhile, from where it is."""
        measured, pose = self._measured(joints), self.command
        for arm in self.spec.arms:
            if np.abs(measured - pose)[arm.joints].max() > YIELD:
                pose[arm.all] = measured[arm.all]
        if not np.array_equal(pose, self.command):
            self._chain.motion.seat(pose)

    def _seat(self, joints: JointSample) -> None:
        """Start from the measured pose, standing."""
        self._chain.motion.seat(self._measured(joints))
        self._guided.forget()
        start = Authority(Who.HOLD, 'start', joints.stamp_ns)
        self._authority = tuple(start for _ in self.spec.arms)

    def _measured(self, joints: JointSample) -> np.ndarray:
        """Return the measured pose (N,); ValueError if it is not one of this robot."""
        position = np.asarray(joints.position, dtype=np.float64)
        if position.shape != (self.spec.size,) or not np.isfinite(position).all():
            raise ValueError(f'measured pose {position} is not {self.spec.size} finite positions')
        return position

    # -- a tick -------------------------------------------------------------------------------

    def tick(self, joints: JointSample) -> Decision:
        """Decide who has each arm at joints.stamp_ns, and move the command by one period."""
        if not self.is_seated:
            self._seat(joints)
        now_ns = joints.stamp_ns
        self.plans.begin_tick(now_ns, self._authority)
        lockout = self.locks.update(now_ns)
        has_come = any(authority.who is Who.HUMAN for authority in self._authority)
        self.gate.update(now_ns, self.plans.newest_ns, has_come)
        self._look(joints)
        verdicts = [self._decide(arm, now_ns, lockout) for arm in range(len(self.spec.arms))]
        return self._execute(now_ns, verdicts)

    def hold_all(self, joints: JointSample | None, now_ns: int, why: str) -> Decision:
        """Brake every arm and stand, because why; what was planned before is not resumed."""
        if not self.is_seated:
            if joints is None:
                raise ValueError(f'nothing to hold: no measured pose yet ({why})')
            self._seat(joints)
        self.locks.update(now_ns)
        self.plans.withhold_all()
        hold = self._estop() or Verdict(Who.HOLD, why, is_plea=True)
        return self._execute(now_ns, [hold for _ in self.spec.arms])

    def _look(self, joints: JointSample) -> None:
        """See where the robot is, which may not be where it was told to be."""
        measured, motion = self._measured(joints), self._chain.motion
        if self._reseat.update(bool(self.locks.latched), measured, motion.state):
            self.persons.forget()  # the e-stop was cleared: nobody has an arm by what was before
        self._guided.see(measured, motion.command)
        self._chain.feel(joints, self._guided.joints())

    # -- who has an arm -----------------------------------------------------------------------

    def _decide(self, arm: int, now_ns: int, lockout: Lockout) -> Verdict:
        """Return who has an arm: the first of these who says so, and at last the policy."""
        verdict = self._estop() or self._seating() or self.persons.verdict(arm, now_ns, lockout)
        left = self.persons.target(GUIDING, now_ns) or at_rest(self._chain.motion.command)
        verdict = self._guided.judge(arm, verdict, left) or self._barred(lockout)
        if verdict is not None:
            self.plans.withhold(arm)
            return verdict
        return self.plans.verdict(arm, now_ns)

    def _estop(self) -> Verdict | None:
        """Return the verdict of an e-stop until it is cleared."""
        if not self.locks.latched:
            return None
        why = f'estop: {self.locks.latched}'
        return Verdict(Who.ESTOP, why, self._reseat.target, is_plea=True)

    def _seating(self) -> Verdict | None:
        """Return the verdict while, after an e-stop, the command goes to where the robot is."""
        if self._reseat.target is None:
            return None
        return Verdict(Who.HOLD, 're-seating at the measured pose', self._reseat.target)

    def _barred(self, lockout: Lockout) -> Verdict | None:
        """Return the verdict while the policy may not have any arm."""
        if self._policy is None:
            return Verdict(Who.HOLD, 'no policy in config/arbiter.yaml')
        why = lockout.why if lockout.stops(self._policy) else self.gate.bar
        return Verdict(Who.HOLD, why) if why else None

    # -- what comes of it ---------------------------------------------------------------------

    def _execute(self, now_ns: int, verdicts: Sequence[Verdict]) -> Decision:
        """Move the command by one period as the verdicts say, and tell who is behind it."""
        command = self._chain.step(verdicts)
        told = (self._told(arm, verdict, now_ns) for arm, verdict in enumerate(verdicts))
        self._authority = tuple(told)
        self.sources = tuple(verdict.source for verdict in verdicts)
        pleas = zip(self.spec.arms, verdicts, strict=True)
        why = '; '.join(f'{arm.name}: {verdict.why}' for arm, verdict in pleas if verdict.is_plea)
        self.request = '; '.join(filter(None, (why, self._chain.plea, self.gate.request)))
        return Decision(now_ns, command, self._authority)

    def _told(self, arm: int, verdict: Verdict, now_ns: int) -> Authority:
        """Return a verdict as it is published, with what the policy planned, executed or not."""
        before, slow = self._authority[arm], self._chain.why_slow(arm)
        is_same = (verdict.who, verdict.operator) == (before.who, before.operator)
        return Authority(
            verdict.who,
            f'{verdict.why}; {slow}' if slow else verdict.why,
            before.since_ns if is_same else now_ns,
            verdict.operator,
            self.plans.version(arm),
            self.gate.value,
            verdict.awaits_ns,
        )

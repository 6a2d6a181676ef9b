"""The arbiter: each tick, and for each arm, e-stop over person over policy over hold."""

from collections.abc import Mapping

import numpy as np

from il_ros.arbiter.chunks import ChunkExecutor, Plan, plan_of
from il_ros.arbiter.gate import Gate
from il_ros.arbiter.guard import Guard
from il_ros.arbiter.guided import Guided
from il_ros.arbiter.locks import NONE, Locks
from il_ros.arbiter.motion import Motion
from il_ros.arbiter.persons import Persons
from il_ros.arbiter.policy_word import PolicyWord
from il_ros.arbiter.reseat import YIELD, Reseat
from il_ros.arbiter.sources import GUIDING, ArbiterConfig
from il_ros.arbiter.state import State, at_rest
from il_ros.arbiter.strain import Strain
from il_ros.arbiter.verdict import Verdict
from il_ros.registry import nearest
from il_ros.spec import (
    ActionChunk,
    Authority,
    Decision,
    JointSample,
    Proposal,
    Reading,
    RobotSpec,
    Who,
)

_STANDING = np.array([[1.0], [0.0], [0.0]])  # position, velocity, acceleration of a pose


class Arbiter:
    """Turns what is proposed into the one command that the robot gets."""

    def __init__(self, spec: RobotSpec, config: ArbiterConfig, gate: Gate | None = None):
        self.spec = spec
        self.config = config
        self.gate = gate
        safety = spec.safety
        self._strain = Strain(spec, safety) if safety is not None else None
        self._vets = (self._strain, Guard(spec, safety)) if self._strain and safety else ()
        self._motion = Motion(spec, self._vets)
        self._persons = Persons(spec, config)
        self._locks = Locks(config)
        lasts_s = config.policy.timeout if config.policy else 0.0
        self._executors = [ChunkExecutor(spec.dt_ns, lasts_s) for _ in spec.arms]
        self._reseat = Reseat(spec.size)
        self.policy_word = PolicyWord()
        self._guided = Guided(spec)
        self._plan: Plan | None = None  # the newest
        self._pending: Plan | None = None  # offered since the last tick
        self._authority: tuple[Authority, ...] = ()
        self._policy_may = [True for _ in spec.arms]
        self.sources = ('',) * len(spec.arms)  # the persons' that had each arm at the last tick
        self._now_ns = 0
        self.request = ''  # why a person is wanted, '' when none is

    # -- what comes in ------------------------------------------------------------------------

    @property
    def is_seated(self) -> bool:
        """Whether a measured pose is known, from which to start."""
        return bool(self._authority)

    @property
    def command(self) -> np.ndarray:
        """The last command (A,) [rad, opening]."""
        return self._motion.command.copy()

    @property
    def free(self) -> tuple[bool, ...]:
        """Which arms the robot shall let go of, so that a hand may move them."""
        return tuple(self._guided.free)

    def reset(self, joints: JointSample) -> None:
        """Re-seat the command at the measured pose and forget who proposed what; a latch stays."""
        self.forget_persons()
        self.begin(joints)

    def forget_persons(self) -> None:
        """Forget what persons proposed, and who was given an arm."""
        self._persons.forget()

    def begin(self, joints: JointSample) -> None:
        """Re-seat the command at the measured pose; no plan, but who was given an arm has it."""
        self._seat(joints)
        self._reseat.forget()
        self._plan = self._pending = None
        self.request = ''
        self.sources = ('',) * len(self.spec.arms)
        self._policy_may = [True for _ in self.spec.arms]
        for executor in self._executors:
            executor.forget(joints.stamp_ns)
        if self.gate is not None:
            self.gate.forget()

    def see_again(self, joints: JointSample) -> None:
        """Go on after the robot was away: an arm that was moved meanwhile, from where it is."""
        measured, pose = self._measured(joints), self.command
        for arm in self.spec.arms:
            if np.abs(measured - pose)[arm.joints].max() > YIELD:
                pose[arm.all] = measured[arm.all]
        if not np.array_equal(pose, self.command):
            self._motion.seat(pose)

    def offer_chunk(self, chunk: ActionChunk, version: str = '') -> None:
        """Take the policy's plan; an empty one says nothing, an impossible one stops its arms."""
        shape = np.shape(chunk.targets)
        if shape[0] == 0:
            return
        if len(shape) != 2 or shape[1] != self.spec.size:
            self.refuse_chunk(f'policy proposed targets {shape} for {self.spec.size} joints')
        elif not np.isfinite(chunk.targets).all():
            self.refuse_chunk('policy proposed NaN')
        else:
            self._pending = plan_of(chunk, self.spec.dt_ns, version)

    def offer_scores(self, stamp_ns: int, scores: Mapping[str, Reading]) -> None:
        """Take how much a person may be wanted, by the policy's plan of stamp_ns."""
        if self.gate is not None:
            self.gate.read(stamp_ns, scores)

    def refuse_chunk(self, why: str) -> None:
        """Stop executing the policy's plans, because why."""
        self._pending = None
        for executor in self._executors:
            executor.refuse(why)

    def offer(self, proposal: Proposal, operator: str = '') -> None:
        """Take what a person's hands ask for; ValueError for a source that is not configured."""
        self._persons.offer(proposal, operator)

    def note_stale(self, why: Mapping[str, str]) -> None:
        """Take which sources' devices say nothing of now, and why: who has an arm by one holds."""
        self._persons.stale = why

    def take_over(self, arm: str, source: str = '') -> None:
        """
        Give an arm to a source, or to any person, whose dead-man is not held.

        Raises ValueError for an arm or source that there is not.
        """
        self._persons.take(self._index(arm), source)

    def hand_back(self, arm: str | None = None) -> None:
        """End the take-over of one arm, or of all."""
        for index in range(len(self.spec.arms)) if arm is None else [self._index(arm)]:
            self._persons.give_back(index)

    def lock(self, name: str, locked: bool, now_ns: int) -> None:
        """Take what a lock says; ValueError for one that is not configured."""
        self._locks.set(name, locked, now_ns)

    def estop(self, why: str = 'software') -> None:
        """Stop every arm, latched; not safety-rated."""
        self._locks.stop(why)

    def clear_estop(self) -> str:
        """Release the latched e-stop by hand; return why it stays, '' when it does not."""
        return self._locks.clear(self._now_ns)

    # -- what goes out ------------------------------------------------------------------------

    def tick(self, joints: JointSample) -> Decision:
        """Decide who has each arm at joints.stamp_ns, and move the command by one period."""
        if not self.is_seated:
            self._seat(joints)
        now_ns = self._now_ns = joints.stamp_ns
        self._take_pending(now_ns)
        highest, locked = self._locks.update(now_ns)
        self._update_gate(now_ns)
        self._update_seat(joints)
        self._guided.see(self._measured(joints), self._motion.command)
        if self._strain is not None:
            self._strain.feel(joints, self._motion.command, self._guided.joints())
        verdicts = [self._decide(i, highest, locked) for i in range(len(self.spec.arms))]
        return self._execute(verdicts)

    def hold_all(self, joints: JointSample | None, now_ns: int, why: str) -> Decision:
        """Brake every arm and stand, because why; what was planned before is not resumed."""
        if not self.is_seated:
            if joints is None:
                raise ValueError(f'nothing to hold: no measured pose yet ({why})')
            self._seat(joints)
        self._now_ns = now_ns
        self._pending = None
        self._locks.update(now_ns)
        self._policy_may = [False for _ in self.spec.arms]
        hold = self._estop() or Verdict(Who.HOLD, why, is_plea=True)
        return self._execute([hold for _ in self.spec.arms])

    # -- deciding -----------------------------------------------------------------------------

    def _decide(self, arm: int, highest: int, locked: str) -> Verdict:
        """Return who has an arm; sources up to priority `highest` are locked."""
        verdict = self._estop() or self._seating() or self._person(arm, highest, locked)
        verdict = self._guided.judge(arm, verdict, self._left_by_hand())
        verdict = verdict or self._barred(highest, locked)
        may, self._policy_may[arm] = self._policy_may[arm], verdict is None
        if verdict is not None:
            return verdict
        if not may:  # handed back at this tick: only what is planned from here on counts
            self._executors[arm].forget(self._now_ns + 1)
        return self._policy(arm)

    def _estop(self) -> Verdict | None:
        if not self._locks.latched:
            return None
        return Verdict(Who.ESTOP, f'estop: {self._locks.latched}', self._reseat.target, '', True)

    def _seating(self) -> Verdict | None:
        if self._locks.latched or self._reseat.target is None:
            return None
        return Verdict(Who.HOLD, 're-seating at the measured pose', self._reseat.target)

    def _person(self, arm: int, highest: int, locked: str) -> Verdict | None:
        """Return the verdict while a person has, or had and did not give back, the arm."""
        source = self._persons.in_control(arm, self._now_ns, above=highest)
        if source:
            target = self._persons.target(source, self._now_ns)
            operator = self._persons.operator(source)
            why = 'guided' if source == GUIDING else f'{source} engaged'
            return Verdict(Who.HUMAN, why, target, operator, source=source)
        silent = self._persons.silent(arm, self._now_ns)
        if not silent:
            return None
        if highest > NONE:
            return Verdict(Who.HOLD, locked)
        return Verdict(Who.HOLD, self._persons.why_silent(silent), is_plea=True)

    def _left_by_hand(self) -> State:
        """Return where a hand has left the arms, one period from now."""
        left = self._persons.fresh_target(GUIDING, self._now_ns)
        return at_rest(self._motion.command) if left is None else left

    def _barred(self, highest: int, locked: str) -> Verdict | None:
        """Return the verdict while the policy may not have any arm."""
        if self.config.policy is None:
            return Verdict(Who.HOLD, 'no policy in config/arbiter.yaml')
        if self.config.policy.priority <= highest:
            return Verdict(Who.HOLD, locked)
        bar = self.gate.bar if self.gate is not None else ''
        return Verdict(Who.HOLD, bar) if bar else None

    def _policy(self, arm: int) -> Verdict:
        executor = self._executors[arm]
        why = executor.why_not(self._now_ns)
        if why:
            why = self.policy_word.explains(why, self._now_ns)
            return Verdict(Who.HOLD, why, is_plea=self._plan is not None)
        return Verdict(Who.POLICY, 'chunk', executor.target(self._now_ns))

    def _seat(self, joints: JointSample) -> None:
        """Start from the measured pose, standing."""
        self._motion.seat(self._measured(joints))
        self._guided.forget()
        self._now_ns = joints.stamp_ns
        start = Authority(Who.HOLD, 'start', joints.stamp_ns)
        self._authority = tuple(start for _ in self.spec.arms)

    def _update_seat(self, joints: JointSample) -> None:
        """Follow the e-stop: while it is latched, and until the command is where the robot is."""
        measured = self._measured(joints)
        if self._reseat.update(bool(self._locks.latched), measured, self._motion.state):
            self._persons.forget()

    def _update_gate(self, now_ns: int) -> None:
        """Tell the gate whether somebody came when it called."""
        if self.gate is not None:
            planned_ns = self._plan.chunk.stamp_ns if self._plan is not None else None
            is_human = any(authority.who is Who.HUMAN for authority in self._authority)
            self.gate.update(now_ns, planned_ns, is_human)

    def _take_pending(self, now_ns: int) -> None:
        """Hand the newest plan to each arm's executor."""
        plan, self._pending = self._pending, None
        if plan is None:
            return
        self._plan = plan
        for executor, authority in zip(self._executors, self._authority, strict=True):
            held_since_ns = authority.since_ns if authority.who is Who.HOLD else None
            executor.offer(plan, now_ns, held_since_ns)

    # -- executing ----------------------------------------------------------------------------

    def _execute(self, verdicts: list[Verdict]) -> Decision:
        """Move the command by one period as the verdicts say."""
        wanted = _STANDING * self._motion.command  # (3, N)
        moves = np.zeros(self.spec.size, dtype=bool)
        for arm, verdict in zip(self.spec.arms, verdicts, strict=True):
            if verdict.target is not None:
                moves[arm.all] = True
                wanted[:, arm.all] = np.array(verdict.target.rows())[:, arm.all]
        command = self._motion.step(State(*wanted), moves)
        plans = [executor.plan or self._plan for executor in self._executors]
        score = self.gate.value if self.gate is not None else float('nan')
        self._authority = tuple(
            verdict.authority(before, self._now_ns, plan, self._hindered(i), score)
            for i, (verdict, before, plan) in enumerate(
                zip(verdicts, self._authority, plans, strict=True)
            )
        )
        self.sources = tuple(verdict.source for verdict in verdicts)
        pleas = zip(self.spec.arms, verdicts, strict=True)
        self.request = '; '.join(f'{arm.name}: {v.why}' for arm, v in pleas if v.is_plea)
        held = self._strain.why[0] if self._strain is not None and self._strain.is_held else ''
        called = self.gate.request if self.gate is not None else ''
        self.request = '; '.join(filter(None, (self.request, held, called)))
        return Decision(self._now_ns, command, self._authority)

    def _hindered(self, arm: int) -> str:
        """Return what slows an arm down or stops it, '' nothing."""
        return '; '.join(vet.why[arm] for vet in self._vets if vet.why[arm])

    def _index(self, arm: str) -> int:
        """Return the place of the arm called so; ValueError names the nearest there is."""
        names = [a.name for a in self.spec.arms]
        if arm not in names:
            raise ValueError(f'{self.spec.name} has no arm {arm!r}{nearest(arm, names)}')
        return names.index(arm)

    def _measured(self, joints: JointSample) -> np.ndarray:
        """Return the measured pose (N,); ValueError if it is not one of this robot."""
        position = np.asarray(joints.position, dtype=np.float64)
        if position.shape != (self.spec.size,) or not np.isfinite(position).all():
            raise ValueError(f'measured pose {position} is not {self.spec.size} finite positions')
        return position

"""Moves the robot from a plain program: as a source of the arbiter, below every person."""

from collections.abc import Iterable
from time import monotonic, sleep

import numpy as np

from il_ros import wire
from il_ros.arbiter.sources import load_sources
from il_ros.nodes.client import GraphError
from il_ros.nodes.visit import Visit
from il_ros.observation.joints import JointMerger
from il_ros.robot.ways import path, stops
from il_ros.spec import Authority, JointSample, RobotSpec, Who

SOURCE = 'routine'  # its entry in config/arbiter.yaml
ENGAGED = f'{SOURCE} engaged'
BEGIN_S = 3.0  # until the arbiter has given us the arms
SESSION_S = 2.0  # in which a session, where there is one, is discovered and says its phase
LOST_S = 0.5  # for so long arms may be held, as when joint_states are late once
STUCK_S = 3.0  # so long the way may be waited for
APART = 0.1  # [rad, opening] by which the robot may be behind; then the way waits for it
SETTLE_S = 0.5  # at the end of a way
BUSY = ('running', 'paused')  # phases of a session in which nobody else moves the arms


class Mover:
    """Leads the robot along targets; lets go of it when done, when refused, and on Ctrl-C."""

    def __init__(self, visit: Visit, spec: RobotSpec):
        self.visit, self.spec = visit, spec
        self.merger = JointMerger(spec)
        self.joints: JointSample | None = None
        self.authority: tuple[Authority, ...] = ()
        self.at = spec.home  # the last target
        self.asked: list[tuple[int, np.ndarray]] = []  # when [ns] the arms were to be where
        self._in_arms = np.zeros(spec.size, dtype=bool)
        for arm in spec.arms:
            self._in_arms[arm.joints] = True
        self.phase = ''  # of a session, where there is one
        for name in spec.joint_state_topics:
            visit.listen(wire.Topic(name, wire.JOINT_STATES.type), self._on_joints)
        visit.listen(wire.AUTHORITY, self._on_authority)
        visit.listen(wire.EPISODE, self._on_episode)
        topic = load_sources().source(SOURCE).topic
        self._say = visit.speaker(wire.Topic(topic, wire.PERSON.type))

    def _on_joints(self, data: bytes) -> None:
        self.joints = self.merger.add(data) or self.joints

    def _on_authority(self, data: bytes) -> None:
        self.authority = wire.read_authority(data)[1]

    def _on_episode(self, data: bytes) -> None:
        self.phase = wire.read_episode(data)[0]

    def meet(self) -> np.ndarray:
        """Wait for robot and arbiter, and take the arms; return where the joints (N,) are."""
        topics = ', '.join(self.spec.joint_state_topics)
        self.visit.wait_until(
            lambda: self.joints is not None,
            lambda: f'{topics}: not heard of {self.merger.missing()}; is the robot up?',
        )
        what = 'authority: not heard; is the intervention node up? il-ros up teleop starts it'
        self.visit.wait_until(lambda: bool(self.authority), what)
        end_s = monotonic() + SESSION_S
        while not self.phase and monotonic() < end_s:
            sleep(self.spec.dt_s)
        if self.phase in BUSY:
            raise GraphError(f'an episode is {self.phase}: end it, then try again')
        self.take()
        return self.at

    @property
    def position(self) -> np.ndarray:
        """Where the joints (N,) are, as measured last."""
        assert self.joints is not None
        return self.joints.position

    def take(self) -> None:
        """Take all arms, where they are; GraphError when they are not to be had, and why."""
        still = self.at = self.position.copy()
        end_s = monotonic() + BEGIN_S
        while not self._have_all():
            if monotonic() > end_s:
                self._check()
            self._say_target(still)
            sleep(self.spec.dt_s)

    def follow(self, targets: Iterable[np.ndarray]) -> None:
        """
        Lead the robot along targets (N,), one a control period; it may be late, and is waited for.

        Raises GraphError when somebody else has an arm, or when it is held, and says by what.
        """
        next_s, waited_s, lost_s = monotonic(), 0.0, 0.0
        for target in targets:
            while True:
                self._say_target(target)
                next_s += self.spec.dt_s
                sleep(max(next_s - monotonic(), 0.0))
                lost_s = 0.0 if self._have_all() else lost_s + self.spec.dt_s
                if lost_s > LOST_S or self._is_stopped():
                    self._check()
                waited_s = waited_s + self.spec.dt_s if self._is_behind(target) else 0.0
                if waited_s == lost_s == 0.0:
                    break
                if waited_s > STUCK_S:
                    raise GraphError(f'the arms do not follow: {self._why(target)}')

    def go(self, goal: np.ndarray) -> float:
        """
        Lead the arms to a pose (N,), slowly; return how far [rad] the worst joint is off.

        Raises NoWay where none is free, GraphError as follow().
        """
        for stop in stops(self.spec, self.at, goal):
            self.follow(path(self.spec, self.at, stop))
            self.at = stop
        self.follow([self.at] * round(SETTLE_S / self.spec.dt_s))
        return float(np.abs(self.position - self.at)[self._in_arms].max())

    def _say_target(self, target: np.ndarray) -> None:
        now_ns = self.visit.now_ns()
        self._say(wire.trajectory_msg(self.spec, now_ns, target[None]))
        self.asked.append((now_ns + self.spec.dt_ns, target))

    def _is_behind(self, target: np.ndarray) -> bool:
        """Whether the way has to wait for the arms; a gripper that holds something never comes."""
        return bool((np.abs(target - self.position) > APART)[self._in_arms].any())

    def _is_stopped(self) -> bool:
        return any(authority.who is Who.ESTOP for authority in self.authority)

    def _have_all(self) -> bool:
        return all(authority.why.startswith(ENGAGED) for authority in self.authority)

    def _check(self) -> None:
        """Raise GraphError unless we have all arms."""
        for arm, authority in zip(self.spec.arms, self.authority, strict=True):
            if authority.who is Who.ESTOP:
                raise GraphError(f'{authority.why}: clear it by intervention_node/clear_estop')
            if not authority.why.startswith(ENGAGED):
                raise GraphError(f'the {arm.name} arm is not ours: {authority.why}')

    def _why(self, target: np.ndarray) -> str:
        """Return what slows the arms down or stops them."""
        said = [a.why.removeprefix(ENGAGED).removeprefix('; ') for a in self.authority]
        apart = np.where(self._in_arms, np.abs(target - self.position), 0.0)
        late = f'{self.spec.joint_names[apart.argmax()]} is {apart.max():.2f} rad behind'
        return '; '.join((*dict.fromkeys(filter(None, said)), late))

    def let_go(self) -> None:
        """Have the arms no longer: an empty trajectory says so."""
        for _ in range(3):  # in three ticks, of which one is heard for sure
            nothing = np.zeros((0, self.spec.size))
            self._say(wire.trajectory_msg(self.spec, self.visit.now_ns(), nothing))
            sleep(self.spec.dt_s)

    def __enter__(self) -> 'Mover':
        return self

    def __exit__(self, *error: object) -> None:
        self.let_go()

"""Two hands and one rigid thing between them: one reference, so that the arms never pull apart."""

from dataclasses import dataclass

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.beat import Beat
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import between, length, pose
from il_ros.sim.grip import Grip
from il_ros.sim.manner import Manner
from il_ros.sim.motion import Motion
from il_ros.spec import JointSample, RobotSpec

SPEED = 0.14  # [m/s] along the faster axis, for a style of speed 1
_BRAKING = 0.5  # [m/s^2]
_LEVER = 0.1  # [m/rad] how much a turn counts as a distance
_STRAY = 0.02  # [m] further from the reference than servos lag: somebody else moved the arms
_LAG_S = 0.1  # [s] how far behind its reference a moving thing may be
_REGRASP = 0.06  # share of what is left that a hand comes back to the thing in a period
_SWAY = 0.5  # [m/rad] how far a wandering of the arms takes what they carry


@dataclass(frozen=True, eq=False)
class Held:
    """A hand at the thing, or on its way back to it."""

    wanted: np.ndarray  # (4, 4) the grasp point's pose in the thing's own frame
    holds: bool
    opening: float  # of the gripper, 0 or 1


class Carry:
    """
    Moves a thing that both hands hold, in a demonstrator's style.

    The thing's pose is (x, y, z, yaw) [m, rad], level otherwise. Where each hand has it stays as
    it is found, so that the arms agree however it slipped before. A hand that lost it comes back.
    """

    def __init__(self, spec: RobotSpec, kinematics: Kinematics, style: Style, seed: int):
        self._spec, self._kinematics = spec, kinematics
        self._motion = Motion(spec.dt_s, SPEED * style.speed, _BRAKING)
        self._grips = {arm.name: Grip(spec.dt_s) for arm in spec.arms}
        self._beat = Beat(spec.dt_ns)
        self._manner = Manner(style, np.random.default_rng(seed), 2, spec.dt_s)
        self._at: dict[str, np.ndarray] = {}  # (4, 4) where each hand is in the thing's frame

    def reset(self) -> None:
        """Forget the motion under way: the next one starts at the pose measured then."""
        self._beat.reset()
        self._manner.reset()

    def act(
        self,
        joints: JointSample,
        thing: np.ndarray,
        goal: np.ndarray,
        hands: dict[str, Held],
        stage: object,
    ) -> np.ndarray:
        """Return joint targets (A,) for one period later: thing (4,) moves on to goal (4,)."""
        paused = self._manner.pauses(stage, joints.stamp_ns)
        aim = _scaled(goal)
        aim[:2] += _SWAY * self._manner.wandering()
        fresh = self._beat.breaks(joints.stamp_ns)
        if fresh or self._has_strayed(thing):
            self._seat(joints, thing)
        frame = _frame(self._motion.towards(self._motion.position if paused else aim))
        command = joints.position.copy()
        for arm in self._spec.arms:
            name, hand = arm.name, hands[arm.name]
            if not hand.holds:
                self._at[name] = between(self._at[name], hand.wanted, _REGRASP)
            solved, _ = self._kinematics.solve(name, frame @ self._at[name], joints.position)
            command[arm.joints] = solved
            at, moving = joints.position[arm.gripper], joints.velocity[arm.gripper]
            if fresh:
                self._grips[name].seat(at, moving)
            command[arm.gripper] = self._grips[name].towards(hand.opening, at, moving)
        return np.clip(command, self._spec.lower, self._spec.upper)

    def _seat(self, joints: JointSample, thing: np.ndarray) -> None:
        """Start where the thing (4,) is, moving as the hands move it."""
        frame = np.linalg.inv(_frame(_scaled(thing)))
        speeds = []
        for arm in self._spec.arms:
            self._at[arm.name] = frame @ self._kinematics.pose(arm.name, joints.position)
            jacobian = self._kinematics.jacobian(arm.name, joints.position)[:3]
            speeds.append(jacobian @ joints.velocity[arm.joints])
        self._motion.seat(_scaled(thing), np.append(np.mean(speeds, axis=0), 0.0))

    def _has_strayed(self, thing: np.ndarray) -> bool:
        allowed = _STRAY + _LAG_S * length(self._motion.velocity)
        return length(self._motion.position - _scaled(thing)) > allowed


def _scaled(thing: np.ndarray) -> np.ndarray:
    """The pose (4,) with its yaw as a distance."""
    return thing * (1.0, 1.0, 1.0, _LEVER)


def _frame(scaled: np.ndarray) -> np.ndarray:
    """The transform (4, 4) of a pose (4,) whose yaw is a distance."""
    yaw = scaled[3] / _LEVER
    cosine, sine = np.cos(yaw), np.sin(yaw)
    return pose(np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]]), scaled[:3])

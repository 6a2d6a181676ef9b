"""A rigid thing in one hand or two: one reference for it, so that the arms never pull apart."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.beat import Beat
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import between, length, standing
from il_ros.sim.grip import Grip
from il_ros.sim.manner import Manner
from il_ros.sim.motion import Motion
from il_ros.spec import JointSample, RobotSpec

_BRAKING = 0.5  # [m/s^2]
_STRAY = 0.02  # [m] further from the reference than servos lag: somebody else moved the arms
_LAG_S = 0.1  # [s] how far behind its reference a moving thing may be
_REGRASP = 0.06  # share of what is left that a hand comes back to the thing in a period
_SWAY = 0.5  # [m/rad] how far a wandering of the arms takes what they carry


@dataclass(frozen=True, eq=False)
class Held:
    """A hand at the thing, or on its way back to it."""

    wanted: np.ndarray  # (4, 4) where the grasp point should be
    holds: bool
    opening: float  # of the gripper, 0 or 1


class Carry:
    """
    Moves a thing that hands hold, in a demonstrator's style; an arm that has no hand in it rests.

    The thing's pose is (x, y, z, yaw) [m, rad], level otherwise. Where each hand has it stays as
    it is found, so that the arms agree however it slipped before. A hand that lost it comes back,
    and the thing waits.
    """

    def __init__(
        self,
        spec: RobotSpec,
        kinematics: Kinematics,
        style: Style,
        seed: int,
        speed: float,
        weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.1),
    ):
        """
        Move at a speed [m/s] along the fastest axis, for a style of speed 1.

        weights: how much a metre along each axis and a radian count as a distance [m].
        """
        self._spec, self._kinematics, self._weights = spec, kinematics, np.array(weights)
        self._motion = Motion(spec.dt_s, speed * style.speed, _BRAKING)
        self._grips = {arm.name: Grip(spec.dt_s) for arm in spec.arms}
        self._beat = Beat(spec.dt_ns)
        self._manner = Manner(style, np.random.default_rng(seed), 4, spec.dt_s)
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
        fresh = self._beat.breaks(joints.stamp_ns)
        if fresh or self._has_strayed(thing):
            self._seat(joints, thing, hands)
        pauses = self._manner.pauses(stage, joints.stamp_ns)
        left = (goal - thing) * self._weights + _SWAY * self._manner.wandering()
        if pauses or not all(hand.holds for hand in hands.values()):
            left = np.zeros(4)
        frame = self._frame(self._motion.towards(self._motion.position + left))
        command = self._resting.copy()
        for name, hand in hands.items():
            arm = self._spec.arm(name)
            command[arm.joints] = self._reach(name, hand, frame, joints)
            at, moving = joints.position[arm.gripper], joints.velocity[arm.gripper]
            if fresh:
                self._grips[name].seat(at, moving)
            command[arm.gripper] = self._grips[name].towards(hand.opening, at, moving)
        return np.clip(command, self._spec.lower, self._spec.upper)

    def _reach(self, arm: str, hand: Held, frame: np.ndarray, joints: JointSample) -> np.ndarray:
        """Joints (n,) that bring a hand to the thing, which is to be at frame (4, 4)."""
        if not hand.holds:
            wanted = np.linalg.inv(frame) @ hand.wanted
            self._at[arm] = between(self._at[arm], wanted, _REGRASP)
        return self._kinematics.solve(arm, frame @ self._at[arm], joints.position)[0]

    def _seat(self, joints: JointSample, thing: np.ndarray, hands: Iterable[str]) -> None:
        """Start where the thing (4,) is, moving as the hands move it."""
        scaled = thing * self._weights
        frame = np.linalg.inv(self._frame(scaled))
        speeds = []
        for name in hands:
            self._at[name] = frame @ self._kinematics.pose(name, joints.position)
            jacobian = self._kinematics.jacobian(name, joints.position)[:3]
            speeds.append(jacobian @ joints.velocity[self._spec.arm(name).joints])
        self._motion.seat(scaled, np.append(np.mean(speeds, axis=0), 0.0) * self._weights)
        self._resting = joints.position.copy()

    def _has_strayed(self, thing: np.ndarray) -> bool:
        allowed = _STRAY + _LAG_S * length(self._motion.velocity)
        return length(self._motion.position - thing * self._weights) > allowed

    def _frame(self, scaled: np.ndarray) -> np.ndarray:
        """The transform (4, 4) of a pose (4,) whose numbers count as distances."""
        return standing(scaled / self._weights)

"""Where the hands should go -> joint targets each tick: smooth, and begun where the robot is."""

from dataclasses import dataclass

import numpy as np

from il_ros.sim.beat import Beat
from il_ros.sim.demonstrators import Style
from il_ros.sim.grip import Grip
from il_ros.sim.manner import Manner
from il_ros.sim.motion import Motion
from il_ros.spec import JointSample, RobotSpec

SPEED = 0.58  # [rad/s] of the fastest joint, for a style of speed 1
_STRAY = 0.04  # [rad] further from the reference than a servo lags: somebody else moved the arm
_LAG_S = 0.1  # [s] how far behind its reference a moving arm may be


@dataclass(frozen=True, eq=False)
class Goal:
    """Where one hand should go."""

    joints: np.ndarray  # (n,) [rad]
    opening: float  # of the gripper, 0 or 1


class Hands:
    """
    Moves every arm towards its goal in a demonstrator's style.

    It keeps a smooth reference, and starts it anew from the measured joints after `reset`, after a
    gap in time, or when the arm is not where the reference would have brought it.
    """

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec = spec
        self._beat = Beat(spec.dt_ns)
        self._manner = Manner(style, np.random.default_rng(seed), spec.size, spec.dt_s)
        self._motions = {a.name: Motion(spec.dt_s, SPEED * style.speed) for a in spec.arms}
        self._grips = {a.name: Grip(spec.dt_s) for a in spec.arms}
        self.reset()

    def reset(self) -> None:
        """Start anew from what is measured next."""
        self._beat.reset()
        self._manner.reset()

    def act(self, joints: JointSample, goals: dict[str, Goal], stage: object) -> np.ndarray:
        """Return joint targets (A,) for one period later; a new stage may begin with a pause."""
        fresh = self._beat.breaks(joints.stamp_ns)
        paused = self._manner.pauses(stage, joints.stamp_ns)
        wander = self._manner.wandering()
        command = joints.position.copy()
        for arm in self._spec.arms:
            goal, motion, grip = goals[arm.name], self._motions[arm.name], self._grips[arm.name]
            at, moving = joints.position[arm.joints], joints.velocity[arm.joints]
            if fresh or _has_strayed(motion, at):
                motion.seat(at, moving)
            aim = motion.position if paused else goal.joints + wander[arm.joints]
            command[arm.joints] = motion.towards(aim)
            at, moving = joints.position[arm.gripper], joints.velocity[arm.gripper]
            if fresh:
                grip.seat(at, moving)
            command[arm.gripper] = grip.towards(goal.opening, at, moving)
        return np.clip(command, self._spec.lower, self._spec.upper)


def _has_strayed(motion: Motion, measured: np.ndarray) -> bool:
    allowed = _STRAY + _LAG_S * np.abs(motion.velocity)
    return bool((np.abs(motion.position - measured) > allowed).any())

"""Where the hands should go -> joint targets each tick: smooth, and begun where the robot is."""

from dataclasses import dataclass

import numpy as np

from il_ros.sim.demonstrators import Style
from il_ros.sim.motion import Motion
from il_ros.spec import JointSample, RobotSpec

SPEED = 0.58  # [rad/s] of the fastest joint, for a style of speed 1
GRIP_SPEED = 2.5  # [opening/s]
_SQUEEZE = 0.15  # [opening] how far behind its command a closed gripper is kept
_STRAY = 0.04  # [rad] further from the reference than a servo lags: somebody else moved the arm
_GAP = 5  # periods without a tick, after which the arms may be anywhere
_LAG_S = 0.1  # [s] how far behind its reference a moving arm may be
_WANDER_S = 0.5  # [s] correlation time of a demonstrator's noise


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
        self._spec, self._style = spec, style
        self._rng = np.random.default_rng(seed)
        self._motions = {a.name: Motion(spec.dt_s, SPEED * style.speed) for a in spec.arms}
        self._grips = {a.name: Motion(spec.dt_s, GRIP_SPEED, 30.0, 0.03) for a in spec.arms}
        self.reset()

    def reset(self) -> None:
        """Start anew from what is measured next."""
        self._last_ns: int | None = None
        self._stage: object = None
        self._pause_until_ns = 0
        self._wander = np.zeros(self._spec.size)

    def act(self, joints: JointSample, goals: dict[str, Goal], stage: object) -> np.ndarray:
        """Return joint targets (A,) for one period later; a new stage may begin with a pause."""
        fresh = self._last_ns is None or not self._is_next(joints.stamp_ns - self._last_ns)
        self._last_ns = joints.stamp_ns
        paused = self._pauses(stage, joints.stamp_ns)
        wander = self._wandering()
        command = joints.position.copy()
        for arm in self._spec.arms:
            goal, motion, grip = goals[arm.name], self._motions[arm.name], self._grips[arm.name]
            at, moving = joints.position[arm.joints], joints.velocity[arm.joints]
            if fresh or _has_strayed(motion, at):
                motion.seat(at, moving)
            aim = motion.position if paused else goal.joints + wander[arm.joints]
            command[arm.joints] = motion.towards(aim)
            at, moving = joints.position[arm.gripper], joints.velocity[arm.gripper]
            if fresh or abs(grip.position - at) > 2 * _SQUEEZE:
                grip.seat(at, moving)
            command[arm.gripper] = grip.towards(np.maximum(goal.opening, at - _SQUEEZE))
        return np.clip(command, self._spec.lower, self._spec.upper)

    def _is_next(self, since_ns: int) -> bool:
        """Whether a tick follows on the one since_ns before: in real time the clock jitters."""
        return 0 < since_ns < _GAP * self._spec.dt_ns

    def _pauses(self, stage: object, now_ns: int) -> bool:
        if stage != self._stage and self._stage is not None and self._style.pause_s > 0:
            self._pause_until_ns = now_ns + int(1e9 * self._rng.uniform(0, self._style.pause_s))
        self._stage = stage
        return now_ns < self._pause_until_ns

    def _wandering(self) -> np.ndarray:
        """Ornstein-Uhlenbeck noise (N,) of the style's size."""
        if self._style.noise_rad > 0:
            keep = np.exp(-self._spec.dt_s / _WANDER_S)
            kick = self._rng.standard_normal(self._spec.size)
            self._wander = (
                keep * self._wander + self._style.noise_rad * np.sqrt(1 - keep**2) * kick
            )
        return self._wander


def _has_strayed(motion: Motion, measured: np.ndarray) -> bool:
    allowed = _STRAY + _LAG_S * np.abs(motion.velocity)
    return bool((np.abs(motion.position - measured) > allowed).any())

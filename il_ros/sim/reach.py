"""Which joints bring a scripted hand somewhere: one answer for one place."""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.geometry import length, pose, ramp
from il_ros.spec import RobotSpec


class Reach:
    """
    Joints for the poses of a robot's hands.

    Solutions start at a fixed configuration, or at the last one while the target moves little: an
    arm's configuration depends on where the hand should go, never on how the arm got there. A free
    elbow rests as at home.
    """

    def __init__(self, spec: RobotSpec, kinematics: Kinematics):
        self._spec, self._kinematics = spec, kinematics
        self._last: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def configured(self, arm: str, turned: np.ndarray) -> np.ndarray:
        """Return positions (N,), a fixed start: one hand at its home place but turned (3, 3)."""
        at = self._kinematics.pose(arm, self._spec.home)[:3, 3]
        joints = self._solve(arm, pose(turned, at), self._spec.home, iterations=60)
        return self._at(arm, joints)

    def solve(self, arm: str, target: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return joints (n,) for a target (4, 4), in the configuration of start (N,)."""
        last = self._last.get(arm)
        if last is not None and np.abs(target - last[0]).max() < 0.05:
            start = last[1]
        joints = self._solve(arm, target, start)
        self._last[arm] = (target, self._at(arm, joints))
        return joints

    def nearby(self, arm: str, target: np.ndarray, now: np.ndarray) -> np.ndarray:
        """Return joints (n,) for a target (4, 4) close to where the arm is, at positions (N,)."""
        return self._solve(arm, target, now)

    def by_air(
        self, arm: str, here: np.ndarray, joints: np.ndarray, now: np.ndarray
    ) -> np.ndarray:
        """
        Return joints (n,) to make for: those given, unless the hand is low and far; then up.

        here (4, 4) is where the hand is, at positions now (N,).
        """
        low = 1.0 - ramp(here[2, 3], 0.05, 0.10)
        if low == 0.0:
            return joints
        way = self._kinematics.pose(arm, self._at(arm, joints))[:2, 3] - here[:2, 3]
        far = ramp(length(way), 0.10, 0.20)
        rise = self._kinematics.jacobian(arm, now)[2]  # (n,) [m/rad]; solving may fail out there
        up = now[self._spec.arm(arm).joints] + 0.5 * rise / max(float(np.abs(rise).max()), 1e-3)
        return joints + low * far * (up - joints)

    def _solve(
        self, arm: str, target: np.ndarray, start: np.ndarray, iterations: int = 20
    ) -> np.ndarray:
        return self._kinematics.solve(arm, target, start, iterations, self._spec.home)[0]

    def _at(self, arm: str, joints: np.ndarray) -> np.ndarray:
        position = self._spec.home.copy()
        position[self._spec.arm(arm).joints] = joints
        return position

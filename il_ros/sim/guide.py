"""A synthetic hand that guides an arm: it pulls the grasp point to where it should be."""

import numpy as np
import pinocchio as pin

from il_ros.robot.kinematics import Kinematics
from il_ros.spec import JointSample, RobotSpec, Wrench

PULL = np.array([300.0] * 3 + [3.0] * 3)  # [N/m], [Nm/rad]
CALM = np.array([12.0] * 3 + [0.02] * 3)  # [N s/m], [Nm s/rad]
MORE = np.array([1000.0] * 3 + [10.0] * 3)  # the same for each second that it does not get there
STRONGEST = np.array([40.0] * 3 + [4.0] * 3)  # [N], [Nm] of a person who takes care


class GuidingHand:
    """A hand at the link `<arm>_grasp` of each arm, as a spring and a damper."""

    def __init__(self, spec: RobotSpec):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self.reset()

    def reset(self) -> None:
        """Begin anew: nothing was aimed at before."""
        self._aim: np.ndarray | None = None
        self._more = {arm.name: np.zeros(6) for arm in self._spec.arms}  # [N], [Nm]

    def pull(self, joints: JointSample, target: np.ndarray) -> tuple[Wrench, ...]:
        """Return how it pulls every arm to where joints (A,) would bring it in one period."""
        moves = np.zeros(self._spec.size)
        if self._aim is not None:
            moves = (target - self._aim) / self._spec.dt_s
        self._aim = target
        return tuple(self._pull(arm.name, joints, target, moves) for arm in self._spec.arms)

    def _pull(
        self, name: str, joints: JointSample, target: np.ndarray, moves: np.ndarray
    ) -> Wrench:
        arm, kinematics = self._spec.arm(name), self._kinematics
        here = kinematics.pose(name, joints.position).copy()
        there = kinematics.pose(name, target)
        axes = here[:3, :3]
        turn = pin.log3(axes.T @ there[:3, :3])  # (3,) in the link's axes
        apart = np.concatenate([axes.T @ (there[:3, 3] - here[:3, 3]), turn])
        slow = kinematics.jacobian(name, joints.position) @ (moves - joints.velocity)[arm.joints]
        slow = np.concatenate([axes.T @ slow[:3], axes.T @ slow[3:]])
        more = self._more[name] + MORE * apart * self._spec.dt_s
        self._more[name] = more.clip(-STRONGEST / 4, STRONGEST / 4)
        pull = (PULL * apart + CALM * slow + self._more[name]).clip(-STRONGEST, STRONGEST)
        return Wrench(joints.stamp_ns, f'{name}_grasp', pull[:3], pull[3:])

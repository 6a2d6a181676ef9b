"""The wire expert: along the wire, and back to its middle, whatever the state."""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.carry import Carry, Held
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import matrix, pose
from il_ros.sim.tasks import wire
from il_ros.sim.tasks.wire_scene import SPACING
from il_ros.spec import JointSample, RobotSpec

_SPEED = 0.10  # [m/s]
_AHEAD = 0.03  # [m] to the point that the ring makes for
_BACK = 0.02  # [m] along the wire in which an offset is to be gone
_HOLDS = 0.4  # opening, less than which pads are on the handle's sides: 0.27, or askew
_NEAR = 0.02  # [m] within which the handle is between the fingers


class WireExpert:
    """The scripted expert of `wire` and `tightrope`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int, length: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._whole = SPACING * length
        self._carry = Carry(spec, self._kinematics, style, seed, _SPEED)

    def reset(self) -> None:
        """Forget the motion under way."""
        self._carry.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (6, 7)."""
        ring, here, ahead = objects[:3, :3]
        slope = (ahead - here) / (ahead[1] - here[1])
        goal = ring + _AHEAD * (slope + (here - ring) / _BACK)
        turned = matrix(objects[0, 3:])
        thing = np.array([*ring, np.arctan2(turned[1, 0], turned[0, 0])])
        hands = {wire.HAND: self._hand(joints, pose(turned, ring))}
        stage = ring[1] // SPACING  # the bend it is at
        return self._carry.act(joints, thing, np.append(goal, 0.0), hands, stage)

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: how much of the wire is behind the ring."""
        left = objects[-1, 1] - objects[0, 1]
        return 1.0 - min(max(left / self._whole, 0.0), 1.0)

    def _hand(self, joints: JointSample, ring: np.ndarray) -> Held:
        """How the hand has the ring, at pose (4, 4), or gets it back."""
        wanted = ring @ wire.held()
        at = self._kinematics.pose(wire.HAND, joints.position)[:3, 3]
        is_near = bool(np.abs(wanted[:3, :3].T @ (at - wanted[:3, 3])).max() < _NEAR)
        opening = float(joints.position[self._spec.arm(wire.HAND).gripper][0])
        return Held(wanted, is_near and opening < _HOLDS, 0.0 if is_near else 1.0)

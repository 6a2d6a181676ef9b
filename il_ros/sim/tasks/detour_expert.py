"""
The detour expert: a policy over the present state, whatever that is.

Straight on until the post is near, then aside while going on, and along beside it. The bar goes on
only as far as it has got aside, so that a bar that came too near goes aside first.
"""

from enum import Enum

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.carry import Carry, Held
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import matrix, ramp
from il_ros.sim.tasks import detour
from il_ros.spec import JointSample, RobotSpec

_AHEAD = 0.04  # [m] to the point on the way that the bar makes for
_REACH = 0.12  # [m] from the bar's middle to the foremost that could touch, and the post's radius
_PARTS_AT = 0.12  # [m] between that and the post, where the ways part
_PARTED_AT = 0.07
_BEGUN = 0.05  # [m] aside: this way has begun, whoever began it
_CLEAR = 0.105  # [m] aside, where nothing would touch
_SLOPE = 0.5  # [m/m] how far before the post a bar has to stay for what it still has to go aside


class Stage(Enum):
    """Where the bar is, read off the present state."""

    BEFORE = 0
    BESIDE = 1
    BEYOND = 2


class DetourExpert:
    """The scripted expert of `detour`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._way = detour.WAYS[style.number]
        self._carry = Carry(spec, self._kinematics, style, seed)

    def reset(self) -> None:
        """Forget the motion under way."""
        self._carry.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (3, 7)."""
        bar, turned, post = objects[0, :3], matrix(objects[0, 3:]), objects[1, :2]
        hands = {arm.name: self._hand(arm.name, joints, bar, turned) for arm in self._spec.arms}
        off = bar[:2] - post
        at = self._aim(off) + post if all(hand.holds for hand in hands.values()) else bar[:2]
        at[0] = max(at[0], detour.GOAL_X)
        yaw = np.arctan2(turned[1, 0], turned[0, 0])
        goal = np.array([*at, detour.HEIGHT, 0.0])
        return self._carry.act(joints, np.array([*bar, yaw]), goal, hands, _stage(off[0]))

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: how far the bar has come."""
        left = abs(objects[0, 0] - objects[2, 0]) - detour.GOAL[0]
        whole = detour.START_X - detour.GOAL_X - detour.GOAL[0]
        return 1.0 - min(max(left / whole, 0.0), 1.0)

    def _aim(self, off: np.ndarray) -> np.ndarray:
        """Where the bar makes for (2,), seen from the post, as off (2,) is."""
        side = self._side(off)
        aside = 1.0 - ramp(off[0] - _REACH, _PARTED_AT, _PARTS_AT)
        still = side * self._way.berth - off[1]
        nearest = _REACH + _SLOPE * max(_CLEAR - side * off[1], 0.0)
        ahead = off[0] - _AHEAD
        if off[0] > 0.0 and side * off[1] < _CLEAR:
            ahead = max(ahead, nearest)
        return np.array([ahead, off[1] + aside * still])

    def _side(self, off: np.ndarray) -> float:
        """1 behind the post, -1 before it: the demonstrator's own, or the one already taken."""
        if off[0] < _REACH or abs(off[1]) > _BEGUN:
            return 1.0 if off[1] >= 0 else -1.0
        return float(self._way.side)

    def _hand(self, arm: str, joints: JointSample, bar: np.ndarray, turned: np.ndarray) -> Held:
        """How a hand has the bar, or gets it back."""
        at = self._kinematics.pose(arm, joints.position)[:3, 3]
        along, aside, above = turned.T @ (at - bar)
        opening = float(joints.position[self._spec.arm(arm).gripper][0])
        near = abs(along) < detour.BAR[0] and max(abs(aside), abs(above)) < 0.012
        holds = near and opening < 0.4
        return Held(detour.held(arm), holds, 0.0 if near else 1.0)


def _stage(ahead: float) -> Stage:
    """The stage of a bar whose middle is ahead [m] of the post."""
    if ahead > _REACH + _PARTS_AT:
        return Stage.BEFORE
    return Stage.BESIDE if ahead > -_REACH else Stage.BEYOND

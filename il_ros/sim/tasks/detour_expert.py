"""
The detour expert: a policy over the present state, whatever that is.

Up, straight on until the post is near, then aside while going on, and along beside it. The bar
goes on only as far as it has got aside, so that a bar that came too near goes aside first.
"""

from enum import Enum

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.carry import Carry, Held
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import matrix, pose, ramp
from il_ros.sim.tasks import detour
from il_ros.spec import JointSample, RobotSpec

_SPEED = 0.12  # [m/s]
_LOW = 0.03  # [m] height of the bar's middle, below which it goes nowhere but up
_AHEAD = 0.03  # [m] to the point on the way that the bar makes for
_STEEP = 2.5  # [m/m] the most that a bar goes aside while it goes on, as fast as ever
_REACH = 0.105  # [m] from the bar's middle to the foremost that could touch, and the post's radius
_PARTS_AT, _PARTED_AT = 0.055, 0.035  # [m] between that and the post, where the ways part
_BEGUN = 0.05  # [m] aside: this way has begun, whoever began it
_CLEAR = 0.055  # [m] aside, where nothing would touch
_BACK = 0.2  # [m/m] how far before the post a bar stays for what it still has to go aside
_HOLDS = 0.4  # opening, less than which pads are on the bar's sides: 0.27, or askew
_NEAR = 0.02  # [m] within which a bar is between a hand's fingers


class Stage(Enum):
    """Where the bar is, read off the present state."""

    BEFORE = 0
    BESIDE = 1
    BEYOND = 2


class DetourExpert:
    """The scripted expert of `detour`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._way = detour.WAYS[style.number % len(detour.WAYS)]
        self._carry = Carry(
            spec, self._kinematics, style, seed, _SPEED, (1.0, 1 / _STEEP, 1.0, 0.1)
        )

    def reset(self) -> None:
        """Forget the motion under way."""
        self._carry.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (3, 7)."""
        bar = pose(matrix(objects[0, 3:]), objects[0, :3])
        off = objects[0, :2] - objects[1, :2]
        way = ramp(bar[2, 3], _LOW, detour.LIFTED) * (self._aim(off) - off)
        goal = np.array([*objects[0, :2] + way, detour.HEIGHT, 0.0])
        goal[0] = max(goal[0], detour.GOAL_X)
        hands = {arm.name: self._hand(arm.name, joints, bar) for arm in self._spec.arms}
        thing = np.array([*bar[:3, 3], np.arctan2(bar[1, 0], bar[0, 0])])
        return self._carry.act(joints, thing, goal, hands, _stage(off[0]))

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: how far the bar is up, then how far it has come."""
        left = abs(objects[0, 0] - objects[2, 0]) - detour.GOAL[0]
        whole = detour.START[0] - detour.GOAL_X - detour.GOAL[0]
        up = ramp(objects[0, 2], detour.BAR[2], detour.HEIGHT)
        return 0.1 * up + 0.9 * (1.0 - min(max(left / whole, 0.0), 1.0))

    def _aim(self, off: np.ndarray) -> np.ndarray:
        """Where the bar makes for (2,), seen from the post, as off (2,) is."""
        side = self._side(off)
        done, gap = side * off[1], off[0] - _REACH
        aside = (1.0 - ramp(gap, _PARTED_AT, _PARTS_AT)) * (self._way.berth - done)
        most = _STEEP * _AHEAD
        return np.array([self._ahead(off[0], done), off[1] + side * min(max(aside, -most), most)])

    def _ahead(self, at: float, done: float) -> float:
        """Where along its way a bar at `at` makes for, `done` aside: no nearer than it may."""
        if at <= 0.0 or done >= _CLEAR:
            return at - _AHEAD
        nearest = _REACH + _BACK * (_CLEAR - done)
        return max(nearest, at) - _AHEAD * ramp(at - nearest, 0.0, 0.015)

    def _side(self, off: np.ndarray) -> float:
        """1 behind the post, -1 before it: the demonstrator's own, or the one already taken."""
        if off[0] < _REACH or abs(off[1]) > _BEGUN:
            return 1.0 if off[1] >= 0 else -1.0
        return float(self._way.side)

    def _hand(self, arm: str, joints: JointSample, bar: np.ndarray) -> Held:
        """How a hand has the bar, at pose (4, 4), or gets it back."""
        hand = self._kinematics.pose(arm, joints.position)
        over = hand[:3, 3] + detour.RAISED * hand[:3, 0]  # where the bar should be
        along, aside, above = np.abs(bar[:3, :3].T @ (over - bar[:3, 3]))
        is_near = bool(along < detour.BAR[0] and max(aside, above) < _NEAR)
        opening = float(joints.position[self._spec.arm(arm).gripper][0])
        wanted = bar @ detour.held(arm)
        return Held(wanted, is_near and opening < _HOLDS, 0.0 if is_near else 1.0)


def _stage(ahead: float) -> Stage:
    """The stage of a bar whose middle is ahead [m] of the post."""
    if ahead > _REACH + _PARTS_AT:
        return Stage.BEFORE
    return Stage.BESIDE if ahead > -_REACH else Stage.BEYOND

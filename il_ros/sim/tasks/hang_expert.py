"""
The hang expert: a policy over the present state, whatever that is.

Each hand takes a shoulder from above and waits for the other. Then both lift the garment before
the peg's tip, bring the neck over the peg, lower it, let go and leave.
"""

from dataclasses import dataclass

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.from_above import CLOSED, OPEN, onto
from il_ros.sim.geometry import UP, between, cross, flat, leaning, length, pose, ramp
from il_ros.sim.hands import Goal, Hands
from il_ros.sim.reach import Reach
from il_ros.sim.tasks.hang_sight import CONTACT, Shoulder, Sight, Stage, look
from il_ros.spec import JointSample, RobotSpec

_OTHER = {'left': 'right', 'right': 'left'}
_LOWEST = 0.021  # [m] a grasp: lower, the fingers stand on the table
_WAITING = ((0.045, -0.16), (0.11, 0.10))  # [m] from, to: on the arm's own side, and y
_SPREAD, _SPREAD_TO = 0.12, (0.0, 0.2)  # [m] up, and outwards: what was on a heap is laid out
_LOW = 0.08  # [m] a hand below does not let a shoulder dangle
_APART = 0.114  # [m] between the hands: the neck sags, and nothing is pulled out of a hand
_STEP = 0.04  # [m] that both hands go on at a time, so that they stay together
_ROOM = 0.09  # [m] between two shoulders that two hands need
_CLEAR = 0.018  # [m] between neck and peg while one moves over the other
_PRESS = 0.01  # [m] below the peg's top that a neck is aimed at


@dataclass(frozen=True)
class Way:
    """What one demonstrator does differently, apart from how it moves."""

    first: str = ''  # the arm that picks first; '': both at once
    grasp_at_m: float = 0.018  # from the shoulder's outer end
    lean_rad: float = 1.05  # of the hands below level
    higher_m: float = 0.0  # than needed, over the peg
    inside_m: float = 0.0  # from the peg's middle to where the neck is hung, towards the post
    before_m: float = 0.05  # the peg's tip, where the garment waits until it is high enough


WAYS = (  # by the number of the demonstrator
    Way(),
    Way(first='right', higher_m=0.02, before_m=0.08),
    Way(grasp_at_m=0.024, inside_m=0.015, before_m=0.03),
    Way(first='left', lean_rad=1.15, inside_m=-0.01),
    Way(higher_m=0.015, grasp_at_m=0.014, before_m=0.10),
    Way(first='right', lean_rad=1.1, inside_m=0.02),
)


class HangExpert:
    """The scripted expert of `hang`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._hands, self._reach = Hands(spec, style, seed), Reach(spec, self._kinematics)
        self._way = WAYS[style.number % len(WAYS)]
        self._side = {arm.name: flat(self._kinematics.base(arm.name)) for arm in spec.arms}
        self._start = {
            name: self._reach.configured(name, leaning(-side, self._way.lean_rad))
            for name, side in self._side.items()
        }

    def reset(self) -> None:
        """Forget the motion under way."""
        self._hands.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (7, 7)."""
        sight, now = self._look(joints, objects), joints.position
        goals = {}
        for arm, shoulder in sight.shoulders.items():
            goal = self._goal(arm, sight, now)
            joints_to = self._reach.by_air(arm, shoulder.hand.pose, goal.joints, now)
            goals[arm] = Goal(joints_to, goal.opening)
        return self._hands.act(joints, goals, sight.stage)

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: shoulders in hand, the way to the peg, hands away."""
        sight = self._look(joints, objects)
        if sight.stage is Stage.DONE:
            return 0.9 + 0.1 * min(s.hand.clearance for s in sight.shoulders.values())
        if sight.stage is Stage.RELEASE:
            return 0.85
        held = sum(_reached(shoulder) for shoulder in sight.shoulders.values())
        if sight.stage is not Stage.CARRY:
            return held
        left = length(self._hung(sight) - sight.neck)
        return held + 0.4 * (1.0 - min(left / 0.5, 1.0))

    def _look(self, joints: JointSample, objects: np.ndarray) -> Sight:
        return look(self._kinematics, self._spec, joints, objects, self._way.grasp_at_m)

    # -- where a hand goes --------------------------------------------------------------------

    def _goal(self, arm: str, sight: Sight, now: np.ndarray) -> Goal:
        shoulder = sight.shoulders[arm]
        if sight.stage is Stage.RELEASE:
            return Goal(now[self._joints(arm)], OPEN)
        if sight.stage is Stage.DONE:
            return self._leave(arm, shoulder, now)
        if not shoulder.hand.holds:
            return self._rest(arm) if self._waits(arm, sight) else self._pick(arm, shoulder)
        if sight.stage is Stage.SECOND:
            return self._wait(arm, sight)
        return self._carry(arm, sight)

    def _waits(self, arm: str, sight: Sight) -> bool:
        """Whether the other arm is to pick first, or is to come down with what it has."""
        mine, other = sight.shoulders[arm], sight.shoulders[_OTHER[arm]]
        if other.hand.holds:
            return bool(other.hand.at[2] > _LOW)
        crowded = length(other.at - mine.at) < _ROOM  # for two hands at once
        return arm != (self._way.first or ('left' if crowded else arm))

    def _pick(self, arm: str, shoulder: Shoulder) -> Goal:
        at = np.array([*shoulder.at[:2], max(shoulder.at[2], _LOWEST)])
        ahead = shoulder.inwards if shoulder.inwards @ self._side[arm] < 0 else -shoulder.inwards
        target, opening = onto(shoulder.hand, at, leaning(ahead, self._way.lean_rad))
        return Goal(self._solve(arm, target), opening)

    def _wait(self, arm: str, sight: Sight) -> Goal:
        """Hold the shoulder low, where the other hand can reach its own; spread a crumpled one."""
        hand, other = sight.shoulders[arm].hand, sight.shoulders[_OTHER[arm]].at
        near = 1.0 - ramp(length((hand.at - other)[:2]), 0.05, _ROOM)
        target, outwards = hand.pose.copy(), np.array([float(self._side[arm][0]), 1.0])
        low, high = _WAITING
        at = np.clip(target[:2, 3] * outwards, low, high)
        at[0] += near * (float(np.clip(other[0] * outwards[0] + _APART, *_SPREAD_TO)) - at[0])
        target[:2, 3] = at * outwards
        target[2, 3] = _LOWEST + near * _SPREAD
        return Goal(self._solve(arm, target), CLOSED)

    def _carry(self, arm: str, sight: Sight) -> Goal:
        """Both hands go with the neck: up before the peg, over it, down onto it."""
        hand, hands = sight.shoulders[arm].hand, [s.hand.at for s in sight.shoulders.values()]
        middle, way = np.mean(hands, axis=0), self._next(sight) - sight.neck
        ahead = way / max(length(way), 1e-9)
        behind = max(float((middle - at) @ ahead) for at in hands)  # who is ahead waits
        middle = middle + (min(_STEP, length(way)) - behind) * ahead
        target = pose(leaning(-self._side[arm], self._way.lean_rad), middle)
        target[:3, 3] += _APART / 2 * self._side[arm]
        free = 0.15 + 0.85 * ramp(sight.neck[2], 0.03, 0.10)
        height = target[2, 3]
        target = between(hand.pose, target, free)
        target[2, 3] = height
        return Goal(self._solve(arm, target), CLOSED)

    def _next(self, sight: Sight) -> np.ndarray:
        """Where the neck (3,) should go now."""
        forward, hung = flat(sight.along), self._hung(sight)
        before = sight.tip + self._way.before_m * forward
        over = _CLEAR + self._way.higher_m
        ahead = float((sight.neck - sight.tip) @ forward)
        aside = length(cross(forward, sight.neck - sight.tip)[2:])
        is_high = ramp(sight.above - CONTACT, over - 0.015, over - 0.005)
        may_cross = max(is_high * (1.0 - ramp(aside, 0.012, 0.03)), ramp(-ahead, -0.01, 0.01))
        target = before + may_cross * (hung - before)
        is_there = 1.0 - ramp(length((hung - sight.neck)[:2]), 0.012, 0.03)
        higher = CONTACT + over - is_there * (over + _PRESS)
        target[2] = sight.axis_height(target) + higher
        return target

    def _hung(self, sight: Sight) -> np.ndarray:
        """Where the neck (3,) is when it hangs."""
        return sight.peg - self._way.inside_m * sight.along + CONTACT * UP

    def _leave(self, arm: str, shoulder: Shoulder, now: np.ndarray) -> Goal:
        """Open, back off along the fingers, and go home once clear."""
        hand = shoulder.hand
        back = hand.at - 0.08 * ramp(hand.opening, 0.5, 0.6) * hand.pose[:3, 0]
        away = self._reach.nearby(arm, pose(hand.pose[:3, :3], back), now)
        return Goal(away + hand.clearance * (self._rest(arm).joints - away), OPEN)

    def _rest(self, arm: str) -> Goal:
        return Goal(self._spec.home[self._joints(arm)], OPEN)

    def _solve(self, arm: str, target: np.ndarray) -> np.ndarray:
        return self._reach.solve(arm, target, self._start[arm])

    def _joints(self, arm: str) -> slice:
        return self._spec.arm(arm).joints


def _reached(shoulder: Shoulder) -> float:
    """What one hand and its shoulder have of the progress before they lift it, 0..0.2."""
    if shoulder.hand.holds:
        return 0.2
    return 0.12 * (1.0 - min(length(shoulder.at - shoulder.hand.at) / 0.35, 1.0))

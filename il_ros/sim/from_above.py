"""Hands that point down: onto a thing on the table, and with it to a place."""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.geometry import angle, between, down, flat, length, pose, ramp
from il_ros.sim.grasping import LEVER, REACHED, Hand, is_at
from il_ros.sim.hands import Goal
from il_ros.sim.reach import Reach
from il_ros.spec import RobotSpec

OPEN, CLOSED = 1.0, 0.0
_HOVER = 0.09  # [m] above the grasp, or the place, until the hand is over it
_OVER = 0.02  # [m] aside of a place: down and let go


class FromAbove:
    """Goals of hands that point down, towards the table; arms by name."""

    def __init__(self, spec: RobotSpec, kinematics: Kinematics, reach: Reach):
        homes = {arm.name: kinematics.pose(arm.name, spec.home) for arm in spec.arms}
        self.side = {name: flat(home[:3, 3]) for name, home in homes.items()}  # of its own base
        self._reach = reach
        self._start = {n: reach.configured(n, down(side)) for n, side in self.side.items()}

    def solve(self, arm: str, target: np.ndarray) -> np.ndarray:
        """Return joints (n,) for a target (4, 4) that points down."""
        return self._reach.solve(arm, target, self._start[arm])

    def pick(
        self, arm: str, hand: Hand, at: np.ndarray, along: np.ndarray, funnel: float = 0.04
    ) -> Goal:
        """
        Down as the hand gets over a grasp at (3,), up before it crosses the table.

        along (3,) is horizontal, the direction of the thing between the fingers, towards the arm's
        own base. The hand comes down less than funnel [m] off the line above the grasp.
        """
        target, opening = onto(hand, at, down(along), funnel)
        return Goal(self.solve(arm, target), opening)

    def bring(
        self,
        arm: str,
        hand: Hand,
        thing: np.ndarray,
        place: np.ndarray,
        clear: tuple[float, float],
        lets_go: float,
    ) -> Goal:
        """
        Take what the hand holds, now at thing (3,), up, over a place (3,), and down; let go there.

        Between the two heights of clear [m] the thing gets free to move sideways; it is let go
        when it is less than lets_go [m] above the place.
        """
        aside, height = length((thing - place)[:2]), thing[2] - place[2]
        is_free = max(ramp(thing[2], *clear), 1.0 - ramp(aside, 0.03, 0.06))
        there = pose(down(self.side[arm]), hand.at + place - thing)
        target = between(hand.pose, there, 0.15 + 0.85 * is_free)
        target[2, 3] = there[2, 3] + _HOVER * ramp(aside, _OVER, 0.05)
        is_there = aside < _OVER and height < lets_go
        return Goal(self.solve(arm, target), OPEN if is_there else CLOSED)


def onto(
    hand: Hand, at: np.ndarray, turned: np.ndarray, funnel: float = 0.04
) -> tuple[np.ndarray, float]:
    """Return where a hand goes next (4, 4) to a grasp at (3,), turned (3, 3), and its opening."""
    off = length((at - hand.at)[:2]) + LEVER * angle(hand.pose[:3, :3], turned)
    is_high, is_over = ramp(hand.at[2] - at[2], 0.02, 0.06), 1.0 - ramp(off, REACHED, 0.024)
    may_cross = max(is_high, is_over, ramp(off, 0.12, 0.20))
    target = hand.at + may_cross * (at - hand.at)
    target[2] = at[2] + _HOVER * ramp(off, REACHED, funnel)
    return pose(turned, target), CLOSED if is_at(hand, at, turned) else OPEN

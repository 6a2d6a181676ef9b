"""
Passing a block on: one arm picks it up, hands it to the other in the air, which bins it.

Where both hands should go, stage by stage. Decisions are gradual: a hand comes down as it gets
above the block, advances as the other hand arrives, and so on, so that movements flow into each
other and nothing depends on how the state came about.
"""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.from_above import CLOSED, OPEN, FromAbove
from il_ros.sim.geometry import UP, angle, between, down, flat, length, level, pose, ramp
from il_ros.sim.grasping import LEVER, REACHED, Hand, is_at
from il_ros.sim.hands import Goal
from il_ros.sim.reach import Reach
from il_ros.sim.tasks import transfer
from il_ros.sim.tasks.transfer_sight import GRASP_AT, Sight, Stage, free_end, grasp_point
from il_ros.spec import RobotSpec

_GIVER, _RECEIVER = transfer.Transfer.giver, transfer.Transfer.receiver
_STANDOFF = 0.10  # [m] before the block until the hand is in line with it
_RELEASE = 0.115  # [m] above the bin's floor


class Passing:
    """Goals of giver and receiver; see the module."""

    def __init__(
        self,
        spec: RobotSpec,
        kinematics: Kinematics,
        reach: Reach,
        style: Style,
        rim_m: float = 0.0,
        funnel_m: float = 0.04,
        short_m: float = 0.0,
    ):
        """
        Pass on in the manner of style.

        rim_m is the height of what the block may lie in, over which it is lifted before it moves
        sideways; funnel_m is how far off a hand may be that comes down on the block; short_m is
        how far from the hand-over the giver waits for a receiver that is not in line with it.
        """
        self._spec, self._kinematics, self._reach = spec, kinematics, reach
        self._rim, self._funnel, self._short = rim_m, funnel_m, short_m
        self._above = FromAbove(spec, kinematics, reach)
        self._across = np.array([np.cos(style.approach_rad), np.sin(style.approach_rad), 0.0])
        self.side = self._above.side  # the direction of each arm's own base
        self.meeting = style.hand_over_height_m * UP  # (3,) the block's centre at the hand-over
        self._giving = pose(down(self._across), self.meeting + GRASP_AT * self._across)
        self._level = reach.configured(_RECEIVER, level(-self.side[_RECEIVER]))

    def goal(self, arm: str, sight: Sight, now: np.ndarray) -> Goal:
        """Return where giver or receiver should go, at joints (N,) now."""
        return self._give(sight, now) if arm == _GIVER else self._receive(sight, now)

    def _give(self, sight: Sight, now: np.ndarray) -> Goal:
        stage = sight.stage
        if stage is Stage.PICK:
            return self._pick(_GIVER, sight.giver, sight)
        if stage is Stage.PUT:
            return self._put(sight)
        if stage is Stage.CARRY:
            return self._carry(sight)
        if stage is Stage.HAND:
            return self._stay(_GIVER, now, OPEN)
        if stage is Stage.BIN:
            return self.withdraw(_GIVER, sight.giver, now)
        return self.rest(_GIVER)

    def _receive(self, sight: Sight, now: np.ndarray) -> Goal:
        stage = sight.stage
        if stage in (Stage.PICK, Stage.PUT):
            return self._meet(sight, OPEN)
        if stage is Stage.CARRY:
            return self._meet(sight, self._closes_on(sight))
        if stage is Stage.HAND:
            return self._stay(_RECEIVER, now, CLOSED)
        if stage is Stage.BIN:
            return self._bring(sight, now)
        if stage is Stage.FETCH:
            return self._pick(_RECEIVER, sight.receiver, sight)
        return self._leave(sight, now)

    def _carry(self, sight: Sight) -> Goal:
        """The giver goes to the hand-over, once clear of the table; it may wait short of it."""
        short = 0.0
        if self._short > 0.0:
            end, _ = self._expected_end(sight)
            short = self._short * ramp(self._askew(sight, end), 0.05, 0.12)
        clear = 0.15 + 0.85 * ramp(sight.block[2], 0.03 + self._rim, 0.09 + self._rim)
        giving = pose(self._giving[:3, :3], self._giving[:3, 3] + short * self.side[_GIVER])
        target = between(sight.giver.pose, giving, clear)
        target[2, 3] = giving[2, 3]
        return Goal(self._above.solve(_GIVER, target), CLOSED)

    def withdraw(self, arm: str, hand: Hand, now: np.ndarray) -> Goal:
        """A hand opens, backs off along its fingers, and goes home once clear."""
        back = hand.at - 0.08 * ramp(hand.opening, 0.5, 0.6) * hand.pose[:3, 0]
        away = self._reach.nearby(arm, pose(hand.pose[:3, :3], back), now)
        return Goal(away + hand.clearance * (self.rest(arm).joints - away), OPEN)

    def rest(self, arm: str) -> Goal:
        """An arm goes home."""
        return Goal(self._spec.home[self._joints(arm)], OPEN)

    def _pick(self, arm: str, hand: Hand, sight: Sight) -> Goal:
        at, along = grasp_point(sight, self.side[arm])
        return self._above.pick(arm, hand, at, along, self._funnel)

    def _put(self, sight: Sight) -> Goal:
        """Down to the table, and open: the block was taken by the wrong end."""
        hand, height = sight.giver, sight.block[2] - transfer.BLOCK[2]
        target = pose(hand.pose[:3, :3], hand.at - height * UP)
        return Goal(self._above.solve(_GIVER, target), OPEN if height < 0.015 else CLOSED)

    def _meet(self, sight: Sight, opening: float) -> Goal:
        """Wait before the hand-over; advance on the block's free end as it arrives there."""
        at, away = self._expected_end(sight)
        back = _STANDOFF * max(ramp(self._askew(sight, at), REACHED, 0.04), ramp(away, 0.02, 0.08))
        target = pose(level(self._across), at - back * self._across)
        return Goal(self._reach.solve(_RECEIVER, target, self._level), opening)

    def _askew(self, sight: Sight, at: np.ndarray) -> float:
        """How far the receiver is off the line along which it comes to (3,) [m]."""
        gap = at - sight.receiver.at
        off = gap - (gap @ self._across) * self._across
        return length(off) + LEVER * angle(sight.receiver.pose[:3, :3], level(self._across))

    def _expected_end(self, sight: Sight) -> tuple[np.ndarray, float]:
        """Where the block's free end (3,) will be, and how far the giver is from there [m]."""
        if not sight.giver.holds:
            return self.meeting - GRASP_AT * self._across, 1.0
        in_hand = sight.giver.pose[:3, :3].T @ (free_end(sight) - sight.giver.at)
        at = self._giving[:3, 3] + self._giving[:3, :3] @ in_hand
        return at, length(self._giving[:3, 3] - sight.giver.at)

    def _closes_on(self, sight: Sight) -> float:
        """The receiver's opening while the giver carries."""
        at = free_end(sight)
        return CLOSED if is_at(sight.receiver, at, level(self._across)) else OPEN

    def _bring(self, sight: Sight, now: np.ndarray) -> Goal:
        """The receiver takes the block over the bin, down, and lets go."""
        forward = flat(sight.box - self._kinematics.base(_RECEIVER))
        aside = length((sight.block - sight.box)[:2])
        height = _RELEASE + 0.08 * ramp(aside, 0.04, 0.12)
        at = sight.box - GRASP_AT * forward + height * UP
        is_high = max(ramp(sight.block[2], 0.05, 0.12), 1.0 - ramp(aside, 0.06, 0.10))
        target = between(sight.receiver.pose, pose(level(forward), at), 0.15 + 0.85 * is_high)
        target[2, 3] = at[2]
        there = self._reach.solve(_RECEIVER, target, self._level)
        here = now[self._joints(_RECEIVER)]
        goal = here + sight.giver.clearance * (there - here)
        lets_go = aside < 0.05 and sight.block[2] - sight.box[2] < _RELEASE + 0.05
        return Goal(goal, OPEN if lets_go else CLOSED)

    def _leave(self, sight: Sight, now: np.ndarray) -> Goal:
        """The receiver goes home once its fingers are open."""
        here = now[self._joints(_RECEIVER)]
        free = ramp(sight.receiver.opening, 0.6, 0.8)
        return Goal(here + free * (self.rest(_RECEIVER).joints - here), OPEN)

    def _stay(self, arm: str, now: np.ndarray, opening: float) -> Goal:
        return Goal(now[self._joints(arm)], opening)

    def _joints(self, arm: str) -> slice:
        return self._spec.arm(arm).joints

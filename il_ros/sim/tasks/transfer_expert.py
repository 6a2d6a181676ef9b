"""
The transfer expert: a policy over the present state, whatever that is.

Every tick it reads the stage off the state and says where each hand should go. Decisions are
gradual: a hand comes down as it gets above the block, advances as the other hand arrives, and so
on, so that movements flow into each other and nothing depends on how the state came about.
"""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import UP, angle, between, down, flat, length, level, pose, ramp
from il_ros.sim.hands import Goal, Hands
from il_ros.sim.reach import Reach
from il_ros.sim.tasks import transfer
from il_ros.sim.tasks.transfer_progress import progress
from il_ros.sim.tasks.transfer_sight import (
    GRASP_AT,
    Hand,
    Sight,
    Stage,
    free_end,
    grasp_point,
    look,
)
from il_ros.spec import JointSample, RobotSpec

OPEN, CLOSED = 1.0, 0.0
_GIVER, _RECEIVER = transfer.Transfer.giver, transfer.Transfer.receiver
_HOVER = 0.09  # [m] above the grasp until the hand is over it
_STANDOFF = 0.10  # [m] before the block until the hand is in line with it
_RELEASE = 0.115  # [m] above the bin's floor
_REACHED = 0.012  # [m] well within what the open fingers forgive
_STARTED = 0.025  # [m] a grasp that has begun to close goes on
_LEVER = 0.05  # [m/rad] how much a turn that is still to do counts as a distance


class TransferExpert:
    """The scripted expert of `transfer`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._hands, self._reach = Hands(spec, style, seed), Reach(spec, self._kinematics)
        self._across = np.array([np.cos(style.approach_rad), np.sin(style.approach_rad), 0.0])
        self._meeting = style.hand_over_height_m * UP  # the block's centre at the hand-over
        self._giving = pose(down(self._across), self._meeting + GRASP_AT * self._across)
        homes = {arm.name: self._kinematics.pose(arm.name, spec.home) for arm in spec.arms}
        self._side = {name: flat(home[:3, 3]) for name, home in homes.items()}
        self._down = {n: self._reach.configured(n, down(side)) for n, side in self._side.items()}
        self._level = self._reach.configured(_RECEIVER, level(-self._side[_RECEIVER]))

    def reset(self) -> None:
        """Forget the motion under way."""
        self._hands.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (2, 7)."""
        sight, now = self._look(joints, objects), joints.position
        stage = sight.stage
        hands = ((_GIVER, sight.giver), (_RECEIVER, sight.receiver))
        goals = {
            name: Goal(self._reach.by_air(name, hand.pose, goal.joints, now), goal.opening)
            for (name, hand), goal in zip(hands, self._goals(stage, sight, now), strict=True)
        }
        return self._hands.act(joints, goals, stage)

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: the stage, and the distance left within it."""
        side = {'giver': self._side[_GIVER], 'receiver': self._side[_RECEIVER]}
        return progress(self._look(joints, objects), self._meeting, side)

    def _look(self, joints: JointSample, objects: np.ndarray) -> Sight:
        return look(self._kinematics, self._spec, joints, objects)

    # -- where the hands go, stage by stage ---------------------------------------------------

    def _goals(self, stage: Stage, sight: Sight, now: np.ndarray) -> tuple[Goal, Goal]:
        if stage is Stage.PICK:
            return self._pick(_GIVER, sight.giver, sight), self._meet(sight, OPEN)
        if stage is Stage.PUT:
            return self._put(sight), self._meet(sight, OPEN)
        if stage is Stage.CARRY:
            return self._carry(sight), self._meet(sight, self._closes_on(sight))
        if stage is Stage.HAND:
            return self._stay(_GIVER, now, OPEN), self._stay(_RECEIVER, now, CLOSED)
        if stage is Stage.BIN:
            return self._withdraw(sight, now), self._bring(sight, now)
        if stage is Stage.FETCH:
            return self._rest(_GIVER), self._pick(_RECEIVER, sight.receiver, sight)
        return self._rest(_GIVER), self._leave(sight, now)

    def _pick(self, arm: str, hand: Hand, sight: Sight) -> Goal:
        """From above: down as the hand gets over the block, up before it crosses the table."""
        at, along = grasp_point(sight, self._side[arm])
        turned = down(along)
        off = length((at - hand.at)[:2]) + _LEVER * angle(hand.pose[:3, :3], turned)
        is_high, is_over = ramp(hand.at[2] - at[2], 0.02, 0.06), 1.0 - ramp(off, _REACHED, 0.024)
        may_cross = max(is_high, is_over, ramp(off, 0.12, 0.20))
        target = hand.at + may_cross * (at - hand.at)
        target[2] = at[2] + _HOVER * ramp(off, _REACHED, 0.04)
        opening = CLOSED if _is_at(hand, at, turned) else OPEN
        return Goal(self._reach.solve(arm, pose(turned, target), self._down[arm]), opening)

    def _put(self, sight: Sight) -> Goal:
        """Down to the table, and open: the block was taken by the wrong end."""
        hand, height = sight.giver, sight.block[2] - transfer.BLOCK[2]
        target = pose(hand.pose[:3, :3], hand.at - height * UP)
        joints = self._reach.solve(_GIVER, target, self._down[_GIVER])
        return Goal(joints, OPEN if height < 0.015 else CLOSED)

    def _carry(self, sight: Sight) -> Goal:
        """To the hand-over, once clear of the table."""
        clear = 0.15 + 0.85 * ramp(sight.block[2], 0.03, 0.09)
        target = between(sight.giver.pose, self._giving, clear)
        target[2, 3] = self._giving[2, 3]
        return Goal(self._reach.solve(_GIVER, target, self._down[_GIVER]), CLOSED)

    def _meet(self, sight: Sight, opening: float) -> Goal:
        """Wait before the hand-over; advance on the block's free end as it arrives there."""
        hand, turned = sight.receiver, level(self._across)
        at, away = self._expected_end(sight)
        gap = at - hand.at
        off = gap - (gap @ self._across) * self._across
        askew = length(off) + _LEVER * angle(hand.pose[:3, :3], turned)
        back = _STANDOFF * max(ramp(askew, _REACHED, 0.04), ramp(away, 0.02, 0.08))
        target = pose(turned, at - back * self._across)
        return Goal(self._reach.solve(_RECEIVER, target, self._level), opening)

    def _expected_end(self, sight: Sight) -> tuple[np.ndarray, float]:
        """Where the block's free end (3,) will be, and how far the giver is from there [m]."""
        if not sight.giver.holds:
            return self._meeting - GRASP_AT * self._across, 1.0
        in_hand = sight.giver.pose[:3, :3].T @ (free_end(sight) - sight.giver.at)
        at = self._giving[:3, 3] + self._giving[:3, :3] @ in_hand
        return at, length(self._giving[:3, 3] - sight.giver.at)

    def _closes_on(self, sight: Sight) -> float:
        """The receiver's opening while the giver carries."""
        at = free_end(sight)
        return CLOSED if _is_at(sight.receiver, at, level(self._across)) else OPEN

    def _withdraw(self, sight: Sight, now: np.ndarray) -> Goal:
        """The giver opens, backs off along its fingers, and goes home once clear."""
        hand = sight.giver
        clear = _clearance(hand)
        back = hand.at - 0.08 * ramp(hand.opening, 0.5, 0.6) * hand.pose[:3, 0]
        away = self._reach.nearby(_GIVER, pose(hand.pose[:3, :3], back), now)
        return Goal(away + clear * (self._rest(_GIVER).joints - away), OPEN)

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
        goal = here + _clearance(sight.giver) * (there - here)
        lets_go = aside < 0.05 and sight.block[2] - sight.box[2] < _RELEASE + 0.05
        return Goal(goal, OPEN if lets_go else CLOSED)

    def _leave(self, sight: Sight, now: np.ndarray) -> Goal:
        """The receiver goes home once its fingers are open."""
        here = now[self._joints(_RECEIVER)]
        free = ramp(sight.receiver.opening, 0.6, 0.8)
        return Goal(here + free * (self._rest(_RECEIVER).joints - here), OPEN)

    def _stay(self, arm: str, now: np.ndarray, opening: float) -> Goal:
        return Goal(now[self._joints(arm)], opening)

    def _rest(self, arm: str) -> Goal:
        return Goal(self._spec.home[self._joints(arm)], OPEN)

    def _joints(self, arm: str) -> slice:
        return self._spec.arm(arm).joints


def _is_at(hand: Hand, at: np.ndarray, turned: np.ndarray) -> bool:
    """Whether to close on a grasp at (3,), turned (3, 3): there, or still there while closing."""
    reach = _REACHED if hand.opening > 0.9 else _STARTED
    askew = _LEVER * angle(hand.pose[:3, :3], turned)
    return bool(np.abs(at - hand.at).max() < reach and askew < reach)


def _clearance(hand: Hand) -> float:
    """0 while the block is between the fingers, 1 when it is well out of them."""
    ahead = ramp(hand.near[0], 0.02, 0.05)
    return max(ahead, ramp(length(hand.near), 0.07, 0.11))

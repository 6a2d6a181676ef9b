"""
The transfer expert: a policy over the present state, whatever that is.

Every tick it reads the stage off the state and says where each hand should go. Decisions are
gradual: a hand comes down as it gets above the block, advances as the other hand arrives, and so
on, so that movements flow into each other and nothing depends on how the state came about.
"""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.hands import Goal, Hands
from il_ros.sim.tasks.geometry import UP, angle, between, down, flat, level, pose, ramp
from il_ros.sim.tasks.transfer import Transfer
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
_GIVER, _RECEIVER = Transfer.giver, Transfer.receiver
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
        self._hands = Hands(spec, style, seed)
        self._across = np.array([np.cos(style.approach_rad), np.sin(style.approach_rad), 0.0])
        self._meeting = style.hand_over_height_m * UP  # the block's centre at the hand-over
        self._giving = pose(down(self._across), self._meeting + GRASP_AT * self._across)
        self._last: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._home = {a.name: self._kinematics.pose(a.name, spec.home) for a in spec.arms}
        self._side = {name: flat(home[:3, 3]) for name, home in self._home.items()}
        self._seed = {name: self._looking_down(name) for name in self._home}

    def reset(self) -> None:
        """Forget the motion under way."""
        self._hands.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (2, 7)."""
        sight = look(self._kinematics, self._spec, joints, objects)
        stage = sight.stage
        giver, receiver = self._goals(stage, sight, joints.position)
        return self._hands.act(joints, {_GIVER: giver, _RECEIVER: receiver}, stage)

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: the stage, and the distance left within it."""
        sight = look(self._kinematics, self._spec, joints, objects)
        stage = sight.stage
        low, high = _SPAN[stage]
        return low + (high - low) * (1.0 - min(self._left(stage, sight) / 0.5, 1.0))

    # -- where the hands go, stage by stage ---------------------------------------------------

    def _goals(self, stage: Stage, sight: Sight, now: np.ndarray) -> tuple[Goal, Goal]:
        if stage is Stage.PICK:
            return self._pick(_GIVER, sight.giver, sight), self._meet(sight, OPEN)
        if stage is Stage.CARRY:
            return self._carry(sight), self._meet(sight, self._closes_on(sight))
        if stage is Stage.HAND:
            return Goal(now[self._joints(_GIVER)], OPEN), Goal(
                now[self._joints(_RECEIVER)], CLOSED
            )
        if stage is Stage.BIN:
            return self._withdraw(sight, now), self._bring(sight, now)
        if stage is Stage.FETCH:
            return self._rest(_GIVER), self._pick(_RECEIVER, sight.receiver, sight)
        return self._rest(_GIVER), self._leave(sight, now)

    def _pick(self, arm: str, hand: Hand, sight: Sight) -> Goal:
        """From above: down as the hand gets over the block, up before it crosses the table."""
        at, along = grasp_point(sight, self._side[arm])
        turned = down(along)
        off = np.hypot(*(at - hand.at)[:2]) + _LEVER * angle(hand.pose[:3, :3], turned)
        is_high, is_over = ramp(hand.at[2] - at[2], 0.02, 0.06), 1.0 - ramp(off, _REACHED, 0.024)
        may_cross = max(is_high, is_over, ramp(off, 0.12, 0.20))
        target = hand.at + may_cross * (at - hand.at)
        target[2] = at[2] + _HOVER * ramp(off, _REACHED, 0.04)
        opening = CLOSED if _is_at(hand, at) else OPEN
        return Goal(self._solve(arm, pose(turned, target), self._seed[arm]), opening)

    def _carry(self, sight: Sight) -> Goal:
        """To the hand-over, once clear of the table."""
        clear = 0.15 + 0.85 * ramp(sight.block[2], 0.03, 0.09)
        target = between(sight.giver.pose, self._giving, clear)
        target[2, 3] = self._giving[2, 3]
        return Goal(self._solve(_GIVER, target, self._seed[_GIVER]), CLOSED)

    def _meet(self, sight: Sight, opening: float) -> Goal:
        """Wait before the hand-over; advance on the block's free end as it arrives there."""
        hand, turned = sight.receiver, level(self._across)
        at, away = self._expected_end(sight)
        gap = at - hand.at
        off = gap - (gap @ self._across) * self._across
        askew = float(np.linalg.norm(off)) + _LEVER * angle(hand.pose[:3, :3], turned)
        back = _STANDOFF * max(ramp(askew, _REACHED, 0.04), ramp(away, 0.02, 0.08))
        target = pose(turned, at - back * self._across)
        return Goal(self._solve(_RECEIVER, target, self._spec.home), opening)

    def _expected_end(self, sight: Sight) -> tuple[np.ndarray, float]:
        """Where the block's free end (3,) will be, and how far the giver is from there [m]."""
        if not sight.giver.holds:
            return self._meeting - GRASP_AT * self._across, 1.0
        in_hand = sight.giver.pose[:3, :3].T @ (free_end(sight) - sight.giver.at)
        at = self._giving[:3, 3] + self._giving[:3, :3] @ in_hand
        return at, float(np.linalg.norm(self._giving[:3, 3] - sight.giver.at))

    def _closes_on(self, sight: Sight) -> float:
        """The receiver's opening while the giver carries."""
        return CLOSED if _is_at(sight.receiver, free_end(sight)) else OPEN

    def _withdraw(self, sight: Sight, now: np.ndarray) -> Goal:
        """The giver opens, backs off along its fingers, and goes home once clear."""
        hand = sight.giver
        clear = _clearance(hand)
        back = hand.at - 0.08 * ramp(hand.opening, 0.5, 0.6) * hand.pose[:3, 0]
        away = self._solve(_GIVER, pose(hand.pose[:3, :3], back), now)
        return Goal(away + clear * (self._rest(_GIVER).joints - away), OPEN)

    def _bring(self, sight: Sight, now: np.ndarray) -> Goal:
        """The receiver takes the block over the bin, down, and lets go."""
        forward = flat(sight.box - self._kinematics.base(_RECEIVER))
        aside = float(np.linalg.norm((sight.block - sight.box)[:2]))
        height = _RELEASE + 0.08 * ramp(aside, 0.04, 0.12)
        at = sight.box - GRASP_AT * forward + height * UP
        is_high = max(ramp(sight.block[2], 0.05, 0.12), 1.0 - ramp(aside, 0.06, 0.10))
        target = between(sight.receiver.pose, pose(level(forward), at), 0.15 + 0.85 * is_high)
        target[2, 3] = at[2]
        there = self._solve(_RECEIVER, target, self._spec.home)
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

    # -- means --------------------------------------------------------------------------------

    def _joints(self, arm: str) -> slice:
        return self._spec.arm(arm).joints

    def _solve(self, arm: str, target: np.ndarray, start: np.ndarray) -> np.ndarray:
        """
        Joints (n,) for a target (4, 4), from the last solution or, after a jump, from start (N,).

        A fixed start makes the arm's configuration depend on the target alone.
        """
        last = self._last.get(arm)
        if last is not None and np.abs(target - last[0]).max() < 0.05:
            start = last[1]
        joints, _ = self._kinematics.solve(arm, target, start)
        position = self._spec.home.copy()
        position[self._joints(arm)] = joints
        self._last[arm] = (target, position)
        return joints

    def _looking_down(self, arm: str) -> np.ndarray:
        """Joint positions (N,) with this hand pointing down, where solving starts."""
        target = pose(down(self._side[arm]), self._home[arm][:3, 3])
        position = self._spec.home.copy()
        position[self._joints(arm)] = self._solve(arm, target, position)
        return position

    def _left(self, stage: Stage, sight: Sight) -> float:
        """Distance that is left of a stage [m]."""
        if stage is Stage.PICK:
            at, _ = grasp_point(sight, self._side[_GIVER])
            return float(np.linalg.norm(at - sight.giver.at))
        if stage is Stage.CARRY:
            lift = np.linalg.norm(self._meeting - sight.block)
            return float(lift + np.linalg.norm(free_end(sight) - sight.receiver.at)) / 2
        if stage is Stage.FETCH:
            at, _ = grasp_point(sight, self._side[_RECEIVER])
            return float(np.linalg.norm(at - sight.receiver.at))
        if stage is Stage.BIN:
            return float(np.linalg.norm(sight.box - sight.block))
        return 0.0


_SPAN = {
    Stage.PICK: (0.0, 0.25),
    Stage.FETCH: (0.2, 0.3),
    Stage.CARRY: (0.3, 0.6),
    Stage.HAND: (0.6, 0.65),
    Stage.BIN: (0.65, 0.95),
    Stage.DONE: (0.95, 1.0),
}


def _is_at(hand: Hand, at: np.ndarray) -> bool:
    """Whether the hand should close on a grasp at (3,): there, or still there while closing."""
    reach = _REACHED if hand.opening > 0.9 else _STARTED
    return bool(np.abs(at - hand.at).max() < reach)


def _clearance(hand: Hand) -> float:
    """0 while the block is between the fingers, 1 when it is well out of them."""
    ahead = ramp(hand.near[0], 0.02, 0.05)
    return max(ahead, ramp(float(np.linalg.norm(hand.near)), 0.07, 0.11))

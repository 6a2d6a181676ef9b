"""
The insertion expert: a policy over the present state, whatever that is.

A hand whose part lies free takes it from above; one that has its part brings it to the meeting.
There one part holds still and the other seeks its mouth: in line first, then, the less is askew
the further, into it. From afar each hand makes for somewhere near its place, another in every
episode, and corrects that as it comes closer: so that demonstrations show corrections.
"""

from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.from_above import CLOSED, OPEN, FromAbove
from il_ros.sim.geometry import between, length, level, pose, ramp
from il_ros.sim.hands import Goal, Hands
from il_ros.sim.reach import Reach
from il_ros.sim.tasks import insertion
from il_ros.sim.tasks.insertion_sight import Part, Sight, Stage, facing, look, misfit
from il_ros.spec import JointSample, RobotSpec

_LOWEST = 0.021  # [m] a grasp: lower, the fingers stand on the table
_LET_GO = 0.015  # [m] above the table
_WAITING = 0.09  # [m] back from the meeting until the other hand has its part
_STANDOFF = 0.04  # [m] between the parts until they are in line
_PUSHED = 0.038  # [m] of peg in the hole that the expert aims at
_STEP = 0.02  # [m] of gap that is closed at a time, far from the other part
_FITS = 0.0015  # [m] askew by so much a peg goes in
_ROUGH = 0.025, 0.2  # [m], [rad] to either side, uniform: how far off a hand makes for, from afar
_ROUGH_FROM = 0.045, 0.06  # [m] of gap: what is askew is put right before the parts go on
_MISSED = 0.01  # [m] at most, that a hand aims beyond: so it meets what shakes it
_SIDEWAYS = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])  # not to and fro: that is for the gap
_ROUGH_STREAM = 1  # of random numbers: not that of how a hand moves
_LEVER = 0.03  # [m/rad] how much a turn that is still to do counts as a distance


@dataclass(frozen=True)
class Way:
    """What one demonstrator does differently, apart from how it moves."""

    height_m: float = 0.20  # of the meeting, above the table
    at_m: tuple[float, float] = (0.0, 0.0)  # where the meeting is
    turned_rad: float = 0.0  # of the line along which the parts meet, about the vertical
    first: str = ''  # the arm that picks first; '': both at once
    still: str = 'left'  # the arm that holds its part still at the meeting
    step_m: float = 0.004  # of gap that is closed at a time, near the other part


WAYS = (  # by the number of the demonstrator
    Way(),
    Way(height_m=0.24, first='right'),
    Way(height_m=0.17, at_m=(0.04, -0.05), turned_rad=0.3, still='right'),
    Way(at_m=(-0.04, 0.06), turned_rad=-0.3),
    Way(height_m=0.23, turned_rad=0.2, first='left'),
    Way(height_m=0.16, at_m=(0.0, -0.08), turned_rad=-0.2, still='right', step_m=0.006),
)


class InsertionExpert:
    """The scripted expert of `insertion`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._hands, self._reach = Hands(spec, style, seed), Reach(spec, self._kinematics)
        self._above = FromAbove(spec, self._kinematics, self._reach)
        self._way = way = WAYS[style.number % len(WAYS)]
        forward = np.array([np.cos(way.turned_rad), np.sin(way.turned_rad), 0.0])
        mouth = np.eye(4)
        mouth[:3, :3], mouth[:3, 3] = level(forward), (*way.at_m, way.height_m)
        self._meeting = {'left': mouth, 'right': facing(mouth, 0.0)}
        rng = np.random.default_rng([seed, _ROUGH_STREAM])
        self._off = {arm.name: _SIDEWAYS * rng.uniform(-1.0, 1.0, 6) for arm in spec.arms}

    def reset(self) -> None:
        """Forget the motion under way."""
        self._hands.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (2, 7)."""
        sight, now = self._look(joints, objects), joints.position
        goals = {}
        for arm, part in sight.parts.items():
            goal = self._goal(arm, sight)
            goals[arm] = Goal(
                self._reach.by_air(arm, part.hand.pose, goal.joints, now), goal.opening
            )
        return self._hands.act(joints, goals, sight.stage)

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: parts in hand, near the meeting, one in the other."""
        sight, at = self._look(joints, objects), self._meeting['left'][:3, 3]
        met = 0.1 * (sight.stage in (Stage.MEET, Stage.INSERT))
        deep = min(sight.depth / insertion.DEPTH, 1.0)
        return met + 0.3 * deep + sum(_share(p, at, sight.depth) for p in sight.parts.values())

    def _look(self, joints: JointSample, objects: np.ndarray) -> Sight:
        return look(self._kinematics, self._spec, joints, objects)

    # -- where a hand goes --------------------------------------------------------------------

    def _goal(self, arm: str, sight: Sight) -> Goal:
        part = sight.parts[arm]
        if part.is_awkward:
            return self._put(arm, part)
        if not part.hand.holds:
            return self._rest(arm) if self._waits(arm, sight) else self._pick(arm, part)
        if sight.stage is Stage.SECOND:
            return self._bring(arm, part, self._back(arm, _WAITING))
        if arm == self._way.still:
            goal = self._meeting[arm]
            away = length(goal[:3, 3] - part.end[:3, 3])
            return self._bring(arm, part, self._roughly(arm, goal, ramp(away, 0.02, 0.08)))
        return self._seek(arm, sight)

    def _waits(self, arm: str, sight: Sight) -> bool:
        """Whether the other arm is to pick first and has not."""
        return self._way.first not in ('', arm) and not sight.parts[self._way.first].hand.holds

    def _pick(self, arm: str, part: Part) -> Goal:
        at = np.array([*part.at[:2], max(part.at[2], _LOWEST)])
        return self._above.pick(arm, part.hand, at, part.along)

    def _put(self, arm: str, part: Part) -> Goal:
        """Down to the table with what was taken badly, and let go."""
        target = part.hand.pose.copy()
        target[2, 3] -= part.height
        opening = OPEN if part.height < _LET_GO else CLOSED
        return Goal(self._above.solve(arm, target), opening)

    def _bring(self, arm: str, part: Part, end: np.ndarray) -> Goal:
        """Take the part's leading end to a pose (4, 4), once clear of the table."""
        target = part.hand_for(end)
        clear = 0.15 + 0.85 * ramp(part.at[2], 0.03, 0.09)
        height = target[2, 3]
        target = between(part.hand.pose, target, clear)
        target[2, 3] = height
        return Goal(self._above.solve(arm, target), CLOSED)

    def _seek(self, arm: str, sight: Sight) -> Goal:
        """Face the other part where it will be, then where it is; advance as the two fit."""
        part, other = sight.parts[arm], sight.parts[self._way.still]
        goal = self._meeting[self._way.still]
        away = length(goal[:3, 3] - other.end[:3, 3])
        mouth = between(goal, other.end, 1.0 - ramp(away, 0.02, 0.06))
        gap, askew = misfit(mouth, part.end, _LEVER)
        is_out = ramp(-sight.depth, -0.006, -0.002)
        back = is_out * max(ramp(askew, _FITS, 4 * _FITS), ramp(away, 0.01, 0.06))
        wanted = back * _STANDOFF - (1.0 - back) * _PUSHED
        near = self._way.step_m
        step = near + ramp(gap, _STANDOFF, 2 * _STANDOFF) * (_STEP - near)
        end = facing(mouth, max(wanted, gap - step))
        end = self._roughly(arm, end, ramp(gap, *_ROUGH_FROM))
        return self._bring(arm, part, _beyond(end, part.end))

    def _roughly(self, arm: str, end: np.ndarray, far: float) -> np.ndarray:
        """Return an end (4, 4) near the one given: the further the hand, 0..1, the less so."""
        off = far * self._off[arm]
        return end @ pose(pin.exp3(_ROUGH[1] * off[3:]), _ROUGH[0] * off[:3])

    def _back(self, arm: str, by: float) -> np.ndarray:
        """The meeting pose (4, 4) of an arm's part, drawn back [m]."""
        end = self._meeting[arm].copy()
        end[:3, 3] -= by * end[:3, 0]
        return end

    def _rest(self, arm: str) -> Goal:
        return Goal(self._spec.home[self._spec.arm(arm).joints], OPEN)


def _beyond(end: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Return an end (4, 4) aimed beyond it, sideways, by as much as it is missed now."""
    off = end[:3, 3] - now[:3, 3]
    off -= (off @ end[:3, 0]) * end[:3, 0]
    aimed = end.copy()
    aimed[:3, 3] += min(1.0, _MISSED / max(length(off), 1e-9)) * off
    return aimed


def _share(part: Part, meeting: np.ndarray, depth: float) -> float:
    """What one hand and its part have of the progress, 0..0.3."""
    if not part.hand.holds:
        return 0.12 * (1.0 - min(length(part.at - part.hand.at) / 0.35, 1.0))
    away = 0.0 if depth > 0 else length(part.end[:3, 3] - meeting)
    return 0.17 + 0.13 * (1.0 - min(away / 0.35, 1.0))

"""What the insertion expert sees: each hand with its own part, and how the two parts meet."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.geometry import UP, angle, cross, flat, length, matrix, pose
from il_ros.sim.grasping import Hand
from il_ros.sim.tasks import insertion
from il_ros.spec import JointSample, RobotSpec

HALF = {'right': np.array(insertion.PEG), 'left': np.array(insertion.SOCKET)}  # of an arm's part
GRASP_AT = {'right': 0.02, 'left': 0.01}  # [m] from a part's centre to where its arm takes it
_LEAD = {'right': 0.05, 'left': 0.03}  # [m] at least, from the hand to the leading end
_ALOFT = 0.012  # [m] height of the lowest corner of what somebody has
_WIDE = {arm: half[1] / 0.045 for arm, half in HALF.items()}  # opening of a hand that has it


class Stage(Enum):
    """How far the task is, read off the present state."""

    PICK = 0  # both parts lie free
    SECOND = 1  # one hand has its part
    MEET = 2  # both have
    INSERT = 3  # the peg's tip is in the hole


@dataclass(frozen=True, eq=False)
class Part:
    """One hand, and the part it is to hold."""

    hand: Hand
    end: np.ndarray  # (4, 4) the part's leading end: x out of it, to the other part; z its top
    at: np.ndarray  # (3,) where the hand takes it [m]
    height: float  # of its lowest corner above the table [m]
    is_awkward: bool  # in the hand and in the air, but askew or by the wrong end

    @property
    def along(self) -> np.ndarray:
        """The horizontal direction (3,) along the part, from the leading end to the arm's base."""
        return flat(-self.end[:3, 0])

    def hand_for(self, end: np.ndarray) -> np.ndarray:
        """Return where the hand (4, 4) has to be to have its part's leading end at end (4, 4)."""
        return end @ np.linalg.inv(self.end) @ self.hand.pose


@dataclass(frozen=True, eq=False)
class Sight:
    """The state as the expert thinks of it."""

    parts: dict[str, Part]  # by arm
    depth: float  # [m] of peg in the socket

    @property
    def stage(self) -> Stage:
        """Which stage the task is in."""
        held = sum(part.hand.holds for part in self.parts.values())
        if held == 2 and self.depth > 0:
            return Stage.INSERT
        return (Stage.PICK, Stage.SECOND, Stage.MEET)[held]


def look(
    kinematics: Kinematics, spec: RobotSpec, joints: JointSample, objects: np.ndarray
) -> Sight:
    """Return the sight of a state: joints and objects (2, 7)."""
    parts = {}
    for row, arm in zip(objects, insertion.KINDS.values(), strict=True):
        opening = float(joints.position[spec.arm(arm).gripper][0])
        hand = _hand(arm, kinematics.pose(arm, joints.position), opening, row)
        parts[arm] = _part(arm, hand, row, side=flat(kinematics.base(arm)))
    return Sight(parts, insertion.inserted(objects))


def _hand(arm: str, at: np.ndarray, opening: float, row: np.ndarray) -> Hand:
    """An arm's hand at a pose (4, 4), and whether it has the part at row (7,) as it should."""
    axis, offset = matrix(row[3:])[:, 0], row[:3] - at[:3, 3]
    middle, half = -float(offset @ axis), HALF[arm][0]  # of the hand, along the part
    near = at[:3, :3].T @ (offset + min(max(middle, -half), half) * axis)
    lengthwise = float(at[:3, 2] @ axis)
    leads = half - middle * np.sign(lengthwise) > _LEAD[arm]
    fits = leads and abs(lengthwise) > 0.9 and abs(opening - _WIDE[arm]) < 0.06
    return Hand(at, opening, near, bool(fits and _is_between(near)))


def _is_between(near: np.ndarray) -> bool:
    """Whether a part's axis is near (3,), in a hand's own axes, as between its fingers."""
    ahead, aside, above = near.tolist()
    return -0.045 < ahead < 0.025 and abs(aside) < 0.012 and abs(above) < 0.03


def _part(arm: str, hand: Hand, row: np.ndarray, side: np.ndarray) -> Part:
    """The part at pose row (7,), of the arm whose base is in direction side (3,)."""
    turned, centre = matrix(row[3:]), row[:3]
    ahead, top = (hand.pose[:3, 2], -hand.pose[:3, 0]) if hand.holds else (-side, UP)
    x = turned[:, 0] if turned[:, 0] @ ahead >= 0 else -turned[:, 0]
    z = max((s * turned[:, i] for i in (1, 2) for s in (1, -1)), key=lambda axis: axis @ top)
    end = pose(np.stack([x, cross(z, x), z], axis=1), centre + HALF[arm][0] * x)
    height = float(centre[2] - np.abs(turned[2]) @ HALF[arm])
    is_stuck = _is_between(hand.near) and _WIDE[arm] - 0.06 < hand.opening < 0.85
    is_awkward = is_stuck and not hand.holds and height > _ALOFT
    return Part(hand, end, centre - GRASP_AT[arm] * x, height, is_awkward)


def facing(end: np.ndarray, gap: float) -> np.ndarray:
    """Return where the other part's leading end (4, 4) is, opposite an end, a gap [m] away."""
    x, z = -end[:3, 0], end[:3, 2]
    return pose(np.stack([x, cross(z, x), z], axis=1), end[:3, 3] - gap * x)


def misfit(end: np.ndarray, other: np.ndarray, lever: float) -> tuple[float, float]:
    """
    Return how two leading ends (4, 4) face each other: the gap, and how much is askew [m].

    lever: how much of a turn counts as a distance [m/rad].
    """
    wanted = facing(end, 0.0)
    offset = wanted[:3, :3].T @ (other[:3, 3] - wanted[:3, 3])
    askew = length(offset[1:]) + lever * angle(wanted[:3, :3], other[:3, :3])
    return -float(offset[0]), askew

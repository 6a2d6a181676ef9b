"""What the hang expert sees: each hand with a shoulder, the neck between them, and the peg."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.geometry import flat, matrix
from il_ros.sim.grasping import Hand
from il_ros.sim.tasks import garment, hang
from il_ros.spec import JointSample, RobotSpec

CONTACT = hang.PEG_RADIUS + garment.THICK  # [m] between the axes where the neck lies on the peg
_WIDE = (0.20, 0.46)  # opening of a hand that has a shoulder: 0.31 straight across, more askew
_ASIDE = 0.03  # [m] from the peg to either side that the neck may be off and hang
_SHOULDERS = (0, 1)  # rows of the objects


class Stage(Enum):
    """How far the task is, read off the present state."""

    PICK = 0  # no hand has a shoulder
    SECOND = 1  # one has
    CARRY = 2  # both have
    RELEASE = 3  # the neck is on the peg, in a hand
    DONE = 4  # and in none


@dataclass(frozen=True, eq=False)
class Shoulder:
    """One hand, and the shoulder it is to hold."""

    hand: Hand
    at: np.ndarray  # (3,) where the hand takes it [m]
    inwards: np.ndarray  # (3,) the horizontal direction from there to the neck


@dataclass(frozen=True, eq=False)
class Sight:
    """The state as the expert thinks of it."""

    shoulders: dict[str, Shoulder]  # by arm
    neck: np.ndarray  # (3,)
    peg: np.ndarray  # (3,) its middle
    along: np.ndarray  # (3,) along the peg to its tip

    @property
    def stage(self) -> Stage:
        """Which stage the task is in."""
        held = sum(shoulder.hand.holds for shoulder in self.shoulders.values())
        if self.is_on_peg:
            return Stage.RELEASE if held else Stage.DONE
        return (Stage.PICK, Stage.SECOND, Stage.CARRY)[held]

    @property
    def tip(self) -> np.ndarray:
        """The peg's tip (3,)."""
        return self.peg + hang.PEG_HALF * self.along

    def axis_height(self, at: np.ndarray) -> float:
        """How high the peg's axis is where it passes a point (3,), or would pass it [m]."""
        forward = flat(self.along)
        slope = self.along[2] / (self.along @ forward)
        return float(self.peg[2] + slope * ((at - self.peg) @ forward))

    @property
    def above(self) -> float:
        """How high the neck is above the peg's axis [m]."""
        return float(self.neck[2]) - self.axis_height(self.neck)

    @property
    def is_on_peg(self) -> bool:
        """Whether the neck lies on the peg; in no hand it may lie askew."""
        off = self.neck - self.peg
        is_along = -hang.PEG_HALF - 0.02 < off @ self.along < hang.PEG_HALF - 0.01
        higher = 0.006 if any(s.hand.holds for s in self.shoulders.values()) else 0.03
        is_over = abs(off[0]) < _ASIDE and -0.01 < self.above < CONTACT + higher
        return bool(is_along and is_over)


def look(
    kinematics: Kinematics,
    spec: RobotSpec,
    joints: JointSample,
    objects: np.ndarray,
    grasp_at: float,
) -> Sight:
    """Return the sight of a state: joints and objects (7, 7), shoulders taken at grasp_at [m]."""
    poses = {arm.name: kinematics.pose(arm.name, joints.position) for arm in spec.arms}
    openings = {arm.name: float(joints.position[arm.gripper][0]) for arm in spec.arms}
    rows = objects[:2]
    seen = {
        (arm, i): _shoulder(poses[arm], openings[arm], rows[i], grasp_at)
        for arm in poses
        for i in range(2)
    }
    left, right = _whose(seen, rows)
    neck = np.mean([garment.inner_end(row) for row in rows], axis=0)
    shoulders = {'left': seen['left', left], 'right': seen['right', right]}
    peg = objects[-1]
    return Sight(shoulders, neck, peg[:3], matrix(peg[3:])[:, 2])


def _whose(seen: dict[tuple[str, int], Shoulder], rows: np.ndarray) -> tuple[int, int]:
    """Which shoulder is the left arm's and which the right's: in hand, or else on its side."""
    for arm, i in seen:
        if seen[arm, i].hand.holds:
            return (i, 1 - i) if arm == 'left' else (1 - i, i)
    outer = [garment.outer_end(row)[0] for row in rows]
    return (0, 1) if outer[0] <= outer[1] else (1, 0)


def _shoulder(at: np.ndarray, opening: float, row: np.ndarray, grasp_at: float) -> Shoulder:
    """The shoulder at pose row (7,), to be taken by a hand at a pose (4, 4)."""
    axis, offset = matrix(row[3:])[:, 0], row[:3] - at[:3, 3]
    half = garment.WIDTH / 2
    near = at[:3, :3].T @ (offset + min(max(-float(offset @ axis), -half), half) * axis)
    is_between = -0.03 < near[0] < 0.02 and abs(near[1]) < 0.012 and abs(near[2]) < 0.018
    hand = Hand(at, opening, near, bool(is_between and _WIDE[0] < opening < _WIDE[1]))
    return Shoulder(hand, garment.outer_end(row) + grasp_at * axis, flat(axis))

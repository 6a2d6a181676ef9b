"""What the transfer expert sees: the block relative to each hand, and the stage of the task."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.tasks import transfer
from il_ros.sim.tasks.geometry import UP, flat, matrix, unit
from il_ros.spec import JointSample, RobotSpec

GRASP_AT = 0.03  # [m] from the block's centre to where a hand takes it
_HALF = transfer.BLOCK[0]


class Stage(Enum):
    """How far the task is, read off the present state."""

    PICK = 0  # the block lies free on the giver's side
    CARRY = 1  # the giver has it
    HAND = 2  # both have it
    BIN = 3  # the receiver has it
    DONE = 4  # it is in the bin, or falling into it
    FETCH = 5  # it lies free on the receiver's side


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand, and the block as seen from it."""

    pose: np.ndarray  # (4, 4) of the grasp point
    opening: float  # 0..1
    near: np.ndarray  # (3,) the block's nearest point of its long axis, in the hand's own axes [m]
    holds: bool

    @property
    def at(self) -> np.ndarray:
        """The grasp point (3,) [m]."""
        return self.pose[:3, 3]


@dataclass(frozen=True, eq=False)
class Sight:
    """The state as the expert thinks of it."""

    giver: Hand
    receiver: Hand
    block: np.ndarray  # (3,) its centre [m]
    turned: np.ndarray  # (3, 3) its axes, the long one first
    box: np.ndarray  # (3,) the bin's floor [m]

    @property
    def long(self) -> np.ndarray:
        """The block's long axis (3,)."""
        return self.turned[:, 0]

    @property
    def stage(self) -> Stage:
        """Which stage the task is in."""
        if self.giver.holds:
            return Stage.HAND if self.receiver.holds else Stage.CARRY
        if self.receiver.holds:
            return Stage.BIN
        off = np.abs(self.block - self.box)
        if max(off[0], off[1]) < transfer.BIN_INSIDE / 2:
            return Stage.DONE
        return Stage.FETCH if self.block[0] < -0.06 else Stage.PICK


def look(
    kinematics: Kinematics, spec: RobotSpec, joints: JointSample, objects: np.ndarray
) -> Sight:
    """Return the sight of a state: joints and objects (2, 7)."""
    block, turned = objects[0, :3], matrix(objects[0, 3:])
    giver, receiver = (
        _hand(
            kinematics.pose(name, joints.position),
            float(joints.position[spec.arm(name).gripper][0]),
            block,
            turned[:, 0],
        )
        for name in (transfer.Transfer.giver, transfer.Transfer.receiver)
    )
    return Sight(giver, receiver, block, turned, objects[1, :3])


def _hand(pose: np.ndarray, opening: float, block: np.ndarray, long: np.ndarray) -> Hand:
    axes, offset = pose[:3, :3], block - pose[:3, 3]
    along = min(max(-float(offset @ long), -_HALF), _HALF)
    near = axes.T @ (offset + along * long)
    is_between = float(np.abs(near).max()) < 0.022
    is_closed = 0.35 < opening < 0.47  # 0.44 on the block's 4 cm; nothing between: 0
    return Hand(pose, opening, near, is_between and is_closed)


def grasp_point(sight: Sight, towards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Return where a hand from above takes a free block, and the horizontal direction along it.

    towards (3,) is the horizontal direction of the hand's own base: it takes the end nearer to it.
    """
    upright = abs(float(sight.long @ UP)) > 0.7
    if upright:
        sides = [s * sight.turned[:, i] for i in (1, 2) for s in (1, -1)]
        along = flat(max(sides, key=lambda side: float(side @ towards)))
        end = sight.long * np.sign(sight.long @ UP)
        return sight.block + GRASP_AT * end, along
    along = sight.long * (1.0 if sight.long @ towards >= 0 else -1.0)
    at = sight.block + GRASP_AT * along
    return np.array([at[0], at[1], max(at[2], 0.025)]), flat(along)


def free_end(sight: Sight) -> np.ndarray:
    """Return where the receiver takes the block (3,): near the end that the giver left free."""
    side = 1.0 if (sight.giver.at - sight.block) @ sight.long < 0 else -1.0
    return sight.block + GRASP_AT * side * unit(sight.long)

"""What the transfer expert sees: the block relative to each hand, and the stage of the task."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.geometry import UP, flat, matrix
from il_ros.sim.grasping import Hand, hands_on
from il_ros.sim.tasks import transfer
from il_ros.spec import JointSample, RobotSpec

GRASP_AT = 0.03  # [m] from the block's centre to where a hand takes it
_ROOM = 0.08  # [m] what an open finger needs beside the block
_HALF = transfer.BLOCK[0]
_ALOFT = 0.06  # [m] height of a block that somebody has
_GIVER, _RECEIVER = transfer.Transfer.giver, transfer.Transfer.receiver


class Stage(Enum):
    """How far the task is, read off the present state."""

    PICK = 0  # the block lies free on the giver's side
    CARRY = 1  # the giver has it
    HAND = 2  # both have it
    BIN = 3  # the receiver has it
    DONE = 4  # it is in the bin, or falling into it
    FETCH = 5  # it lies free on the receiver's side
    PUT = 6  # the giver has it by the receiver's end, and has to put it down again


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
            if self.receiver.holds:
                return Stage.HAND
            return Stage.PUT if _leaves_no_end(self) else Stage.CARRY
        if self.receiver.holds:
            return Stage.BIN
        off = np.abs(self.block - self.box)
        if max(off[0], off[1]) < transfer.BIN_INSIDE / 2:
            return Stage.DONE
        return Stage.FETCH if self.block[0] < -0.06 else Stage.PICK


def look(
    kinematics: Kinematics,
    spec: RobotSpec,
    joints: JointSample,
    objects: np.ndarray,
    snug: float = 0.47,
) -> Sight:
    """Return the sight of a state: joints and objects (2, 7); snug as in `hands_on`."""
    block, turned = objects[0, :3], matrix(objects[0, 3:])
    names = (_GIVER, _RECEIVER)
    poses = [kinematics.pose(name, joints.position) for name in names]
    openings = [float(joints.position[spec.arm(name).gripper][0]) for name in names]
    is_aloft = block[2] > _ALOFT
    giver, receiver = hands_on(poses, openings, block, turned[:, 0], _HALF, is_aloft, snug)
    return Sight(giver, receiver, block, turned, objects[1, :3])


def grasp_point(sight: Sight, towards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Return where a hand from above takes a free block, and the horizontal direction along it.

    towards (3,) is the horizontal direction of the hand's own base: it takes the end nearer to it,
    unless the bin's wall would be in the way of a finger there.
    """
    upright = abs(float(sight.long @ UP)) > 0.7
    if upright:
        sides = [s * sight.turned[:, i] for i in (1, 2) for s in (1, -1)]
        along = flat(max(sides, key=lambda side: float(side @ towards)))
        end = sight.long * np.sign(sight.long @ UP)
        return sight.block + GRASP_AT * end, along
    along = sight.long * (1.0 if sight.long @ towards >= 0 else -1.0)
    ends = [sight.block + GRASP_AT * along, sight.block - GRASP_AT * along]
    room = [min(_room(end, sight.box), _ROOM) for end in ends]
    at = ends[0] if room[0] >= room[1] else ends[1]
    return np.array([at[0], at[1], max(at[2], 0.025)]), flat(along)


def _room(at: np.ndarray, box: np.ndarray) -> float:
    """How far a point (3,) is from the bin [m], horizontally."""
    off = np.abs(at - box)
    return float(max(off[0], off[1])) - transfer.BIN_INSIDE / 2


def free_end(sight: Sight) -> np.ndarray:
    """Return where the receiver takes the block (3,) that the giver holds."""
    return sight.block + GRASP_AT * _free_direction(sight)


def _free_direction(sight: Sight) -> np.ndarray:
    """
    The direction along the block (3,) to the end that the receiver takes.

    At the hand-over the z axis of the giver's hand points to the receiver. A block that hangs
    from the giver's fingers is taken at its other end.
    """
    forward = float(sight.giver.pose[:3, 2] @ sight.long)
    if abs(forward) < 0.5:
        forward = float((sight.block - sight.giver.at) @ sight.long)
    return sight.long if forward >= 0 else -sight.long


def _leaves_no_end(sight: Sight) -> bool:
    """Whether the giver's fingers are where the receiver's have to go."""
    return float((sight.giver.at - sight.block) @ _free_direction(sight)) > 0.008

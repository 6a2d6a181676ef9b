"""What the transport expert sees: item, lid and litter relative to each hand, and what is left."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.geometry import UP, flat, matrix
from il_ros.sim.grasping import Hand, hands_on
from il_ros.sim.tasks import transfer_sight, transport
from il_ros.sim.tasks.transfer_sight import Stage
from il_ros.spec import JointSample, RobotSpec

GIVER, RECEIVER = transport.Transport.giver, transport.Transport.receiver
LID_CLEAR = transport.BOX_HEIGHT + 2 * transport.PLATE[2] + transport.HANDLE[2]  # [m] its handle's
_LITTER_ALOFT = 0.06  # [m] height of litter that somebody has
_LID_ALOFT = LID_CLEAR + 0.03  # [m] of the handle of a lid that somebody has
_SNUG = 0.50  # [opening] of a gripper that has a thing firmly, be it a little askew
_BESIDE = 0.05  # [m] from a lid's edge to the middle of what it is not in the way of
_UPRIGHT = 0.8  # cosine of how far a lid may lean that is taken by its handle


@dataclass(frozen=True, eq=False)
class Thing:
    """Lid or litter: where a hand takes it, and how each hand has it."""

    at: np.ndarray  # (3,) the middle of the handle, or of the litter [m]
    turned: np.ndarray  # (3, 3) its axes
    hands: dict[str, Hand]  # by arm

    @cached_property
    def holder(self) -> str:
        """The arm that has it, '' for none."""
        return next((arm for arm, hand in self.hands.items() if hand.holds), '')

    def along(self, towards: np.ndarray, is_cube: bool = False) -> np.ndarray:
        """
        Return the horizontal direction (3,) that a hand from above is turned to.

        The one nearest to a direction (3,) out of the long axis' two, or a cube's four.
        """
        axes = self.turned.T if is_cube else self.turned.T[:1]
        lying = [axis for axis in axes if abs(axis @ UP) < 0.7]
        sides = [sign * axis for axis in lying for sign in (1.0, -1.0)] or [towards]
        return flat(max(sides, key=lambda side: float(side @ towards)))


@dataclass(frozen=True, eq=False)
class Sight:
    """The state as the expert thinks of it."""

    passing: transfer_sight.Sight  # item and bin, as transfer sees its block
    lid: Thing
    litter: Thing
    box: np.ndarray  # (3,) its floor [m]
    litter_bin: np.ndarray  # (3,) its floor [m]

    @cached_property
    def stage(self) -> Stage:
        """How far the item is."""
        return self.passing.stage

    @cached_property
    def is_tidy(self) -> bool:
        """Whether the litter is in its bin, or falling into it."""
        off = np.abs(self.litter.at - self.litter_bin)
        inside = max(off[0], off[1]) < transport.LITTER_BIN_INSIDE / 2
        return bool(inside and not self.litter.holder)

    @cached_property
    def is_covered(self) -> bool:
        """Whether the lid lies on, or close beside, what still has to be reached."""
        if self.lid.holder or self.lid.turned[2, 2] < _UPRIGHT:
            return False
        left = [] if self.is_tidy else [self.litter_bin]
        if self.stage is not Stage.DONE:
            left.append(self.passing.box)
        if self.stage in (Stage.PICK, Stage.FETCH):
            left.append(self.passing.block)
        if not self.is_tidy and not self.litter.holder:
            left.append(self.litter.at)
        return any(self._lid_covers(place) for place in left)

    def _lid_covers(self, place: np.ndarray) -> bool:
        off = np.abs(self.lid.turned.T @ (place - self.lid.at))
        is_below = place[2] < self.lid.at[2]
        return bool(is_below and max(off[0], off[1]) < transport.PLATE[0] + _BESIDE)


def look(
    kinematics: Kinematics, spec: RobotSpec, joints: JointSample, objects: np.ndarray
) -> Sight:
    """Return the sight of a state: joints and objects (6, 7)."""
    pose = dict(zip(transport.Transport.object_names, objects, strict=True))
    pair = np.stack([pose['item'], pose['bin']])
    passing = transfer_sight.look(kinematics, spec, joints, pair, _SNUG)
    lid_turned = matrix(pose['lid'][3:])
    handle = pose['lid'][:3] + transport.HANDLE[2] * lid_turned[:, 2]
    half = transport.HANDLE[0] - 0.01  # a finger is 2 cm wide
    lid = _thing(passing, handle, lid_turned, half, _LID_ALOFT)
    litter = pose['litter']
    litter = _thing(passing, litter[:3], matrix(litter[3:]), 0.0, _LITTER_ALOFT)
    return Sight(passing, lid, litter, pose['box'][:3], pose['litter bin'][:3])


def _thing(
    seen: transfer_sight.Sight, at: np.ndarray, turned: np.ndarray, half: float, aloft: float
) -> Thing:
    poses = (seen.giver.pose, seen.receiver.pose)
    openings = (seen.giver.opening, seen.receiver.opening)
    hands = hands_on(poses, openings, at, turned[:, 0], half, bool(at[2] > aloft), _SNUG)
    return Thing(at, turned, dict(zip((GIVER, RECEIVER), hands, strict=True)))

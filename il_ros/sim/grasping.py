"""How a scripted hand has what it grasps: everything is 4 cm wide where the fingers go."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from il_ros.sim.geometry import angle, length, ramp

REACHED = 0.012  # [m] well within what the open fingers forgive
LEVER = 0.05  # [m/rad] how much a turn that is still to do counts as a distance
_STARTED = 0.025  # [m] a grasp that has begun to close goes on
_NONE, _ASKEW, _FIRM = 0, 1, 2  # how a hand has a thing


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand, and one thing as seen from it."""

    pose: np.ndarray  # (4, 4) of the grasp point
    opening: float  # 0..1
    near: np.ndarray  # (3,) the thing's nearest point of its long axis, in the hand's own axes [m]
    holds: bool  # firmly, or askew in the air while no other hand holds it firmly

    @property
    def at(self) -> np.ndarray:
        """The grasp point (3,) [m]."""
        return self.pose[:3, 3]

    @property
    def clearance(self) -> float:
        """0 while the thing is between the fingers, 1 when it is well out of them."""
        ahead = ramp(self.near[0], 0.02, 0.05)
        return max(ahead, ramp(length(self.near), 0.07, 0.11))


def hands_on(
    poses: Sequence[np.ndarray],
    openings: Sequence[float],
    at: np.ndarray,
    long: np.ndarray,
    half: float,
    is_aloft: bool,
    snug: float = 0.47,
) -> tuple[Hand, ...]:
    """
    Return each hand of poses (4, 4) and openings 0..1, and how it has one thing.

    at (3,) is the middle of the thing's axis, long (3,) its direction and half [m] its half
    length; is_aloft says that it does not lie on anything, so that somebody has it. A gripper open
    less than snug has it firmly: 0.44 on sides 4 cm apart, more where it has them askew.
    """
    near = [_near(pose, at, long, half) for pose in poses]
    grips = [_grip(*seen, is_aloft, snug) for seen in zip(near, openings, strict=True)]
    holds = [
        mine == _FIRM or (mine == _ASKEW and other != _FIRM)
        for mine, other in zip(grips, grips[::-1], strict=True)
    ]
    return tuple(map(Hand, poses, openings, near, holds))


def is_at(hand: Hand, at: np.ndarray, turned: np.ndarray) -> bool:
    """Whether to close on a grasp at (3,), turned (3, 3): there, or still there while closing."""
    reach = REACHED if hand.opening > 0.9 else _STARTED
    askew = LEVER * angle(hand.pose[:3, :3], turned)
    return bool(np.abs(at - hand.at).max() < reach and askew < reach)


def _grip(near: np.ndarray, opening: float, is_aloft: bool, snug: float) -> int:
    """How a hand has a thing whose axis is near (3,) in the hand's own axes."""
    ahead, aside, above = near.tolist()
    if not (-0.045 < ahead < 0.025 and abs(aside) < 0.015 and abs(above) < 0.025):
        return _NONE
    if 0.33 < opening < snug:  # nothing between the fingers: 0
        return _FIRM
    return _ASKEW if is_aloft and 0.33 < opening < 0.65 else _NONE  # 0.63 on a block's corners


def _near(pose: np.ndarray, at: np.ndarray, long: np.ndarray, half: float) -> np.ndarray:
    """The nearest point (3,) of an axis, in a hand's own axes."""
    offset = at - pose[:3, 3]
    along = min(max(-float(offset @ long), -half), half)
    return pose[:3, :3].T @ (offset + along * long)

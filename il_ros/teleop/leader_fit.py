"""A leader's map by least squares, from poses in which it was held as the robot stood."""

from dataclasses import dataclass

import numpy as np

from il_ros.spec import RobotSpec
from il_ros.teleop.leader_config import LeaderArm, LeaderConfig

SPREAD = 0.1  # [rad, opening] the poses of a joint must differ by
SURE = 0.1  # a scale that is as near to the YAML's is the YAML's: hands are not exact


class NotMoved(ValueError):
    """A joint of the leader was not moved, or its name is another."""


@dataclass(frozen=True)
class Fit:
    """One leader arm as measured; lists in the order of its joints."""

    offset: tuple[float, ...]  # [rad]
    sign: tuple[float, ...]
    scale: tuple[float, ...]
    gripper_closed: float
    gripper_open: float
    worst: float  # [rad] what is left between leader and robot, in the worst pose and joint


def fit_leader(
    spec: RobotSpec, config: LeaderConfig, said: np.ndarray, stood: np.ndarray
) -> dict[str, Fit]:
    """
    Return the map of each arm of a leader.

    said (K, M): the leader's joints in K poses, in its units and the order of LeaderMap.names.
    stood (K, N): the robot's, inside units. Raises NotMoved naming a joint that tells nothing.
    """
    fits, begin = {}, 0
    for arm in config.arms:
        place = spec.arm(arm.arm)
        joints = said[:, begin : begin + len(arm.joints)]
        begin += len(arm.joints) + bool(arm.gripper)
        grip = said[:, begin - 1] if arm.gripper else None
        fits[arm.arm] = _fit(arm, joints, stood[:, place.joints], grip, stood[:, place.gripper])
    return fits


def _fit(
    arm: LeaderArm, said: np.ndarray, stood: np.ndarray, grip: np.ndarray | None, at: np.ndarray
) -> Fit:
    scales = arm.scale or (1.0,) * len(arm.joints)
    rows = zip(said.T, stood.T, arm.joints, scales, strict=True)
    lines = [_line(*row) for row in rows]
    per, offset = np.array(lines).T  # robot's per leader's unit, and the leader's zero
    left = np.abs((said - offset) * per - stood).max()
    closed, opened = arm.gripper_closed, arm.gripper_open
    if grip is not None:
        unit, closed = _line(grip, at[:, 0], arm.gripper, np.inf)
        opened = closed + 1.0 / unit
    return Fit(
        tuple(offset.tolist()),
        tuple(np.sign(per).tolist()),
        tuple(np.abs(per).tolist()),
        float(closed),
        float(opened),
        float(left),
    )


def _line(said: np.ndarray, stood: np.ndarray, name: str, expected: float) -> tuple[float, float]:
    """Return slope and zero of stood = slope * (said - zero), both (K,)."""
    if np.ptp(stood) < SPREAD or np.ptp(said) < SPREAD * np.ptp(stood):
        raise NotMoved(
            f'leader joint {name!r} moved by {np.ptp(said):.3f} while the robot moved by '
            f'{np.ptp(stood):.3f}: was it held as the robot stood, and is its name right?'
        )
    slope = np.polyfit(said, stood, 1)[0]
    if abs(abs(slope) / expected - 1.0) < SURE:
        slope = np.sign(slope) * expected
    return float(slope), float(np.mean(said - stood / slope))

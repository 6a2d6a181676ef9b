"""How a driver counts its joints, from what it says in a pose that is known and in another."""

from dataclasses import dataclass

import numpy as np

from il_ros.spec import RobotSpec

TURNED = 0.1  # [rad, opening] less than that was not turned


@dataclass(frozen=True)
class Count:
    """What was measured of each joint."""

    sign: np.ndarray  # (N,) 1 or -1
    offset: np.ndarray  # (N,) joint units of the driver
    is_turned: np.ndarray  # (N,) bool; of the others the sign is the one that was known


def turns(spec: RobotSpec, known: np.ndarray) -> np.ndarray:
    """
    Return which way (N,) a person is to turn each joint from a known pose (N,): 1, or -1.

    Up, as the URDF counts and a gripper opens, but down where there is no room to go up.
    """
    room = 2 * TURNED
    return np.where(known + room <= spec.upper, 1.0, -1.0)


def count(
    spec: RobotSpec, known: np.ndarray, said: np.ndarray, turned: np.ndarray | None
) -> Count:
    """
    Return how the driver counts.

    known (N,): the pose, inside units. said (N,): what the driver says there, in its units.
    turned (N,): what it says with every joint turned as turns() asks; None asks for offsets only.
    """
    moved = np.zeros(spec.size) if turned is None else turned - said
    is_turned = np.abs(moved) >= TURNED * np.abs(spec.joint_scale)
    up = turns(spec, known) * np.sign(spec.joint_scale)  # as the URDF counts
    sign = np.where(is_turned, np.sign(moved) * up, spec.driver_sign)
    return Count(sign, said - sign * spec.to_joint(known), is_turned)

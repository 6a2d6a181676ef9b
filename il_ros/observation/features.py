"""
What a policy is given of the state: named vectors, derived from joints and object poses.

Live and in training the same functions run, on one row or on a whole episode. To add a feature,
write a function and one line in FEATURES.
"""

from collections.abc import Callable

import numpy as np

from il_ros.robot.kinematics import Kinematics

# position (n, N), velocity (n, N), objects (n, K, 7) -> (n, D)
Feature = Callable[[Kinematics, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def position(
    kinematics: Kinematics, position: np.ndarray, velocity: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """Return joint positions (n, N) [rad, opening]."""
    return position


def velocity(
    kinematics: Kinematics, position: np.ndarray, velocity: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """Return joint velocities (n, N) [rad/s, opening/s]."""
    return velocity


def objects(
    kinematics: Kinematics, position: np.ndarray, velocity: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """Return each object's place and the first two axes of its orientation (n, K * 9) [m, 1]."""
    axes = rotations(objects[..., 3:])[..., :2]  # (n, K, 3, 2)
    rows = np.concatenate([objects[..., :3], axes.reshape(*objects.shape[:2], 6)], axis=-1)
    return rows.reshape(len(objects), -1)


def grasp(
    kinematics: Kinematics, position: np.ndarray, velocity: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """
    Return where each object is as each gripper sees it (n, arms * K * 9) [m, 1].

    Three numbers of place and six of orientation, all in the gripper's frame: what has to become
    constant for a grasp, wherever on the table it happens.
    """
    columns = []
    for arm in kinematics.spec.arms:
        hands = np.stack([kinematics.pose(arm.name, row) for row in position])  # (n, 4, 4)
        inverse = hands[:, None, :3, :3].swapaxes(-1, -2)  # (n, 1, 3, 3)
        offset = objects[..., :3] - hands[:, None, :3, 3]  # (n, K, 3)
        place = (inverse @ offset[..., None])[..., 0]  # (n, K, 3)
        axes = (inverse @ rotations(objects[..., 3:]))[..., :2]  # (n, K, 3, 2)
        columns.append(np.concatenate([place, axes.reshape(*place.shape[:2], 6)], axis=-1))
    return np.stack(columns, axis=1).reshape(len(position), -1)


FEATURES: dict[str, Feature] = {
    'position': position,
    'velocity': velocity,
    'objects': objects,
    'grasp': grasp,
}


def feature(
    name: str,
    kinematics: Kinematics,
    position: np.ndarray,
    velocity: np.ndarray,
    objects: np.ndarray,
) -> np.ndarray:
    """Return the feature called name as (n, D) float32; ValueError lists the names there are."""
    if name not in FEATURES:
        raise ValueError(f'unknown input {name!r}; known: {", ".join(FEATURES)}')
    return FEATURES[name](kinematics, position, velocity, objects).astype(np.float32)


def rotations(quaternions: np.ndarray) -> np.ndarray:
    """Quaternions xyzw (..., 4) -> rotation matrices (..., 3, 3)."""
    x, y, z, w = np.moveaxis(quaternions, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

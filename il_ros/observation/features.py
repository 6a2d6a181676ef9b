"""
What a policy is given of the state: named vectors, derived from joints and object poses.

Live and in training the same functions run, on one row or on a whole episode. To add a feature,
write a function and one line in FEATURES.
"""

from collections.abc import Callable

import numpy as np

from il_ros.robot.kinematics import Kinematics

NEAR_M, NEAR = 0.005, 0.05  # [m], [rad] to either side of zero that are seen as finely as can be
# position (n, N), velocity (n, N), objects (n, K, 7) -> (n, D)
Feature = Callable[[Kinematics, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

_HALVES = (  # of a rotation's entries, on its diagonal of what they are less than 1
    *('yy+zz', 'xy-zw', 'xz+yw'),
    *('xy+zw', 'xx+zz', 'yz-xw'),
    *('xz-yw', 'yz+xw', 'xx+yy'),
)
_FIRST, _SECOND = (
    np.array([4 * 'xyzw'.index(half[i]) + 'xyzw'.index(half[i + 1]) for half in _HALVES])
    for i in (0, 3)
)
_SIGN = np.array([1.0 if half[2] == '+' else -1.0 for half in _HALVES])
_IS_DIAGONAL = np.eye(3, dtype=bool).ravel()


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
    return _nine_each(objects[..., :3], rotations(objects[..., 3:]))


def grasp(
    kinematics: Kinematics, position: np.ndarray, velocity: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """
    Return where each object is as each gripper sees it (n, arms * K * 9) [m, 1].

    Three numbers of place and six of orientation, all in the gripper's frame: what has to become
    constant for a grasp, wherever on the table it happens.
    """
    arms = [arm.name for arm in kinematics.spec.arms]
    poses = [[kinematics.pose(arm, row) for arm in arms] for row in position]
    hands = np.array(poses)[:, :, None]  # (n, arms, 1, 4, 4)
    inverse = hands[..., :3, :3].swapaxes(-1, -2)
    offset = objects[:, None, :, :3] - hands[..., :3, 3]  # (n, arms, K, 3)
    place = (inverse @ offset[..., None])[..., 0]  # (n, arms, K, 3)
    return _nine_each(place, inverse @ rotations(objects[:, None, :, 3:]))


def between(
    kinematics: Kinematics, position: np.ndarray, velocity: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """
    Return where objects are as those before them see it (n, K * (K - 1) / 2 * 18) [m, 1].

    Three numbers of place and six of orientation a pair, and all again on a scale that is fine
    near zero: what has to fit to the millimetre also has to be seen from across the table.
    """
    first, second = np.triu_indices(objects.shape[1], k=1)
    turned = rotations(objects[..., 3:])  # (n, K, 3, 3)
    inverse = turned[:, first].swapaxes(-1, -2)  # (n, pairs, 3, 3)
    offset = objects[:, second, :3] - objects[:, first, :3]
    place = (inverse @ offset[..., None])[..., 0]  # (n, pairs, 3)
    axes = (inverse @ turned[:, second])[..., :2]  # (n, pairs, 3, 2)
    axes = axes.reshape(*place.shape[:2], 6)
    fine = [np.arcsinh(place / NEAR_M), np.arcsinh(axes / NEAR)]
    return np.concatenate([place, axes, *fine], axis=-1).reshape(len(objects), -1)


FEATURES: dict[str, Feature] = {
    'position': position,
    'velocity': velocity,
    'objects': objects,
    'grasp': grasp,
    'between': between,
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


def _nine_each(places: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Places (n, ..., 3) and the first two axes of rotations (n, ..., 3, 3), as rows (n, D)."""
    axes = turned[..., :2].reshape(*places.shape[:-1], 6)
    return np.concatenate([places, axes], axis=-1).reshape(len(places), -1)


def rotations(quaternions: np.ndarray) -> np.ndarray:
    """Quaternions xyzw (..., 4) -> rotation matrices (..., 3, 3)."""
    shape = quaternions.shape[:-1]
    products = (quaternions[..., :, None] * quaternions[..., None, :]).reshape(*shape, 16)
    half = products[..., _FIRST] + _SIGN * products[..., _SECOND]  # (..., 9)
    twice = 2 * half
    return np.where(_IS_DIAGONAL, 1 - twice, twice).reshape(*shape, 3, 3)

"""Small geometry of scripted experts: poses, and ramps that make a decision gradual."""

import math

import numpy as np
import pinocchio as pin

UP = np.array([0.0, 0.0, 1.0])


def ramp(value: float, low: float, high: float) -> float:
    """0 below low, 1 above high, smooth between (smoothstep)."""
    x = min(max((value - low) / (high - low), 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


def length(vector: np.ndarray) -> float:
    """The length of a vector (n,); numpy's own is slow for short ones."""
    return math.sqrt(vector @ vector)


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector (3,) at length 1; x for one of no length."""
    size = length(vector)
    return vector / size if size > 1e-9 else np.array([1.0, 0.0, 0.0])


def flat(vector: np.ndarray) -> np.ndarray:
    """The horizontal direction (3,) of a vector, at length 1."""
    return unit(vector * (1.0, 1.0, 0.0))


def pose(rotation: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The transform (4, 4) of a rotation (3, 3) and a point (3,)."""
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = rotation, at
    return out


def standing(at: np.ndarray) -> np.ndarray:
    """The transform (4, 4) of x, y, z [m] and yaw [rad]."""
    cosine, sine = math.cos(at[3]), math.sin(at[3])
    return pose(np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]]), at[:3])


def down(along: np.ndarray) -> np.ndarray:
    """
    The rotation (3, 3) of a gripper that points down and closes across a horizontal direction.

    along (3,) points to the arm's own base, so that the wrist is not twisted.
    """
    return np.stack([-UP, cross(along, UP), -along], axis=1)


def level(forward: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) of a gripper that points level, forward (3,), and closes sideways."""
    return np.stack([forward, cross(UP, forward), UP], axis=1)


def leaning(forward: np.ndarray, below: float) -> np.ndarray:
    """The rotation (3, 3) of a gripper that points forward (3,), turned down by an angle [rad]."""
    aside, cosine, sine = cross(UP, forward), np.cos(below), np.sin(below)
    return np.stack([cosine * forward - sine * UP, aside, sine * forward + cosine * UP], axis=1)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cross product (3,); numpy's own is ten times slower for single vectors."""
    return np.array(
        [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ]
    )


def angle(first: np.ndarray, second: np.ndarray) -> float:
    """The angle between two rotations (3, 3) [rad]."""
    cosine = (float((first * second).sum()) - 1.0) / 2.0
    return float(np.arccos(min(max(cosine, -1.0), 1.0)))


def between(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """The pose (4, 4) a share of the way from first to second."""
    turn = pin.exp3(share * pin.log3(first[:3, :3].T @ second[:3, :3]))
    return pose(first[:3, :3] @ turn, first[:3, 3] + share * (second[:3, 3] - first[:3, 3]))


def matrix(quaternion: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) of a quaternion xyzw."""
    x, y, z, w = quaternion.tolist()
    return pin.Quaternion(w, x, y, z).normalized().toRotationMatrix()

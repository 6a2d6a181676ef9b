"""How late a sensor is: which shift makes what it saw go with how the joints moved."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

SHIFTS_S = np.arange(-0.1, 0.5, 0.002)  # that are tried
SEEN = 0.6  # a correlation below is no motion that the sensor saw


class NotSeen(ValueError):
    """A sensor did not see the motion."""


def excitation(seconds: float, dt_s: float) -> np.ndarray:
    """Return a motion (T,) within -1 and 1 [s apart dt_s] that is like itself at no other time."""
    time = np.arange(0.0, seconds, dt_s)
    fade = np.clip(np.minimum(time, seconds - time) / 1.0, 0.0, 1.0)
    fade = fade**3 * (10.0 - 15.0 * fade + 6.0 * fade**2)
    turn = 2 * np.pi * (0.35 * time + 0.5 * 0.08 * time**2)  # from 0.35 Hz on, faster and faster
    return fade * np.sin(turn)


def seen_motion(images: list[np.ndarray]) -> np.ndarray:
    """Return how much (n - 1,) each image differs from the one before; all coarse()."""
    return np.array([np.abs(b - a).mean() for a, b in pairwise(images)])


def coarse(image: np.ndarray) -> np.ndarray:
    """Return an image (H, W, 3) in grey, in blocks of 4 pixels: noise does not move."""
    height, width = image.shape[0] // 4, image.shape[1] // 4
    grey = image[: 4 * height, : 4 * width].mean(axis=2)
    return grey.reshape(height, 4, width, 4).mean(axis=(1, 3))


def camera_latency(
    stamps_s: np.ndarray, motion: np.ndarray, joint_s: np.ndarray, joints: np.ndarray
) -> float:
    """
    Return how late [s] the stamps of a camera are, against those of the joints.

    stamps_s (n,): of the images. motion (n - 1,): what seen_motion() says. joint_s (m,), joints
    (m,): when and where the joints were, along the one line that they moved on.
    Raises NotSeen where no shift explains what was seen.
    """

    def moved(shift: float) -> np.ndarray:
        return np.abs(np.diff(np.interp(stamps_s - shift, joint_s, joints)))

    return _best(lambda shift: _alike(moved(shift), motion))


def motion_latency(
    asked_s: np.ndarray, asked: np.ndarray, joint_s: np.ndarray, joints: np.ndarray
) -> float:
    """
    Return by how much [s] the joints are behind what was asked of them; arguments as above.

    A joint that hangs somewhat lower than asked does not count, nor when it was asked how often.
    """
    return _best(lambda shift: _alike(np.interp(asked_s + shift, joint_s, joints), asked))


def _best(likeness: Callable[[float], float]) -> float:
    """Return the shift [s] of the greatest likeness, between the grid's by a parabola."""
    found = np.array([likeness(shift) for shift in SHIFTS_S])
    peak = int(found.argmax())
    if found[peak] <= SEEN or peak in (0, len(found) - 1):
        raise NotSeen(f'it does not go with the motion (correlation {found[peak]:.2f})')
    before, here, after = found[peak - 1 : peak + 2]
    curve = before - 2 * here + after
    part = 0.5 * (before - after) / curve if curve < 0 else 0.0
    return float(SHIFTS_S[peak] + part * (SHIFTS_S[1] - SHIFTS_S[0]))


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two rows; 0 where one does not change."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])

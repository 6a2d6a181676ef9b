"""What lies behind everything, as a polygon: the software renderer takes 90 ns for each pixel."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

_PART = 4  # bits of a pixel's fraction that OpenCV is given
_NOTHING = 0.99999  # in a depth image, 0 near to 1 far: whatever is beyond is no surface


@dataclass(frozen=True, eq=False)
class Backdrop:
    """A flat outline that nothing is ever behind, for cameras above it, and its colour."""

    corners: np.ndarray  # (n, 3) convex [m]
    colour: tuple[int, int, int]  # RGB

    def draw(self, image: np.ndarray, depth: np.ndarray, view: Any, lens: Any) -> None:
        """
        Fill the outline in image (H, W, 3) where depth (H, W) says that nothing is.

        view, lens: 16 numbers each, as PyBullet's computeViewMatrix and its projection give them.
        """
        height, width, _ = image.shape
        clipped = _before_camera(self._seen(view, lens))
        if len(clipped) < 3:
            return
        flat = clipped[:, :2] / clipped[:, 3:]  # -1..1, y up
        pixels = (flat * (1, -1) + 1) * (width / 2, height / 2) - 0.5
        outline = np.round(pixels * (1 << _PART)).astype(np.int32)
        painted = cv2.fillConvexPoly(image.copy(), outline, self.colour, shift=_PART)
        cv2.copyTo(painted, (depth > _NOTHING).view(np.uint8), image)

    def _seen(self, view: Any, lens: Any) -> np.ndarray:
        """Return the corners (n, 4) in the camera's clip space."""
        matrix = np.reshape(lens, (4, 4)).T @ np.reshape(view, (4, 4)).T
        return np.hstack([self.corners, np.ones((len(self.corners), 1))]) @ matrix.T


def _before_camera(corners: np.ndarray) -> np.ndarray:
    """Return the part of a convex outline (n, 4) that lies before the near plane, z > -w."""
    kept = []
    ahead = corners[:, 2] + corners[:, 3]
    for i, (one, d) in enumerate(zip(corners, ahead, strict=True)):
        before, e = corners[i - 1], ahead[i - 1]
        if (d > 0) != (e > 0):
            kept.append(before + (one - before) * (e / (e - d)))
        if d > 0:
            kept.append(one)
    return np.array(kept).reshape(-1, 4)

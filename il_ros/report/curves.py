"""Numbers over an episode, as pixels for under a video: one lane a curve, in the strip's style."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from il_ros.report.strip import GROUND, INK, LABEL_WIDTH, MARGIN, bar_width, write

LANE = 56  # [px]
EDGE = 5  # [px] above and below a curve
FAINT = (62, 68, 76)
NAN = float('nan')


@dataclass(frozen=True, eq=False)
class Curve:
    """A number at each tick."""

    name: str  # as short as 'score'
    values: np.ndarray  # (n,), NaN where it is not known
    colour: tuple[int, int, int]
    bottom: float  # of the lane
    top: float
    bound: float = NAN  # drawn across the lane
    bound_name: str = ''


def lanes(drawn: Sequence[Curve], width: int) -> np.ndarray:
    """Return (LANE * curves, width, 3) uint8; time runs as in the strip below."""
    rows = [_lane(curve, width) for curve in drawn]
    return np.vstack(rows) if rows else np.zeros((0, width, 3), dtype=np.uint8)


def _lane(curve: Curve, width: int) -> np.ndarray:
    image = np.full((LANE, width, 3), GROUND, dtype=np.uint8)
    right = LABEL_WIDTH + bar_width(width) - 1
    for y in (EDGE, LANE - EDGE):
        image[y, LABEL_WIDTH:right] = FAINT
    write(image, curve.name, MARGIN, LANE // 2 + 4)
    n = len(curve.values)
    x = LABEL_WIDTH + np.arange(n) * (bar_width(width) - 1) / max(n - 1, 1)
    known = np.isfinite(curve.values)
    points = np.stack([x[known], [_row(curve, value) for value in curve.values[known]]], axis=1)
    cv2.polylines(image, [points.round().astype(np.int32)], False, curve.colour, 2, cv2.LINE_AA)
    if np.isfinite(curve.bound):
        y = round(_row(curve, curve.bound))
        for left in range(LABEL_WIDTH, right, 12):
            image[y, left : min(left + 6, right)] = INK
        write(image, curve.bound_name, LABEL_WIDTH + 4, max(y - 4, 12))
    return image


def _row(curve: Curve, value: float) -> float:
    """Return how far down a value is [px], at the edge where it is beyond."""
    part = (value - curve.bottom) / max(curve.top - curve.bottom, 1e-12)
    return LANE - EDGE - (LANE - 2 * EDGE) * float(np.clip(part, 0.0, 1.0))

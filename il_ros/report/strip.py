"""Who was in control, arm by arm over an episode, as a strip of pixels for under a video."""

from collections.abc import Sequence

import cv2
import numpy as np

from il_ros.report.palette import WHO_RGB
from il_ros.spec import Who

GROUND = (24, 27, 31)
INK = (214, 219, 225)
LABEL_WIDTH = 52  # [px] left of the bars
MARGIN = 8
LEGEND_HEIGHT = 20


def strip(
    who: np.ndarray, width: int, height: int, arms: Sequence[str] = ('left', 'right')
) -> np.ndarray:
    """
    Draw who (n, arms), codes of Episode.who, as one bar an arm: (height, width, 3) uint8.

    Time runs left to right over the whole bar; `with_cursor` marks an instant.
    """
    image = np.full((height, width, 3), GROUND, dtype=np.uint8)
    columns = np.linspace(0, len(who), bar_width(width), endpoint=False).astype(int)
    lane = (height - LEGEND_HEIGHT - MARGIN // 2) // max(who.shape[1], 1)
    for arm in range(who.shape[1]):
        top = MARGIN // 2 + arm * lane
        bar = WHO_RGB[who[columns, arm]]  # (bar width, 3)
        image[top : top + lane - 3, LABEL_WIDTH : LABEL_WIDTH + len(bar)] = bar
        write(image, arms[arm], MARGIN, top + lane // 2 + 3)
    _legend(image, height - 6)
    return image


def with_cursor(image: np.ndarray, fraction: float) -> np.ndarray:
    """Return a copy of an image that ends in a strip, with a line at a fraction of the episode."""
    image = image.copy()
    x = LABEL_WIDTH + round(fraction * (bar_width(image.shape[1]) - 1))
    bottom = len(image) - LEGEND_HEIGHT
    image[: bottom + 1, max(x - 2, 0) : x + 3] = GROUND  # a rim, so that it shows on any colour
    image[: bottom + 1, x - 1 : x + 1] = (255, 255, 255)
    return image


def bar_width(width: int) -> int:
    """Pixels that the bars have of a strip's width."""
    return width - LABEL_WIDTH - MARGIN


def _legend(image: np.ndarray, baseline: int) -> None:
    """Draw a square and a word for each Who."""
    x = LABEL_WIDTH
    for who, colour in zip(Who, WHO_RGB, strict=True):
        image[baseline - 9 : baseline, x : x + 9] = colour
        write(image, who.value, x + 14, baseline)
        x += 80


def write(image: np.ndarray, text: str, x: int, baseline: int) -> None:
    """Write small text at a place [px]."""
    cv2.putText(
        image, text, (x, baseline), cv2.FONT_HERSHEY_SIMPLEX, 0.4, INK, 1, lineType=cv2.LINE_AA
    )

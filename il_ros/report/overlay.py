"""The wanted picture over the live one: who sets a scene sees what is not yet in its place."""

import cv2
import numpy as np

WANTED = np.array([0.0, 150.0, 255.0])  # blue: darker in the wanted picture
LIVE = np.array([255.0, 90.0, 0.0])  # orange: darker now
FULL = 60.0  # a difference of so many steps of brightness is all colour
DIM = 0.8  # of what is alike, so that the colours stand out
LEGEND = 'blue: darker in the wanted picture; orange: darker now'


def blend(wanted: np.ndarray, live: np.ndarray) -> np.ndarray:
    """
    Return the live picture with all that differs in blue or orange (H, W, 3) uint8 RGB.

    wanted, live: (H, W, 3) uint8 RGB; a wanted one of another size is resized. Where a dark thing
    shall stand it is blue, where it stands now it is orange; a light one the other way round.
    """
    height, width = live.shape[:2]
    if wanted.shape != live.shape:
        wanted = cv2.resize(wanted, (width, height), interpolation=cv2.INTER_AREA)
    apart = cv2.blur(live.astype(np.float64) - wanted, (3, 3))  # noise is no difference
    most = np.abs(apart).argmax(axis=2)[..., None]
    share = (np.take_along_axis(apart, most, axis=2) / FULL).clip(-1.0, 1.0)  # (H, W, 1)
    alike = DIM * (0.5 * live + 0.5 * wanted)
    colour = np.where(share > 0, WANTED, LIVE)
    mixed = (1.0 - np.abs(share)) * alike + np.abs(share) * colour
    return mixed.round().astype(np.uint8)


def differs(wanted: np.ndarray, live: np.ndarray) -> float:
    """Return the share of the picture, 0 to 1, in full colour: 0 is a scene that is set."""
    if wanted.shape != live.shape:
        wanted = cv2.resize(wanted, live.shape[1::-1], interpolation=cv2.INTER_AREA)
    apart = np.abs(cv2.blur(live.astype(np.float64) - wanted, (3, 3))).max(axis=2)
    return float((apart >= FULL).mean())

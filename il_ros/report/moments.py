"""An episode as one picture: a few moments as one camera would have seen them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from il_ros.registry import make
from il_ros.report.film import film_cameras
from il_ros.report.strip import GROUND, INK
from il_ros.report.video import GAP
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import RobotSpec

ROWS, COLUMNS = 2, 3
FINER = 2  # times the picture's size, rendered and averaged: smooth edges


def picture_states(
    path: str | Path,
    spec: RobotSpec,
    task: str,
    seed: int,
    position: np.ndarray,
    objects: np.ndarray,
    camera: str = '',
) -> int:
    """
    Render moments of an episode that started from seed into a PNG; return how many they are.

    position (n, N), objects (n, K, 7): a row a control tick. Moments are equally far apart, from
    the first to the last, and read row by row. ValueError lists the cameras there are.
    """
    lens = film_cameras(spec, (camera,) if camera else ())[0]
    finer = replace(lens, width=FINER * lens.width, height=FINER * lens.height)
    rows = np.linspace(0, len(position) - 1, ROWS * COLUMNS).round().astype(int)
    world = World(spec, make(TASKS, task), (finer,))
    try:
        world.reset(seed)
        tiles = []
        for row in rows:
            world.show(position[row], objects[row])
            tile = cv2.resize(
                world.image(lens.name), (lens.width, lens.height), interpolation=cv2.INTER_AREA
            )
            tiles.append(_timed(tile, row * spec.dt_s))
    finally:
        world.close()
    _write(Path(path), _tiled(tiles))
    return len(tiles)


def _timed(tile: np.ndarray, at_s: float) -> np.ndarray:
    """Write into a corner when that was."""
    where = (8, len(tile) - 10)
    shown = cv2.FONT_HERSHEY_SIMPLEX, 0.5, GROUND, 1
    return cv2.putText(tile, f'{at_s:.1f} s', where, *shown, lineType=cv2.LINE_AA)


def _tiled(tiles: list[np.ndarray]) -> np.ndarray:
    """Return ROWS x COLUMNS tiles as one image, a gap between them."""
    height, width, _ = tiles[0].shape
    shape = (ROWS * (height + GAP) - GAP, COLUMNS * (width + GAP) - GAP, 3)
    image = np.full(shape, INK, dtype=np.uint8)
    for i, tile in enumerate(tiles):
        top, left = (i // COLUMNS) * (height + GAP), (i % COLUMNS) * (width + GAP)
        image[top : top + height, left : left + width] = tile
    return image


def _write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise ValueError(f'{path}: not written; is its ending .png?')

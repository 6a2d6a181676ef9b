"""An episode's states rendered anew: any camera, in a size for looking, whatever was recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import tee
from pathlib import Path

import numpy as np

from il_ros.registry import make
from il_ros.report.curves import Curve
from il_ros.report.video import episode_video
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import Camera, RobotSpec

SIZE = (400, 300)  # [px] of a picture, width and height
EVERY = 2  # ticks a frame: 25 frames a second at 50 Hz


def film_cameras(spec: RobotSpec, names: Sequence[str] = ()) -> tuple[Camera, ...]:
    """
    Return two of the robot's cameras in the size of a film, the first two unless names say others.

    ValueError lists the cameras there are; a robot with one camera has it twice.
    """
    known = {camera.name: camera for camera in spec.cameras}
    chosen = list(names) or [*known][:2]
    if not known or any(name not in known for name in chosen):
        raise ValueError(f'no cameras {chosen} on robot {spec.name!r}; it has {sorted(known)}')
    width, height = SIZE
    pair = (chosen * 2)[:2]
    return tuple(replace(known[name], width=width, height=height) for name in pair)


def film_states(
    path: str | Path,
    spec: RobotSpec,
    task: str,
    seed: int,
    position: np.ndarray,
    objects: np.ndarray,
    who: np.ndarray,
    cameras: Sequence[str] = (),
    curves: Sequence[Curve] = (),
) -> int:
    """
    Render states of an episode that started from seed into a video; return its number of frames.

    position (n, N), objects (n, K, 7), who (n, arms): a row a control tick, every second is shown.
    curves come under the pictures.
    """
    left, right = film_cameras(spec, cameras)
    world = World(spec, make(TASKS, task), (left, right))
    try:
        world.reset(seed)
        pairs = _pairs(world, (left.name, right.name), position[::EVERY], objects[::EVERY])
        one, two = tee(pairs)  # read in step, so no more than a frame is kept
        lefts, rights = (pair[0] for pair in one), (pair[1] for pair in two)
        names = [arm.name for arm in spec.arms]
        fps = spec.control_hz / EVERY
        return episode_video(path, lefts, rights, who[::EVERY], fps, names, curves)
    finally:
        world.close()


def _pairs(
    world: World, cameras: tuple[str, str], position: np.ndarray, objects: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield what both cameras see of each state."""
    left, right = cameras
    for joints, poses in zip(position, objects, strict=True):
        world.show(joints, poses)
        yield world.image(left), world.image(right)

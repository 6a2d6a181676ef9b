"""`il-ros overlay`: the wanted first picture over the live one, to set the next scene."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from il_ros.spec import RobotSpec

HELP = "the first picture of an episode over a camera's live one, to set the next scene by"
FAILED = 1
EVERY_S = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        'wanted',
        nargs='?',
        help='bag, folder of bags (SPACE shows the next), or picture; the reference picture of '
        'il-ros calibrate images by default',
    )
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--camera', default='', help="the robot's first by default")
    parser.add_argument('--transport', default='jpeg', choices=('jpeg', 'png', 'raw'))
    parser.add_argument('--namespace', default='', help='of the robot')
    parser.add_argument(
        '--out', type=Path, help='write one PNG instead of a window (overlay.png without a screen)'
    )


def main(args: argparse.Namespace) -> int:
    """Show it until Q, ESCAPE or the window's end; or write it."""
    from il_ros.nodes.client import GraphError
    from il_ros.nodes.measuring import Cameras
    from il_ros.nodes.visit import Visit
    from il_ros.robot.load import load_robot

    spec = load_robot(args.robot)
    camera = camera_of(spec, args.camera)
    pictures = wanted_pictures(spec, args.wanted, camera)
    name, wanted = next(pictures)
    try:
        with Visit('overlay', args.namespace) as visit:
            cameras = Cameras(visit, spec, args.transport)
            live = cameras.next(camera)
            if args.out is None and show(cameras, camera, (name, wanted), pictures):
                return 0
            write(args.out or Path('overlay.png'), name, wanted, live)
    except GraphError as error:
        print(f'il-ros overlay: {error}', file=sys.stderr)
        return FAILED
    return 0


def camera_of(spec: 'RobotSpec', name: str) -> str:
    """Return the camera meant; ValueError lists those of the robot."""
    names = [camera.name for camera in spec.cameras]
    if not names or (name and name not in names):
        raise ValueError(f'{spec.name} has no camera {name!r}; it has {names}')
    return name or names[0]


def wanted_pictures(
    spec: 'RobotSpec', wanted: str | None, camera: str
) -> Iterator[tuple[str, 'np.ndarray']]:
    """Yield name and first picture (H, W, 3) of each episode, round and round; ValueError."""
    import cv2

    from il_ros.recorder.read import find_bags

    path = wanted or spec.calibration.images.get(camera)
    if path is None:
        raise ValueError(
            f'{camera} has no reference picture: name a bag or a picture, or take one by '
            'il-ros calibrate images'
        )
    if Path(path).suffix in ('.png', '.jpg'):
        found = cv2.imread(path)
        if found is None:
            raise ValueError(f'{path}: no such picture')
        while True:
            yield path, cv2.cvtColor(found, cv2.COLOR_BGR2RGB)
    bags = find_bags(path)
    while True:
        for bag in bags:
            yield str(bag), first_picture(bag, camera)


def first_picture(bag: Path, camera: str) -> 'np.ndarray':
    """Return the first picture (H, W, 3) of a camera in a bag, however it travelled."""
    from il_ros import wire
    from il_ros.observation import images
    from il_ros.recorder.read import read_bag

    topics = {wire.image_topic(camera, transport).name for transport in images.TRANSPORTS}
    for _, kind, _, data in read_bag(bag, topics):
        return images.decode(kind, data)[1]
    raise ValueError(f'{bag}: no picture of {camera}; record with cameras:={camera}')


def show(cameras, camera: str, first: tuple[str, 'np.ndarray'], pictures: Iterator) -> bool:
    """Show the overlay live until a person ends it; False, and why, where there is no screen."""
    from il_ros.report.overlay import LEGEND, blend
    from il_ros.report.window import QUIT, NoScreen, Window

    name, wanted = first
    try:
        window = Window(f'{name} - {LEGEND}')
    except NoScreen as error:
        print(error, file=sys.stderr)
        return False
    keys: tuple[str, ...] = ()
    while not set(keys) & set(QUIT):
        if 'space' in keys:
            name, wanted = next(pictures)
            window.close()
            window = Window(f'{name} - {LEGEND}')
        keys = window.show(blend(wanted, cameras.newest[camera]))
        sleep(EVERY_S)
    window.close()
    return True


def write(path: Path, name: str, wanted: 'np.ndarray', live: 'np.ndarray') -> None:
    """Write the overlay once."""
    import cv2

    from il_ros.report.overlay import LEGEND, blend, differs

    times = max(round(640 / live.shape[1]), 1)
    mixed = blend(wanted, live)[..., ::-1]
    large = cv2.resize(mixed, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(path), large)
    print(f'{path}: {name} over what is seen now; {LEGEND}; {differs(wanted, live):.1%} differs')

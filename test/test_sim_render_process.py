"""Rendering in a second process: the same images, the newest state first, an end that is told."""

from functools import partial

import numpy as np
import pytest

from il_ros.observation import images
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.loop import cameras_of
from il_ros.sim.render_process import Mirrored, RenderProcess
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

SPEC = load_robot('sim')
NAMES = ('cam_high', 'cam_left_wrist')
CAMERAS = cameras_of(SPEC, NAMES)
ENCODE = partial(images.encode, transport='raw')


@pytest.fixture(scope='module')
def process():
    """A process for all tests that leave it alive."""
    process = RenderProcess(SPEC, 'transfer', CAMERAS, ENCODE)
    yield process
    process.close()
    assert list(process.frames()) == []
    process.end()


def moved(seed: int) -> World:
    """A world some ticks into an episode."""
    world = World(SPEC, make(TASKS, 'transfer'), CAMERAS)
    world.reset(seed)
    for _ in range(15):
        world.step(SPEC.home + 0.2)
    return world


def mirrored(world: World, seed: int, stamp_ns: int, *cameras: str) -> Mirrored:
    """The world's state, as a node would have it rendered."""
    return Mirrored(stamp_ns, seed, world.joints().position, world.objects(), cameras)


def received(process: RenderProcess, n: int) -> dict[str, tuple[int, np.ndarray]]:
    """The next n images by camera: stamp and pixels."""
    frames = process.frames()
    rows = [next(frames) for _ in range(n)]
    return {name: images.decode(images.kind('raw'), data) for name, data in rows}


@pytest.mark.parametrize('seed', [3, 4])
def test_the_image_is_the_worlds_own(process, seed):
    """Arms, objects and the scene of the seed stand where they do in the world."""
    world = moved(seed)
    process.offer(mirrored(world, seed, 40, *NAMES))
    for name, (stamp_ns, image) in received(process, 2).items():
        assert stamp_ns == 40
        assert np.array_equal(image, world.image(name))
    world.close()


def test_of_the_states_that_wait_the_newest_counts(process):
    """It is seen by the cameras of those before it, too: none of them starves."""
    world = moved(3)
    for stamp_ns, camera in ((20, 'cam_high'), (40, 'cam_left_wrist')):
        process.offer(mirrored(world, 3, stamp_ns, camera))
    stamps = {name: stamp_ns for name, (stamp_ns, _) in received(process, 2).items()}
    assert stamps == {'cam_high': 40, 'cam_left_wrist': 40}
    world.close()


def test_a_process_that_dies_is_told():
    """Instead of cameras that just fall silent."""
    process = RenderProcess(SPEC, 'transfer', CAMERAS, ENCODE)
    process._process.kill()
    world = moved(3)
    process.offer(mirrored(world, 3, 20, 'cam_high'))
    with pytest.raises(RuntimeError, match='has ended'):
        list(process.frames())
    process.end()
    world.close()


def test_a_process_that_cannot_start_is_told():
    """A camera that the URDF does not have, say."""
    with pytest.raises(RuntimeError, match='did not start'):
        RenderProcess(SPEC, 'no such task', CAMERAS, ENCODE)

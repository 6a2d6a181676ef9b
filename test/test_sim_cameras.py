"""Cameras: images of the promised shape, the same for the same state, with the block in sight."""

from importlib.util import find_spec

import numpy as np
import pytest

from il_ros.robot.load import load_robot
from il_ros.sim import egl
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.tasks.transfer import Transfer
from il_ros.sim.world import World

SPEC = load_robot('sim')
NAMES = [camera.name for camera in SPEC.cameras]


@pytest.fixture(scope='module')
def world():
    """Yield a world with all cameras."""
    world = World(SPEC, Transfer(), SPEC.cameras)
    yield world
    world.close()


def red(image):
    """Return how many pixels of an image (H, W, 3) show the block."""
    r, g, b = np.moveaxis(image.astype(int), -1, 0)
    return int(((r > 120) & (g < 60) & (b < 60)).sum())


def test_images_have_the_size_that_the_robot_says(world):
    world.reset(0)
    for camera in SPEC.cameras:
        image = world.image(camera.name)
        assert image.shape == (camera.height, camera.width, 3) and image.dtype == np.uint8
        assert image.flags.c_contiguous and image.std() > 10  # not blank


@pytest.mark.parametrize('seed', range(4))
def test_the_standing_cameras_see_the_block(world, seed):
    world.reset(seed)
    assert red(world.image('cam_high')) > 20 and red(world.image('cam_low')) > 20


def test_the_same_state_gives_the_same_image_and_another_another(world):
    world.reset(3)
    first = {name: world.image(name) for name in NAMES}
    world.reset(4)
    for _ in range(10):
        world.step(SPEC.home + 0.1)
    for name in NAMES:
        assert (world.image(name) != first[name]).any()
    world.reset(3)
    for name in NAMES:
        np.testing.assert_array_equal(world.image(name), first[name])


def test_a_state_from_elsewhere_is_shown_as_if_it_were_here(world):
    other = World(SPEC, Transfer(), SPEC.cameras)
    other.reset(8)
    expert = other.task.expert(SPEC, DEMONSTRATORS[0], 0)
    for _ in range(120):
        other.step(expert.act(other.joints(), other.objects()))
    world.reset(8)
    world.show(other.joints().position, other.objects())
    for name in NAMES:
        off = np.abs(world.image(name).astype(int) - other.image(name).astype(int))
        assert (off.max(axis=-1) > 8).mean() < 0.01
    other.close()


def test_a_camera_that_was_not_asked_for_is_refused():
    world = World(SPEC, Transfer(), SPEC.cameras[:1])
    world.reset(0)
    with pytest.raises(ValueError, match=r"no camera 'cam_low'.*\['cam_high'\]"):
        world.image('cam_low')
    world.close()


def test_egl_is_tried_in_another_process_and_says_why_not():
    works, why = egl.try_plugin('/nowhere/plugin.so')
    assert not works and 'exit status' in why
    works, why = egl.probe()
    assert works or why
    assert find_spec('eglRenderer') is not None or not works

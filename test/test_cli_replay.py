"""`il-ros replay`: the same commands from the same seed lead through the same states."""

import argparse
import json
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from small_bags import SmallBag

from il_ros.cli import replay
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

TICKS, SEED = 40, 11


@pytest.fixture(scope='module')
def spec():
    """The robot in the box."""
    return load_robot('sim')


@pytest.fixture(scope='module')
def driven(spec):
    """An episode of the simulation: every joint swings a little."""
    world = World(spec, make(TASKS, 'transfer'))
    world.reset(SEED)
    bag = SmallBag(spec, n=TICKS)
    bag.meta = {'task': 'transfer', 'seed': SEED, 'robot': 'sim', 'outcome': 'unlabeled'}
    bag.objects = np.zeros((TICKS, *world.objects().shape))
    start = world.joints().position
    for k in range(TICKS):
        sample = world.joints()
        bag.position[k], bag.velocity[k] = sample.position, sample.velocity
        bag.objects[k] = world.objects()
        bag.command[k] = np.clip(start + 0.1 * np.sin(k / 10), spec.lower, spec.upper)
        world.step(spec.from_wire(spec.to_wire(bag.command[k])))
    world.close()
    return bag


def run(*words):
    """Run the verb as the command line does."""
    parser = argparse.ArgumentParser()
    replay.add_arguments(parser)
    return replay.main(parser.parse_args([str(word) for word in words]))


def test_the_same_commands_lead_through_the_same_states(driven, tmp_path, capsys):
    """No deviation at all, up to the last digit of the wire's units."""
    assert run(driven.write(tmp_path / 'bag'), '--json') == 0
    found = json.loads(capsys.readouterr().out)
    assert (found['ticks'], found['same_ticks'], found['seed']) == (TICKS, TICKS, SEED)
    assert found['largest_rad'] < 1e-12 and found['largest_opening'] < 1e-12
    assert (found['outcome'], found['recorded_outcome']) == ('running', 'unlabeled')


def test_a_deviation_is_measured_and_placed(spec, driven, tmp_path, capsys):
    """A state that never was: 0.25 rad off in one joint at tick 20."""
    joint = spec.arms[1].joints.start + 2
    driven.position[20, joint] += 0.25
    try:
        folder = driven.write(tmp_path / 'bag')
    finally:
        driven.position[20, joint] -= 0.25
    run(folder, '--json')
    found = json.loads(capsys.readouterr().out)
    assert found['largest_rad'] == pytest.approx(0.25) and found['largest_opening'] < 1e-12
    assert (found['joint'], found['same_ticks']) == (spec.joint_names[joint], 20)
    assert found['at_s'] == pytest.approx(0.4)
    run(folder)
    assert '2.50e-01 rad' in capsys.readouterr().out


def test_another_seed_leads_elsewhere(driven, tmp_path, capsys):
    """The replay really starts from the seed in the metadata."""
    meta, driven.meta = driven.meta, {**driven.meta, 'seed': SEED + 1}
    folder = driven.write(tmp_path / 'bag')
    driven.meta = meta
    run(folder, '--json')
    assert json.loads(capsys.readouterr().out)['same_ticks'] == 0


def film(path):
    """Return the frames of a video."""
    with av.open(str(path)) as container:
        return [f.to_ndarray(format='rgb24') for f in container.decode(container.streams.video[0])]


def test_the_video_of_a_simulated_episode_is_rendered_from_its_states(driven, tmp_path, capsys):
    """25 frames a second, two cameras that see different things, the arms move."""
    folder = driven.write(tmp_path / 'bag')
    run(folder, '--video', tmp_path / 'v.mp4', '--cameras', 'cam_low,cam_high', '--json')
    found = json.loads(capsys.readouterr().out)
    assert (found['frames'], found['rendered']) == (TICKS // 2, True)
    frames = film(tmp_path / 'v.mp4')
    assert len(frames) == TICKS // 2 and frames[0].shape[1] == 804
    left, right = frames[0][:300, :400].astype(int), frames[0][:300, 404:].astype(int)
    assert np.abs(left - right).mean() > 5
    assert np.abs(left - frames[-1][:300, :400]).max() > 50


def test_the_picture_of_a_simulated_episode_shows_its_moments(driven, tmp_path, capsys):
    """Two rows of three; the arms have moved from one to the next."""
    folder = driven.write(tmp_path / 'bag')
    run(folder, '--picture', tmp_path / 'new' / 'p.png', '--cameras', 'cam_low', '--json')
    assert json.loads(capsys.readouterr().out)['moments'] == 6
    image = cv2.imread(str(tmp_path / 'new' / 'p.png')).astype(int)
    assert image.shape == (604, 1208, 3)
    tiles = [image[y : y + 260, x : x + 400] for y in (0, 304) for x in (0, 404, 808)]
    assert all(np.abs(a - b).max() > 50 for a, b in pairwise(tiles))


def test_the_video_of_a_real_episode_is_what_its_cameras_saw(spec, tmp_path, capsys):
    """No seed, no objects: the images in the bag."""
    bag = SmallBag(spec, n=10)
    bag.meta = {}
    grey = {'cam_high': 40, 'cam_low': 200}
    bag.images = {
        name: {int(bag.stamps[0]): np.full((24, 32, 3), value, dtype=np.uint8)}
        for name, value in grey.items()
    }
    folder = bag.write(tmp_path / 'bag')
    run(folder, '--video', tmp_path / 'v.mp4')
    assert '5 frames, as recorded' in capsys.readouterr().out
    frame = film(tmp_path / 'v.mp4')[0]
    assert abs(frame[100, 100, 0] - 40.0) < 4 and abs(frame[100, 700, 0] - 200.0) < 4
    with pytest.raises(ValueError, match='no task and seed'):
        run(folder)
    with pytest.raises(ValueError, match='no task and seed'):
        run(folder, '--picture', tmp_path / 'p.png')
    with pytest.raises(ValueError, match=r"no cameras \['cam_x'\].*cam_high"):
        run(folder, '--video', tmp_path / 'w.mp4', '--cameras', 'cam_x')

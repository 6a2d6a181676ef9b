"""Retargeting keeps the way of the hands and says where another robot cannot follow."""

import argparse
import json
from dataclasses import replace

import numpy as np
import pytest
from small_bags import SmallBag

from il_ros.cli import retarget
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.from_bag import decode_bag
from il_ros.dataset.labels import labels
from il_ros.dataset.retarget import Retargeter, Tolerance
from il_ros.recorder.read import read_meta
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.spec import Arm

FIRST, SECOND = load_robot('sim'), load_robot('sim7')
TICKS = 30


def swing(spec, folder, to=None):
    """Write an episode in which every joint swings around home, or goes to positions (N,)."""
    bag = SmallBag(spec, n=TICKS)
    phase = np.arange(TICKS)[:, None] / 10
    way = 0.1 * np.sin(phase + np.arange(spec.size)) - 0.1 * np.sin(np.arange(spec.size))
    if to is not None:
        way = phase / phase.max() * (to - spec.home)
    bag.position = np.clip(spec.home + way, spec.lower, spec.upper)
    bag.velocity = np.gradient(bag.position, spec.dt_s, axis=0)
    bag.command = np.concatenate([bag.position[1:], bag.position[-1:]])
    bag.proposal = bag.command.copy()
    bag.meta = {'task': 'transfer', 'seed': 7, 'robot': spec.name, 'outcome': 'success'}
    return bag.write(folder)


def poses(spec, rows):
    """Return the poses (n, arms, 4, 4) of the hands at positions (n, N)."""
    kinematics = Kinematics(spec)
    return np.array([[kinematics.pose(arm.name, row) for arm in spec.arms] for row in rows])


def grippers(spec, rows):
    """Return the openings (n, arms)."""
    return np.concatenate([rows[:, arm.gripper] for arm in spec.arms], axis=1)


def run(*words):
    """Run the verb as the command line does."""
    parser = argparse.ArgumentParser()
    retarget.add_arguments(parser)
    return retarget.main(parser.parse_args([str(word) for word in words]))


def test_the_hands_go_the_same_way_and_the_bags_are_the_second_robots(tmp_path, capsys):
    source = swing(FIRST, tmp_path / 'first' / 'episode_000000')
    before = decode_bag(source, FIRST)
    assert run(tmp_path / 'first', '--to', 'sim7', '--out', tmp_path / 'second', '--json') == 0
    found = json.loads(capsys.readouterr().out)
    assert (found['episodes'], found['reach_episodes'], found['reach_ticks']) == (1, 1.0, 1.0)
    assert found['ticks'] == TICKS and found['left_out'] == {}
    assert found['mm']['median'] <= found['mm']['p95'] <= found['mm']['worst'] < 0.5
    assert found['deg']['worst'] < 0.1
    [after] = load_episodes(tmp_path / 'second', SECOND, say=lambda line: None)
    for one, two in ((before.position, after.position), (before.command, after.command)):
        np.testing.assert_allclose(poses(FIRST, one), poses(SECOND, two), atol=1e-3)
        np.testing.assert_allclose(grippers(FIRST, one), grippers(SECOND, two), atol=1e-9)
    np.testing.assert_array_equal(before.objects, after.objects)
    np.testing.assert_array_equal(before.stamp_ns, after.stamp_ns)
    moved = np.diff(after.position, axis=0) / SECOND.dt_s
    np.testing.assert_allclose(after.velocity[1:-1], (moved[1:] + moved[:-1]) / 2, atol=0.3)
    assert len(labels(after, SECOND, 'demonstrations').seen) == TICKS  # a person's, as before
    meta = read_meta(after.path)
    assert (meta['robot'], meta['retargeted_from'], meta['task']) == ('sim7', 'sim', 'transfer')
    assert (meta['outcome'], meta['grade'], meta['source']) == ('success', 'OK', str(source))


def test_what_the_second_robot_cannot_reach_is_left_out_and_told(tmp_path, capsys):
    stretched = SECOND.home.copy()
    stretched[SECOND.arm('left').joints] = [0.0, 1.2, 0.0, -1.5, 0.0, 0.0, 0.0]
    swing(SECOND, tmp_path / 'first' / 'episode_000000')
    swing(SECOND, tmp_path / 'first' / 'episode_000001', to=stretched)
    words = (tmp_path / 'first', '--robot', 'sim7', '--to', 'sim', '--out', tmp_path / 'second')
    assert run(*words, '--json') == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found['episodes'] == 1 and found['reach_episodes'] == 0.5
    assert 0.5 < found['reach_ticks'] < 1 and found['mm']['worst'] > 20
    [reason] = found['left_out'].values()
    assert 'ticks: off by up to' in reason and '(allowed 5)' in reason and reason in told.err
    with pytest.raises(ValueError, match='has 1 bags already; give --out an empty'):
        run(*words)


def test_a_leap_between_two_ticks_is_no_reach(tmp_path):
    episode = decode_bag(swing(FIRST, tmp_path / 'bag'), FIRST)
    command = np.array(episode.command)
    command[10, 0] += 0.5  # in 20 ms: the waist turns 3.14 rad/s at most
    moved = Retargeter(FIRST, SECOND)(replace(episode, command=command, proposal=command))
    assert np.flatnonzero(~moved.reached(Tolerance())).tolist() == [10, 11]
    np.testing.assert_array_equal(moved.episode.proposal, moved.episode.command)


def test_other_arms_and_other_rates_are_refused():
    left, right = SECOND.arms
    other = replace(SECOND, arms=(Arm('front', left.joints, left.gripper), right))
    with pytest.raises(ValueError, match=r"sim7 has \['front', 'right'\]; give the arms the same"):
        Retargeter(FIRST, other)
    with pytest.raises(ValueError, match='50 Hz, sim7 at 100 Hz; retarget to a YAML with'):
        Retargeter(FIRST, replace(SECOND, control_hz=100.0))

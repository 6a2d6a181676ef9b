"""A robot's first morning over a graph: home, through the arbiter, past whoever has the arms."""

import json

import cv2
import numpy as np
import pytest
from graph import Graph
from small_bags import SmallBag

from il_ros import wire
from il_ros.cli.main import main
from il_ros.nodes.client import GraphError
from il_ros.nodes.mover import Mover
from il_ros.nodes.topics import publisher
from il_ros.nodes.visit import Visit
from il_ros.robot.load import load_robot

SPEC = load_robot('sim')
pytestmark = pytest.mark.alone


@pytest.fixture(scope='module')
def graph():
    """Return what `il-ros up teleop hands:=none cameras:=cam_high` starts."""
    with Graph({'sim_node': {'cameras': 'cam_high'}, 'intervention_node': {}}) as found:
        found.listen(wire.AUTHORITY)
        yield found


@pytest.fixture(autouse=True)
def domain(graph, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', graph.environment['ROS_DOMAIN_ID'])


def authority(graph):
    return wire.read_authority(graph.next(wire.AUTHORITY, read=lambda data: data))[1]


def test_the_arms_are_led_away_and_brought_home(graph, capsys):
    away = SPEC.home.copy()
    away[[0, 2, 8]] += [0.3, -0.2, 0.2]
    away[SPEC.arm('left').gripper] = 0.3
    with Visit('test') as visit, Mover(visit, SPEC) as mover:
        assert np.abs(mover.meet() - SPEC.home).max() < 0.05
        mover.go(away)
        assert np.abs(mover.position - away).max() < 0.05
    assert main(['home']) == 0
    assert 'at home, within 0.0' in capsys.readouterr().out
    graph.wait(lambda: all(a.why == 'no chunk yet' for a in authority(graph)), 'not let go')


def test_the_check_list_of_a_robot_that_is_up(graph, capsys):
    assert main(['doctor', '--robot', 'sim', '--json', '--seconds', '1']) == 0
    found = {row['name']: row for row in json.loads(capsys.readouterr().out)['checks']}
    for name in ('joint_states', 'authority', 'clock', 'limits', 'e-stop'):
        assert found[name]['state'] == 'ok', found[name]
    assert 'answered in' in found['e-stop']['says']
    assert found['cam_high']['says'].endswith('Hz of 25')
    assert found['cam_low']['state'] == found['calibration']['state'] == 'note'
    assert 'il-ros calibrate joints' in found['calibration']['remedy']
    graph.wait(lambda: all(a.why == 'no chunk yet' for a in authority(graph)), 'not cleared')


def test_the_next_scene_is_set_by_a_picture_over_the_live_one(graph, tmp_path, capsys):
    """As a PNG; the wanted one is the first of a bag."""
    bag = SmallBag(SPEC)
    bag.images = {'cam_high': {int(bag.stamps[0]): np.full((128, 128, 3), 250, np.uint8)}}
    bag.write(tmp_path / 'bags' / 'episode_000000')
    out = tmp_path / 'overlay.png'
    words = ['overlay', str(tmp_path / 'bags'), '--camera', 'cam_high', '--out', str(out)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert 'episode_000000 over what is seen now' in said and 'differs' in said
    assert cv2.imread(str(out)).shape == (640, 640, 3)
    assert main(['overlay', '--camera', 'cam_high']) == 2
    assert 'cam_high has no reference picture: name a bag' in capsys.readouterr().err


def test_a_stop_that_is_latched_is_named_with_the_remedy(graph, capsys):
    graph.ask('intervention_node/estop')
    try:
        assert main(['home']) == 1
        said = capsys.readouterr().err
        assert 'estop: software: clear it by intervention_node/clear_estop' in said
    finally:
        graph.ask('intervention_node/clear_estop')


def test_a_person_who_takes_an_arm_has_it(graph):
    with Visit('test') as visit, Mover(visit, SPEC) as mover:
        mover.meet()
        graph.ask('intervention_node/estop')
        with pytest.raises(GraphError, match='estop'):
            mover.follow([SPEC.home] * 200)
    graph.ask('intervention_node/clear_estop')
    graph.wait(lambda: all(a.why == 'no chunk yet' for a in authority(graph)), 'not let go')


def test_an_episode_that_runs_is_not_disturbed(graph, capsys):
    publisher(graph.node, wire.EPISODE).publish(wire.episode_msg('running', {}))
    assert main(['home']) == 1
    assert 'an episode is running: end it' in capsys.readouterr().err

"""il-ros calibrate against a simulated robot that counts otherwise than its YAML says."""

import shutil
from functools import partial
from time import sleep

import numpy as np
import pytest
import yaml
from graph import Graph

from il_ros import wire
from il_ros.cli.main import main
from il_ros.nodes.topics import publisher, subscribe
from il_ros.robot.count import turns
from il_ros.robot.load import load_robot
from il_ros.share import share
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_map import LeaderMap

LATE_S = {'cam_high': 0.08, 'cam_low': 0.0}


@pytest.fixture(scope='module')
def lab(tmp_path_factory):
    """Return a folder with bench.yaml, as a lab wrote it, and truth.yaml, which the sim obeys."""
    folder = tmp_path_factory.mktemp('lab')
    shutil.copy(share('resource', 'robots', 'sim.urdf'), folder)
    text = share('config', 'robots', 'sim.yaml').read_text()
    text = text.replace('../../resource/robots/sim.urdf', 'sim.urdf')
    (folder / 'bench.yaml').write_text(text)
    random = np.random.default_rng(0)
    joints = {
        name: {
            'sign': int(random.choice([-1, 1])),
            'offset': float(random.uniform(-0.3, 0.3) * (0.02 if 'gripper' in name else 1.0)),
        }
        for name in load_robot('sim').joint_names
    }
    (folder / 'truth.yaml').write_text(f'{text}calibration: truth.calibration.yaml\n')
    truth = {'joints': joints, 'latency_s': LATE_S}
    (folder / 'truth.calibration.yaml').write_text(yaml.safe_dump(truth))
    return folder


def answered(monkeypatch, *hands):
    """Let a person do each of hands() before the ENTER that asks for it."""
    waiting = list(hands)
    monkeypatch.setattr('builtins.input', lambda text: waiting.pop(0)())
    return waiting


def pushed(graph, truth, goal):
    """Move the simulated arms as a hand would, past the arbiter."""
    command = publisher(graph.node, wire.COMMAND)
    start, steps = truth.home, 100
    for part in np.linspace(0, 1, steps):
        target = start + part * (goal - start)
        command.publish(wire.trajectory_msg(truth, graph.now_ns(), target[None]))
        sleep(truth.dt_s)


@pytest.mark.alone
def test_offsets_and_signs_are_recovered(lab, monkeypatch, capsys):
    """Fourteen joints, some counted backwards: to 5 mrad, which is what the servos lag."""
    truth = load_robot(lab / 'truth.yaml')
    with Graph({'sim_node': {'robot': str(lab / 'truth.yaml')}}) as graph:
        monkeypatch.setenv('ROS_DOMAIN_ID', graph.environment['ROS_DOMAIN_ID'])
        turned = truth.home + 0.25 * turns(truth, truth.home)
        poses = (truth.home, turned)  # the sim's start is somewhat off home
        answered(monkeypatch, *(partial(pushed, graph, truth, pose) for pose in poses))
        assert main(['calibrate', 'joints', '--robot', str(lab / 'bench.yaml')]) == 0
    found = load_robot(lab / 'bench.yaml')
    np.testing.assert_array_equal(found.driver_sign, truth.driver_sign)
    off = np.abs(found.wire_offset - truth.wire_offset) / np.abs(truth.joint_scale)
    assert off.max() < 0.005, off
    assert 'calibration: bench.calibration.yaml #' in (lab / 'bench.yaml').read_text()
    assert 'not turned' not in capsys.readouterr().out


@pytest.mark.alone
def test_late_cameras_and_what_they_see_are_measured_by_a_small_motion(lab, monkeypatch, capsys):
    """To 20 ms, over the graph, through the arbiter, however busy the machine is."""
    robot = lab / 'late.yaml'
    text = (lab / 'truth.yaml').read_text()
    robot.write_text(text.replace('truth.calibration', 'late.calibration'))
    known = yaml.safe_load((lab / 'truth.calibration.yaml').read_text())
    (lab / 'late.calibration.yaml').write_text(yaml.safe_dump({'joints': known['joints']}))
    sim = {'robot': str(lab / 'truth.yaml'), 'cameras': ','.join(LATE_S)}
    with Graph({'sim_node': sim, 'intervention_node': {'robot': str(robot)}}) as graph:
        monkeypatch.setenv('ROS_DOMAIN_ID', graph.environment['ROS_DOMAIN_ID'])
        assert main(['calibrate', 'latency', '--robot', str(robot)]) == 0
        assert main(['calibrate', 'images', '--robot', str(robot)]) == 0
        assert main(['calibrate', 'joints', '--robot', str(robot)]) == 1
    found = load_robot(robot).calibration
    for name, late_s in LATE_S.items():
        assert found.latency_s[name] == pytest.approx(late_s, abs=0.02)
    assert (lab / 'late.cam_high.png').is_file() and set(found.images) == set(LATE_S)
    said = capsys.readouterr()
    assert 'not published as jpeg, so not measured: cam_left_wrist' in said.out
    assert 'a session commands the arms: stop it' in said.err


@pytest.mark.alone
def test_a_leaders_map_is_found_by_holding_it_as_the_robot_stands(lab, monkeypatch):
    """Signs, a scale and offsets that the YAML has not, by a hand that is 10 mrad unsure."""
    truth = LeaderMap(load_robot('sim'), load_leader('sim'))
    given = yaml.safe_load(share('config', 'leaders', 'sim.yaml').read_text())
    given.pop('driver')
    for arm in given['arms']:
        for key in ('offset', 'sign', 'scale', 'gripper_closed', 'gripper_open'):
            arm.pop(key)
    leader, random = lab / 'leader.yaml', np.random.default_rng(0)
    leader.write_text(yaml.safe_dump(given))
    robot = lab / 'plain.yaml'
    robot.write_text((lab / 'truth.yaml').read_text().replace('calibration:', '# calibration:'))
    with Graph({'sim_node': {}, 'intervention_node': {}}) as graph:
        monkeypatch.setenv('ROS_DOMAIN_ID', graph.environment['ROS_DOMAIN_ID'])
        seen, spec = [], load_robot('sim')
        subscribe(graph.node, wire.JOINT_STATES, lambda d: seen.append(wire.read_joints(spec, d)))
        out, held = publisher(graph.node, wire.LEADER), [truth.to_leader(spec.home)]
        graph.node.create_timer(
            0.02,
            lambda: out.publish(wire.named_joints_msg(graph.now_ns(), truth.names, held[-1])),
        )

        def hold():
            unsure = random.normal(0, 0.01, spec.size)
            held.append(truth.to_leader(seen[-1].position + unsure))

        answered(monkeypatch, *[hold] * 2)
        words = [
            'calibrate',
            'leader',
            '--robot',
            str(robot),
            '--leader',
            str(leader),
            '--poses',
            '2',
        ]
        assert main(words) == 0
    found = LeaderMap(spec, load_leader(str(leader)))
    poses = random.uniform(spec.lower, spec.upper, (50, spec.size)).clip(-1.0, 1.0)
    apart = [found.to_follower(truth.to_leader(pose)) - pose for pose in poses]
    assert np.abs(apart).max() < 0.05
    np.testing.assert_array_equal(np.sign(found._per), np.sign(truth._per))


def test_what_ships_is_not_written_to_and_a_person_is_needed(lab, monkeypatch, capsys):
    assert main(['calibrate', 'joints', '--robot', 'sim']) == 2
    assert 'expected a YAML of your own; copy one' in capsys.readouterr().err
    assert main(['calibrate', '--robot', str(lab / 'bench.yaml')]) == 2
    assert 'which? one of joints, leader, latency, images' in capsys.readouterr().err
    assert main(['calibrate', '--robot', str(lab / 'bench.yaml'), '--accept', '01ab23cd']) == 0
    assert load_robot(lab / 'bench.yaml').calibration.accepts == ('01ab23cd',)

"""A session whose robot or camera freezes: the arms hold and say why, and go on by themselves."""

import signal
import subprocess

import pytest
from graph import Graph, assert_within_limits, await_phase, checkpoint

from il_ros import wire
from il_ros.robot.load import load_robot
from il_ros.session.collect import read_results
from il_ros.spec import Who

pytestmark = pytest.mark.alone  # in real time, in which a tick must not be late
SPEC = load_robot('sim')
CAMERA = 'cam_high'


@pytest.fixture(scope='module')
def graph(tmp_path_factory):
    """A session in which a policy that sees through a camera acts."""
    root = tmp_path_factory.mktemp('bags')
    parts = {
        'sim_node': {'cameras': CAMERA},
        **{name: {} for name in ('intervention_node', 'recorder_node', 'policy_node')},
    }
    session = {
        **{'kind': 'evaluate', 'parts': ','.join((*parts, 'session_node')), 'episodes': 9},
        **{'root_dir': str(root), 'checkpoint': str(checkpoint(0, cameras=(CAMERA,)))},
    }
    with Graph({**parts, 'session_node': session}) as graph:
        graph.root, graph.told = root, 0
        graph.listen(wire.EPISODE, wire.AUTHORITY, wire.COMMAND, wire.REQUEST)
        await_phase(graph, 'running')
        yield graph


def await_arms(graph, who, why=''):
    """Wait until both arms are somebody's, because why."""
    graph.next(
        wire.AUTHORITY, lambda arms: all(a.who is who and why in a.why for a in arms), read_arms
    )


def read_arms(data):
    return wire.read_authority(data)[1]


def await_request(graph, why):
    """Wait until a person has been asked for because why."""
    told = graph.heard[wire.REQUEST.name]
    graph.wait(lambda: any(why in wire.read_string(data) for data in told), f'a plea: {why}')


def test_a_robot_that_freezes_is_held_and_led_on_when_it_is_back(graph):
    await_arms(graph, Who.POLICY)
    robot = graph.processes['sim_node']
    robot.send_signal(signal.SIGSTOP)
    await_arms(graph, Who.HOLD, 'joint_states older than 0.1 s')
    await_request(graph, 'joint_states older than 0.1 s')
    graph.count(wire.AUTHORITY, 70)  # until it is away, and nobody tells it anything
    begin = len(graph.heard[wire.COMMAND.name])
    robot.send_signal(signal.SIGCONT)
    await_arms(graph, Who.POLICY)
    graph.count(wire.AUTHORITY, 10)
    told = graph.heard[wire.COMMAND.name][begin:]  # from where it stopped, not where it was sent
    moves = [wire.read_trajectory(SPEC, data, 'command').targets[0] for data in told]
    assert_within_limits(SPEC, moves)


def test_a_camera_that_freezes_is_named_and_the_policy_goes_on_when_it_is_back(graph):
    """Joints go on; it is the process that renders which stops."""
    await_arms(graph, Who.POLICY)
    words = ['pkill', '-P', str(graph.processes['sim_node'].pid), '-f', 'spawn_main']
    subprocess.run([*words, '--signal', 'STOP'], check=True)
    why = f'no observation: waiting for camera/{CAMERA} (older than 0.5 s)'
    await_arms(graph, Who.HOLD, why)
    await_request(graph, why)
    subprocess.run([*words, '--signal', 'CONT'], check=True)
    await_arms(graph, Who.POLICY)


def test_the_session_has_gone_on_all_the_while(graph):
    assert graph.ask('session_node/failure')[0]
    graph.wait(lambda: read_results(graph.root), 'a result')
    assert {result.outcome for result in read_results(graph.root)} == {'failure'}
    assert all(process.poll() is None for process in graph.processes.values())

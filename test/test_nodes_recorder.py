"""The recorder node over real topics: services, refusals, sim time, an end in mid-episode."""

import json

import pytest
from graph import Graph, Robot

from il_ros import wire
from il_ros.recorder.read import find_bags, read_bag, read_meta
from il_ros.robot.load import load_robot

SPEC = load_robot('sim')


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tmp_path_factory.mktemp('bags')


@pytest.fixture(scope='module')
def graph(root):
    with Graph({'recorder_node': {'root_dir': str(root)}, 'intervention_node': {}}) as graph:
        graph.robot = Robot(graph, SPEC)
        graph.wait(lambda: graph.robot.commands, 'no command')
        yield graph


def start(graph):
    """Start an episode, once all that is required has been heard."""
    graph.wait(lambda: graph.ask('recorder_node/start')[0], 'the recorder does not start')


def written(graph):
    """Wait until the disk has what was recorded."""
    graph.wait(lambda: graph.ask('recorder_node/settled')[0], 'the disk')


def record(graph, seconds=0.4):
    start(graph)
    count = len(graph.robot.commands) + int(50 * seconds)
    graph.wait(lambda: len(graph.robot.commands) >= count, 'more commands')


def test_an_episode_is_started_stopped_and_labelled_by_service(graph):
    graph.client.set('recorder_node', {'meta': json.dumps({'task': 'transfer', 'seed': 7})})
    record(graph)
    done, said = graph.ask('recorder_node/start')
    assert not done and 'is being recorded' in said
    graph.client.set(
        'recorder_node', {'outcome': 'failure', 'remarks': '{"is_repeatable": false}'}
    )
    folder = graph.client.trigger('recorder_node/stop')
    graph.client.set('recorder_node', {'outcome': 'success', 'remarks': '{}'})
    written(graph)
    assert graph.client.trigger('recorder_node/label') == folder
    meta = read_meta(folder)
    assert (meta['task'], meta['seed'], meta['outcome']) == ('transfer', 7, 'success')
    assert meta['is_repeatable'] is False and meta['termination_reason'] == 'stopped'
    kinds = {name for name, *_ in read_bag(folder)}
    assert {'joint_states', 'command', 'authority'} <= kinds


def test_a_discarded_episode_is_marked_and_stays(graph):
    record(graph, 0.2)
    folder = graph.client.trigger('recorder_node/discard')
    written(graph)
    assert read_meta(folder)['discarded'] is True
    assert not graph.ask('recorder_node/stop')[0]


def test_a_stop_waits_for_the_last_tick(graph):
    record(graph, 0.2)
    graph.client.set('recorder_node', {'until_ns': graph.now_ns() + 200_000_000})
    assert graph.ask('recorder_node/stop') == (True, '')
    graph.wait(lambda: graph.ask('recorder_node/stop')[1], 'the bag is closed')


@pytest.mark.parametrize('meta', ['{', '[1]'])
def test_metadata_that_is_no_json_object_is_refused(graph, meta):
    graph.client.set('recorder_node', {'meta': meta})
    done, said = graph.ask('recorder_node/start')
    graph.client.set('recorder_node', {'meta': '{}'})
    assert not done and "parameter 'meta'" in said


def test_it_is_not_started_while_the_joints_are_silent(graph):
    graph.robot.is_silent = True
    said = ['']

    def is_refused():
        done, message = graph.ask('recorder_node/start')
        said.append(message)
        return not done or not graph.ask('recorder_node/discard')[0]

    graph.wait(is_refused, 'the refusal')
    graph.robot.is_silent = False
    assert 'required topics are silent: joint_states (not heard for' in said[-1]


def test_a_recorder_that_is_ended_closes_its_bag(graph, root):
    record(graph, 0.2)
    process = graph.processes['recorder_node']
    process.terminate()
    assert process.wait(20) == 0
    last = find_bags(root)[-1]
    assert read_meta(last)['termination_reason'] == 'cancelled'


def test_a_full_disk_and_a_missing_clock_are_told(tmp_path):
    config = tmp_path / 'recorder.yaml'
    config.write_text('disk_floor_mb: 1.0e+12\n')
    waiting = {'use_sim_time': True, 'root_dir': str(tmp_path), 'config': str(config)}
    with Graph({'recorder_node': waiting}, namespace='/robot1') as graph:
        done, said = graph.ask('recorder_node/start')
        assert not done and 'no /clock has come yet' in said

        def says(what):
            graph.publish(wire.CLOCK, wire.clock_msg(5_000_000_000))
            return what in graph.ask('recorder_node/start')[1]

        graph.wait(lambda: says('are silent'), 'time begins')
        robot = Robot(graph, SPEC)
        graph.publish(wire.AUTHORITY, wire.diagnostics_msg(5_000_000_000, []))
        graph.publish(wire.COMMAND, wire.trajectory_msg(SPEC, 0, robot.position[None]))
        graph.wait(lambda: says('the floor is'), 'the disk floor')

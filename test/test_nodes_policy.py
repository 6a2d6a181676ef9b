"""The policy node over real topics: lifecycle, chunks, swaps, and failures that stop only arms."""

import json
import shutil
import signal
from hashlib import sha256

import numpy as np
import pytest
import yaml
from graph import Graph, Robot, assert_within_limits, checkpoint, settle
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from il_ros import checkpoint as checkpoints
from il_ros import wire
from il_ros.nodes.client import GraphError
from il_ros.nodes.graph_parts import GraphParts
from il_ros.nodes.meeting import introduce
from il_ros.robot.load import load_robot
from il_ros.spec import Who

pytestmark = pytest.mark.alone  # in real time, in which a tick must not be late
SPEC = load_robot('sim')
INPUTS = ('position', 'velocity', 'objects')
BLOCK = np.array([[0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 1.0]])
PARTS = {'policy_node': {}, 'intervention_node': {}}


@pytest.fixture(scope='module')
def graph():
    with Graph(PARTS) as graph:
        graph.robot = Robot(graph, SPEC, BLOCK)
        graph.parts = GraphParts(graph.client, ['policy_node'], is_lockstep=False)
        graph.listen(wire.CHUNK, wire.AUTHORITY, wire.DIAGNOSTICS)
        yield graph


@pytest.fixture
def acting(graph):
    """A graph whose policy is active with the first checkpoint."""
    graph.parts.load(str(checkpoint(0, INPUTS)))
    if graph.client.state_of('policy_node') != 'active':
        graph.client.change_state('policy_node', 'activate')
    return graph


def chunk_of(graph, version):
    """Return the next chunk that this version planned."""
    return graph.next(wire.CHUNK, lambda c: c.version == version, read_chunk)


def read_chunk(data):
    return wire.read_trajectory(SPEC, data, 'chunk')


def version_of(folder):
    return checkpoints.load(folder).version


def await_diagnosis(graph, name, what):
    """Wait until a node says on /diagnostics what is wrong."""

    def statuses(data):
        return {name: message for name, message, _ in wire.read_diagnostics(data)[1]}

    graph.next(wire.DIAGNOSTICS, lambda s: what in s.get(name, ''), statuses)


def transition(graph, number):
    request = ChangeState.Request(transition=Transition(id=number))
    return graph.client.call(ChangeState, 'policy_node/change_state', request).success


def test_without_a_checkpoint_it_is_not_configured_and_says_why(graph):
    graph.client.set('policy_node', {'checkpoint': '/nowhere'})
    with pytest.raises(GraphError, match='cannot configure; its log says why'):
        graph.client.change_state('policy_node', 'configure')
    assert graph.client.state_of('policy_node') == 'unconfigured'
    assert '/nowhere: no such checkpoint folder' in graph.log()
    assert graph.ask('policy_node/reset') == (False, 'no checkpoint: configure the node first')


@pytest.mark.parametrize('number', [Transition.TRANSITION_ACTIVATE, 99])
def test_an_impossible_transition_is_refused_and_the_node_lives(graph, number):
    assert not transition(graph, number)
    assert graph.client.state_of('policy_node') == 'unconfigured'
    graph.wait(lambda: 'possible: configure' in graph.log(), 'the refusal')


def test_a_policy_acts_on_what_is_observed_while_it_is_active(acting):
    version = version_of(checkpoint(0, INPUTS))
    chunk = chunk_of(acting, version)
    assert chunk.targets.shape == (6, SPEC.size)
    first = chunk_of(acting, version).stamp_ns
    assert chunk_of(acting, version).stamp_ns - first >= 2.5 * SPEC.dt_ns  # E = 3 ticks
    arms = acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.POLICY, read_arms)
    assert arms[1].policy_version == version
    acting.client.change_state('policy_node', 'deactivate')
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.HOLD, read_arms)
    heard = acting.heard[wire.CHUNK.name]
    count = len(heard)
    assert settle(lambda: len(heard) == count)


def read_arms(data):
    return wire.read_authority(data)[1]


def test_a_checkpoint_is_swapped_in_while_it_acts_and_back(acting):
    old, new = checkpoint(0, INPUTS), checkpoint(1, INPUTS)
    for folder in (new, old):
        acting.client.set('policy_node', {'checkpoint': str(folder)})
        chunk_of(acting, version_of(folder))
        assert acting.ask('policy_node/loaded') == (True, version_of(folder))
    assert acting.client.state_of('policy_node') == 'active'


def other_robot(folder):
    """Make it a checkpoint of another robot, hashes included."""
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    config['robot']['joint_names'][0] = 'tail'
    (folder / 'config.yaml').write_text(yaml.safe_dump(config))
    hashes = {n: sha256((folder / n).read_bytes()).hexdigest() for n in checkpoints.HASHED}
    (folder / 'hashes.json').write_text(json.dumps(hashes))


def damaged(name):
    def damage(folder):
        path = folder / name
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

    return damage


@pytest.mark.parametrize(
    ('change', 'why'),
    [
        (other_robot, "joints .'tail'. are not there"),
        (damaged('statistics.safetensors'), 'statistics hash'),
        (shutil.rmtree, 'no such checkpoint folder'),
    ],
    ids=['robot', 'statistics', 'missing'],
)
def test_a_checkpoint_that_does_not_fit_is_refused_at_once(acting, tmp_path, change, why):
    shutil.copytree(checkpoint(0, INPUTS), tmp_path / 'other')
    change(tmp_path / 'other')
    with pytest.raises(GraphError, match=why):
        acting.client.set('policy_node', {'checkpoint': str(tmp_path / 'other')})
    chunk_of(acting, version_of(checkpoint(0, INPUTS)))


@pytest.mark.parametrize(
    'differences',
    [{'inputs': ('position', 'velocity')}, {'inputs': INPUTS, 'cameras': ('cam_high',)}],
    ids=['inputs', 'cameras'],
)
def test_a_checkpoint_that_sees_something_else_is_refused(acting, differences):
    with pytest.raises(GraphError, match='clean up and configure the node to change them'):
        acting.client.set('policy_node', {'checkpoint': str(checkpoint(0, **differences))})
    chunk_of(acting, version_of(checkpoint(0, INPUTS)))


def test_damaged_weights_are_found_while_they_are_loaded_and_the_old_policy_goes_on(
    acting, tmp_path
):
    shutil.copytree(checkpoint(1, INPUTS), tmp_path / 'other')
    damaged('weights.safetensors')(tmp_path / 'other')
    acting.client.set('policy_node', {'checkpoint': str(tmp_path / 'other')})
    acting.wait(lambda: 'has hash' in acting.ask('policy_node/loaded')[1], 'a refusal')
    await_diagnosis(acting, 'policy_node', 'checkpoint refused')
    chunk_of(acting, version_of(checkpoint(0, INPUTS)))


def test_an_input_of_another_task_silences_the_policy_until_it_fits_again(acting):
    acting.robot.objects = np.vstack([BLOCK, BLOCK])
    await_diagnosis(acting, 'policy_node', "input 'objects': the policy needs (9,)")
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.HOLD, read_arms)
    acting.robot.objects = BLOCK
    chunk_of(acting, version_of(checkpoint(0, INPUTS)))


def test_what_an_observation_lacks_is_named_and_the_arms_hold_until_it_comes(acting):
    acting.robot.objects = None
    await_diagnosis(acting, 'policy_node', 'waiting for task/state')
    told = acting.next(wire.AUTHORITY, lambda a: 'waiting for' in a[0].why, read_arms)
    assert told[0].who is Who.HOLD
    assert told[0].why.endswith(': no observation: waiting for task/state')
    acting.robot.objects = BLOCK
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.POLICY, read_arms)


def test_a_policy_that_stops_for_a_while_goes_on_by_itself(acting):
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.POLICY, read_arms)
    begin = len(acting.robot.commands)
    acting.processes['policy_node'].send_signal(signal.SIGSTOP)
    told = acting.next(wire.AUTHORITY, lambda a: 'silent' in a[0].why, read_arms)
    acting.processes['policy_node'].send_signal(signal.SIGCONT)
    assert told[0].who is Who.HOLD and told[0].why.endswith(': policy_node silent for 3 s')
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.POLICY, read_arms)
    acting.count(wire.AUTHORITY, 10)
    assert_within_limits(SPEC, acting.robot.moves(begin))


def test_a_policy_killed_in_mid_motion_leaves_arms_that_hold_until_it_is_started_anew(acting):
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.POLICY, read_arms)
    begin = len(acting.robot.commands)
    acting.count(wire.AUTHORITY, 10)
    acting.kill('policy_node')
    acting.next(wire.AUTHORITY, lambda a: a[0].why == 'chunk exhausted', read_arms)
    acting.count(wire.AUTHORITY, 25)
    moves = acting.robot.moves(begin)
    assert np.abs(np.diff(moves, axis=0)).max() > 1e-4  # it did move
    assert_within_limits(SPEC, moves)
    assert np.ptp(moves[-3:], axis=0).max() < 1e-9
    acting.start('policy_node', {})
    introduce(acting.client, ['policy_node'])
    acting.parts.load(str(checkpoint(0, INPUTS)))
    acting.client.change_state('policy_node', 'activate')
    acting.next(wire.AUTHORITY, lambda a: a[0].who is Who.POLICY, read_arms)
    assert_within_limits(SPEC, acting.robot.moves(begin))

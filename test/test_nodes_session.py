"""The session node over a real graph: a person's buttons and services, a crash, a missing node."""

import json
from time import sleep

import numpy as np
import pytest
from graph import Graph, checkpoint

from il_ros import wire
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.episode import WHO
from il_ros.recorder.read import read_meta
from il_ros.robot.load import load_robot
from il_ros.session.collect import read_results
from il_ros.spec import Who
from il_ros.teleop.layout import BUTTONS

pytestmark = pytest.mark.alone  # in real time, in which a plan must not be late
SPEC = load_robot('sim')
NODES = ('sim_node', 'intervention_node', 'recorder_node')


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tmp_path_factory.mktemp('bags')


@pytest.fixture(scope='module')
def session(root):
    """What a session node is given that records with a person at the hands."""
    parts = ','.join((*NODES, 'session_node'))
    return {'parts': parts, 'root_dir': str(root), 'episodes': 2, 'seed': 4}


@pytest.fixture(scope='module')
def graph(session):
    parts = {**{name: {} for name in NODES}, 'session_node': session, 'policy_node': {}}
    with Graph(parts) as graph:
        graph.listen(wire.EPISODE)
        graph.told = 0  # messages of `episode` that were looked at
        yield graph


def await_phase(graph, phase):
    """Wait until the session is, once more, in a phase; return what it says there."""
    told = graph.heard[wire.EPISODE.name]  # a latched topic: what passes quickly may be missed
    found = []

    def is_there():
        news = [wire.read_episode(data) for data in told[graph.told :]]
        found.extend((i, values) for i, (now, values) in enumerate(news) if now == phase)
        return bool(found)

    graph.wait(is_there, f'phase {phase}')
    graph.told += found[0][0] + 1
    return found[0][1]


def press(graph, name, *shift):
    """Press a button of the game controller, and let it go; others are held all the while."""
    buttons = np.zeros(len(BUTTONS))
    buttons[[BUTTONS.index(other) for other in shift]] = 1
    for held in (0, 1, 0):
        buttons[BUTTONS.index(name)] = held
        graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), np.zeros(6), buttons))


def test_an_episode_waits_for_the_start_and_what_is_not_its_time_is_refused(graph):
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed']) == ('0', '4')
    done, said = graph.ask('session_node/success')
    assert not done and "refused in phase ready; allowed: ['start', 'reset', 'redo']" in said
    assert graph.ask('session_node/reset')[0]
    await_phase(graph, 'ready')


def test_a_discarded_episode_is_recorded_again_from_the_same_scene(graph):
    press(graph, 'start')
    await_phase(graph, 'running')
    assert not graph.ask('session_node/start')[0]
    press(graph, 'back', 'rightshoulder')
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed']) == ('0', '4')


def test_a_person_judges_an_episode_by_a_button(graph):
    press(graph, 'start')
    await_phase(graph, 'running')
    press(graph, 'X')
    values = await_phase(graph, 'ready')
    assert values['outcome'] == 'success' and values['success'] == '1'
    assert (values['number'], values['seed']) == ('1', '5')


def test_the_last_episode_may_be_taken_back_and_a_running_one_paused(graph, root):
    press(graph, 'start', 'rightshoulder')
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed'], values['success']) == ('0', '4', '0')
    assert read_results(root) == []
    done, said = graph.ask('session_node/redo')
    assert not done and 'no episode comes before this one' in said
    press(graph, 'start')
    await_phase(graph, 'running')
    press(graph, 'dpad_down')
    await_phase(graph, 'paused')
    sleep(0.5)
    press(graph, 'start')
    await_phase(graph, 'running')
    press(graph, 'X')
    assert await_phase(graph, 'ready')['number'] == '1'
    (result,) = read_results(root)
    assert result.wall_s - result.ticks * SPEC.dt_s > 0.4  # what passes in a pause is no tick


def test_a_session_that_crashed_goes_on_where_it_was_and_ends_by_itself(graph, session, root):
    press(graph, 'start')
    await_phase(graph, 'running')
    graph.kill('session_node')
    graph.start('session_node', session)
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed']) == ('1', '5')
    assert graph.ask('session_node/start')[0]
    await_phase(graph, 'running')
    assert graph.ask('session_node/stop')[0]
    await_phase(graph, 'done')
    assert graph.processes['session_node'].wait(20) == 0
    results = read_results(root)
    assert [r.outcome for r in results] == ['success', 'unlabeled']
    assert [r.termination for r in results] == ['stopped', 'stopped']
    assert json.loads((root / 'results.json').read_text())['n'] == 2


def test_a_policy_is_brought_to_act_by_the_session_and_its_bag_can_be_learned_from(
    graph, session, tmp_path
):
    parts = f'{session["parts"]},policy_node'
    folder = str(checkpoint(0))
    wanted = {'kind': 'evaluate', 'checkpoint': folder, 'episodes': 1, 'root_dir': str(tmp_path)}
    graph.start('session_node', {**session, **wanted, 'parts': parts})
    await_phase(graph, 'running')
    graph.listen(wire.AUTHORITY)
    graph.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.POLICY, read_arms)
    graph.count(wire.AUTHORITY, 20)
    assert graph.ask('session_node/failure')[0]
    assert graph.processes['session_node'].wait(20) == 0
    assert graph.client.state_of('policy_node') == 'inactive'
    (result,) = read_results(tmp_path)
    assert (result.outcome, result.seed, result.human_ticks) == ('failure', 4, 0)
    (episode,) = load_episodes(tmp_path, SPEC, include_suspect=True)
    assert (episode.who == WHO.index(Who.POLICY)).all(axis=1).sum() >= 10


def read_arms(data):
    return wire.read_authority(data)[1]


def test_every_try_is_in_a_bag_of_its_own(graph, root):
    metas = [read_meta(bag) for bag in sorted(root.glob('episode_*'))]
    assert [m['discarded'] for m in metas] == [True, True, False, False, False]
    outcomes = ['unlabeled', 'success', 'success', 'unlabeled', 'unlabeled']
    assert [m['outcome'] for m in metas] == outcomes
    endings = ['discarded', 'stopped', 'stopped', 'error', 'stopped']
    assert [m['termination_reason'] for m in metas] == endings
    assert [m['seed'] for m in metas] == [4, 4, 4, 5, 5]
    assert {m['operator'] for m in metas} == {'person'}


def test_a_node_that_is_not_there_is_named_and_ends_the_session(tmp_path):
    parameters = {'parts': 'sim_node', 'root_dir': str(tmp_path), 'patience_s': 0.5}
    with Graph({'session_node': parameters}) as graph:
        assert graph.processes['session_node'].wait(20) == 1
        line = 'session ended: sim_node: not there; is the node up? (waited 0.5 s)'
        assert line in graph.log()

"""The session node over a real graph: a person's buttons and services, a crash, a missing node."""

import json
import os
import pty
import signal
import subprocess
import sys
from functools import partial
from time import sleep

import numpy as np
import pytest
from graph import Graph, await_phase, checkpoint

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
def graph():
    parts = {name: {} for name in (*NODES, 'policy_node')}
    with Graph(parts) as graph:
        graph.told = 0  # messages of `episode` that were looked at
        yield graph


@pytest.fixture
def session(tmp_path):
    """What a session node is given that records with a person at the hands."""
    parts = ','.join((*NODES, 'session_node'))
    return {'parts': parts, 'root_dir': str(tmp_path), 'episodes': 2, 'seed': 4}


@pytest.fixture
def ready(graph, session):
    """A session of its own, whatever the one before has left; says what it does when ready."""
    begin(graph, session)
    return await_phase(graph, 'ready')


def begin(graph, session):
    """Start a session node in the place of the one there is."""
    is_first = 'session_node' not in graph.processes
    if not is_first:
        graph.kill('session_node')
    graph.told = len(graph.heard[wire.EPISODE.name])
    graph.start('session_node', session)
    if is_first:
        graph.listen(wire.EPISODE)


def press(graph, name, *shift):
    """Press a button of the game controller, and let it go; others are held all the while."""
    buttons = np.zeros(len(BUTTONS))
    buttons[[BUTTONS.index(other) for other in shift]] = 1
    for held in (0, 1, 0):
        buttons[BUTTONS.index(name)] = held
        graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), np.zeros(6), buttons))


def judge(graph, button):
    """Record an episode that a button ends; return what is said when the next one is ready."""
    press(graph, 'start')
    await_phase(graph, 'running')
    press(graph, button)
    return await_phase(graph, 'ready')


def test_an_episode_waits_for_the_start_and_what_is_not_its_time_is_refused(graph, ready):
    assert (ready['number'], ready['of'], ready['seed']) == ('0', '2', '4')
    assert (ready['purpose'], ready['success']) == ('demonstrations', '0')
    assert abs(graph.now_ns() - int(ready['since_ns'])) < 60e9
    done, said = graph.ask('session_node/success')
    assert not done and "refused in phase ready; allowed: ['start', 'reset', 'redo'" in said
    done, said = graph.ask('session_node/rollback')
    assert not done and 'no checkpoint was kept before the one that acts' in said
    assert graph.ask('session_node/reset')[0]
    await_phase(graph, 'ready')


def test_a_status_is_a_line_in_a_pipe_and_a_live_one_in_a_terminal(graph, ready):
    words = [sys.executable, '-m', 'il_ros.cli.main', 'status']
    how = {'env': {**graph.environment, 'TERM': 'xterm'}, 'timeout': 30, 'check': True}
    said = subprocess.run([*words, '--once'], capture_output=True, text=True, **how).stdout
    assert said.startswith('ready ') and said.endswith('\n') and '\x1b' not in said
    assert 'both hold' in said and 'episode 1 of 2 · success 0 of 0' in said
    screen, program = pty.openpty()
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # as in a person's terminal
    process = subprocess.Popen(words, stdout=program, env=how['env'], preexec_fn=heed)
    shown = b''
    while b'episode 1 of 2' not in shown:
        shown += os.read(screen, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0 and shown.startswith(b'\r\x1b[K')


def test_every_try_is_judged_by_a_button_and_in_a_bag_of_its_own(graph, ready, tmp_path):
    """A discarded episode is recorded again from the same scene."""
    press(graph, 'start')
    await_phase(graph, 'running')
    assert not graph.ask('session_node/start')[0]
    press(graph, 'back', 'rightshoulder')
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed']) == ('0', '4')
    values = judge(graph, 'X')
    assert values['outcome'] == 'success' and values['success'] == '1'
    assert (values['number'], values['seed']) == ('1', '5')
    graph.wait(lambda: graph.ask('recorder_node/settled')[0], 'the disk')
    metas = [read_meta(bag) for bag in sorted(tmp_path.glob('episode_*'))]
    assert [m['discarded'] for m in metas] == [True, False]
    assert [m['outcome'] for m in metas] == ['unlabeled', 'success']
    assert [m['termination_reason'] for m in metas] == ['discarded', 'stopped']
    assert [m['seed'] for m in metas] == [4, 4] and {m['operator'] for m in metas} == {'person'}


def test_the_last_episode_may_be_taken_back_and_a_running_one_paused(graph, ready, tmp_path):
    judge(graph, 'X')
    press(graph, 'start', 'rightshoulder')
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed'], values['success']) == ('0', '4', '0')
    assert read_results(tmp_path) == []
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
    (result,) = read_results(tmp_path)
    assert result.wall_s - result.ticks * SPEC.dt_s > 0.4  # what passes in a pause is no tick


def test_a_session_that_crashed_goes_on_where_it_was_and_ends_by_itself(
    graph, session, ready, tmp_path
):
    judge(graph, 'X')
    press(graph, 'start')
    await_phase(graph, 'running')
    begin(graph, session)
    values = await_phase(graph, 'ready')
    assert (values['number'], values['seed'], values['success']) == ('1', '5', '1')
    assert graph.ask('session_node/start')[0]
    await_phase(graph, 'running')
    assert graph.ask('session_node/stop')[0]
    await_phase(graph, 'done')
    assert graph.processes['session_node'].wait(20) == 0
    results = read_results(tmp_path)
    assert [r.outcome for r in results] == ['success', 'unlabeled']
    assert [r.termination for r in results] == ['stopped', 'stopped']
    assert json.loads((tmp_path / 'results.json').read_text())['n'] == 2
    metas = [read_meta(bag) for bag in sorted(tmp_path.glob('episode_*'))]
    assert [m['termination_reason'] for m in metas] == ['stopped', 'error', 'stopped']


def test_a_policy_is_brought_to_act_by_the_session_and_its_bag_can_be_learned_from(
    graph, session, tmp_path
):
    parts = f'{session["parts"]},policy_node'
    folder = str(checkpoint(0))
    wanted = {'kind': 'evaluate', 'checkpoint': folder, 'episodes': 1}
    begin(graph, {**session, **wanted, 'parts': parts})
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


def test_a_node_that_is_not_there_is_named_and_ends_the_session(tmp_path):
    parameters = {'parts': 'sim_node', 'root_dir': str(tmp_path), 'patience_s': 0.5}
    with Graph({'session_node': parameters}) as graph:
        assert graph.processes['session_node'].wait(20) == 1
        line = 'session ended: sim_node: not there; is the node up? (waited 0.5 s)'
        assert line in graph.log()

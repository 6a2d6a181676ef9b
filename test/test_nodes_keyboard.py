"""A session with a keyboard, as a person has it: `il-ros up` in a terminal, keys typed there."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from time import monotonic, sleep

import numpy as np
import pytest
from graph import PATIENCE_S, Graph, await_phase

from il_ros import wire
from il_ros.recorder.read import read_meta
from il_ros.robot.load import load_robot
from il_ros.session.collect import read_results
from il_ros.spec import Who
from il_ros.teleop.held_keys import WAITS_S
from il_ros.teleop.layout import LAYOUTS

pytestmark = pytest.mark.alone  # in real time, in which a key must repeat in time
SPEC = load_robot('sim')
LEFT = SPEC.arms[0]
REPEATS_S = 0.033
AGAIN_S = WAITS_S + 0.05  # a key that is told of again before counts as held


class Typist:
    """A terminal of its own, what runs in it, and a person at it."""

    def __init__(self, environment, *words):
        self.file, theirs = pty.openpty()
        self.theirs = theirs
        self.before = termios.tcgetattr(theirs)
        self.said = ''
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'il_ros.cli.main', 'up', *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while part := os.read(self.file, 4096):
            self.said += part.decode(errors='replace')

    def type(self, text):
        """Press keys, one after the other."""
        os.write(self.file, text.encode())

    def hold(self, key, seconds, waits_s=0.25):
        """Hold a key as a terminal tells of it: it waits, then it repeats."""
        end = monotonic() + seconds
        self.type(key)
        sleep(min(waits_s, seconds))
        while monotonic() < end:
            self.type(key)
            sleep(REPEATS_S)

    def pid_of(self, node):
        """Return the process id of a node."""
        found = subprocess.run(
            ['pgrep', '-P', str(self.process.pid), '-f', node], capture_output=True, text=True
        )
        return int(found.stdout.split()[0])


@pytest.fixture(scope='module')
def graph(tmp_path_factory):
    with Graph({}) as graph:
        graph.root = tmp_path_factory.mktemp('bags')
        words = ('record', 'hands:=keyboard', 'operator:=Ada', 'episodes:=9', 'seed:=4')
        graph.typist = Typist(graph.environment, *words, f'root_dir:={graph.root}')
        graph.processes['up'] = graph.typist.process
        graph.log = lambda: graph.typist.said
        graph.told = 0
        graph.listen(wire.EPISODE, wire.AUTHORITY, wire.COMMAND)
        yield graph


def await_arm(graph, who, why=''):
    """Return the left arm's authority once somebody has it, because why."""
    return graph.next(
        wire.AUTHORITY, lambda arms: arms[0].who is who and why in arms[0].why, read_arms
    )[0]


def read_arms(data):
    return wire.read_authority(data)[1]


def say(graph, *words):
    """Return exit code and stderr of `il-ros say`."""
    command = [sys.executable, '-m', 'il_ros.cli.main', 'say', *words]
    done = subprocess.run(command, env=graph.environment, capture_output=True, text=True)
    return done.returncode, done.stderr


def commands(graph, since_ns=0):
    """Return the commands (n, A) from a tick on."""
    told = [wire.read_trajectory(SPEC, data, 'command') for data in graph.heard[wire.COMMAND.name]]
    return np.array([chunk.targets[0] for chunk in told if chunk.stamp_ns >= since_ns])


def test_the_keys_are_shown_and_the_terminal_is_lent(graph):
    await_phase(graph, 'ready')
    graph.wait(lambda: 'w / s' in graph.typist.said, 'the keys')
    assert not termios.tcgetattr(graph.typist.theirs)[3] & (termios.ECHO | termios.ICANON)


def test_an_episode_is_led_by_keys_alone(graph):
    """Scene anew, start, pause, on, discard, again, success, taken back, again, failure."""
    for key, phase in (
        *(('g', 'resetting'), ('', 'ready'), ('\r', 'running'), ('p', 'paused')),
        *(('\r', 'running'), ('x', 'ready'), ('\r', 'running'), ('y', 'ready'), ('z', 'ready')),
    ):
        graph.typist.type(key)
        values = await_phase(graph, phase)
        sleep(AGAIN_S)
    assert (values['number'], values['seed'], values['success']) == ('0', '4', '0')
    graph.typist.type('\r')
    await_phase(graph, 'running')
    graph.typist.type('n')
    assert await_phase(graph, 'ready')['failure'] == '1'
    assert [result.outcome for result in read_results(graph.root)] == ['failure']
    graph.wait(lambda: graph.ask('recorder_node/settled')[0], 'the disk has all')
    metas = [read_meta(bag) for bag in sorted(graph.root.glob('episode_*'))]
    assert [meta['discarded'] for meta in metas] == [True, True, False]


def test_a_held_key_moves_the_arm_and_it_stands_when_the_key_is_up(graph):
    sleep(AGAIN_S)
    graph.typist.type('\r')
    await_phase(graph, 'running')
    told = len(graph.heard[wire.AUTHORITY.name])
    graph.typist.hold('r', 1.2)
    await_arm(graph, Who.HOLD)  # the key is up: handed back
    arms = [read_arms(data)[0] for data in graph.heard[wire.AUTHORITY.name][told:]]
    had = [arm for arm in arms if arm.who is Who.HUMAN]
    assert len(had) > 10
    assert {(a.why.split(';')[0], a.operator) for a in had} == {('joystick engaged', 'Ada')}
    graph.wait(lambda: np.ptp(commands(graph)[-4:], axis=0).max() < 1e-9, 'the arm stands')
    moves = commands(graph, had[0].since_ns)  # an episode's first commands may be in between
    assert np.abs(moves[-1] - moves[0])[LEFT.joints].max() > 0.02
    assert np.array_equal(moves[-1][LEFT.all.stop :], moves[0][LEFT.all.stop :])
    graph.typist.type('n')
    await_phase(graph, 'ready')  # and so it stays, with arms to take


def test_arms_are_taken_and_handed_back_by_a_word_and_stopped_by_another(graph):
    graph.typist.type('2t')
    await_arm(graph, Who.HOLD)
    graph.next(wire.AUTHORITY, lambda arms: arms[1].who is Who.HUMAN, read_arms)
    sleep(1.0)
    assert read_arms(graph.heard[wire.AUTHORITY.name][-1])[1].who is Who.HUMAN
    graph.typist.type('h')
    graph.next(wire.AUTHORITY, lambda arms: arms[1].who is Who.HOLD, read_arms)
    graph.typist.type('\x1b')
    await_arm(graph, Who.ESTOP, 'estop: joystick')
    graph.typist.type('\x7f')
    await_arm(graph, Who.HOLD)


def test_shifts_change_while_the_session_goes_on(graph):
    sleep(AGAIN_S)
    graph.typist.type('1t')
    assert await_arm(graph, Who.HUMAN).operator == 'Ada'
    assert say(graph, 'operator', 'Grace') == (0, '')
    arm = graph.next(wire.AUTHORITY, lambda arms: arms[0].operator == 'Grace', read_arms)[0]
    assert arm.who is Who.HUMAN and 0 <= graph.now_ns() - arm.since_ns < 10**9
    graph.typist.type('h')
    await_arm(graph, Who.HOLD)


def test_a_word_is_said_from_another_terminal_and_a_refusal_names_what_is_allowed(graph):
    code, said = say(graph, 'success')
    assert code == 1 and "'success' refused in phase ready; allowed: ['start'," in said
    assert say(graph, 'estop') == (0, '')
    await_arm(graph, Who.ESTOP, 'estop: software')
    assert say(graph, 'clear_estop') == (0, '')
    await_arm(graph, Who.HOLD)


def test_ctrl_c_ends_all_and_the_terminal_is_as_it_was(graph):
    graph.typist.type('\x03')
    assert graph.typist.process.wait(PATIENCE_S) == 0, graph.typist.said
    assert termios.tcgetattr(graph.typist.theirs) == graph.typist.before
    assert read_results(graph.root)[0].outcome == 'failure'


def test_a_keyboard_that_is_killed_ends_the_session_and_leaves_the_terminal_as_it_was():
    with Graph({}) as graph:
        typist = Typist(graph.environment, 'teleop', 'hands:=keyboard')
        graph.processes['up'] = typist.process
        graph.log = lambda: typist.said
        graph.wait(lambda: 'backspace' in typist.said, 'the keys')
        os.kill(typist.pid_of('keyboard_node'), signal.SIGKILL)
        assert typist.process.wait(PATIENCE_S) == 1
        assert '[up] keyboard_node crashed: killed by SIGKILL' in typist.said
        assert termios.tcgetattr(typist.theirs) == typist.before


def test_the_layout_has_a_button_for_every_key():
    assert len(set(LAYOUTS['keyboard'].buttons)) == len(LAYOUTS['keyboard'].buttons)

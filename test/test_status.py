"""The status line: what it says, how a terminal and a pipe show it."""

import fcntl
import os
import pty
import select
import struct
import termios

import pytest

from il_ros import wire
from il_ros.cli.status import Said, once
from il_ros.report.live_line import CLEAR, LiveLine, is_terminal
from il_ros.robot.load import load_robot
from il_ros.session.status import Status
from il_ros.spec import Proposal, Told

SECOND = 1_000_000_000
VALUES = {
    **{'number': '3', 'of': '20', 'round': '2', 'purpose': 'corrections'},
    **{'success': '2', 'failure': '1', 'unlabeled': '0', 'since_ns': str(100 * SECOND)},
}


def arm(name, who, why='', gate='nan'):
    return (name, who, {'why': why, 'gate_score': gate})


@pytest.fixture
def status():
    status = Status()
    status.take_episode('running', {**VALUES, 'training': 'round 1'})
    status.take_authority([arm('left', 'policy', gate='0.42'), arm('right', 'human')], 50.0)
    status.take_diagnostics([('lab/session_node', 'OK', {})], 50.0)
    status.take_diagnostics([('recorder', 'recording', {'lost': '0'})], 50.0)
    return status


def test_all_of_it_in_a_line(status):
    assert status.line(112 * SECOND, 51.0) == (
        'running 12 s · left policy, right human · episode 4 of 20, round 2 · success 2 of 3 · '
        '0 lost · gate 0.42 · learning from round 1'
    )


def test_a_line_says_what_there_is_to_say(status):
    assert Status().line(0, 0.0) == ''
    status.take_authority([arm('left', 'hold', 'no fresh chunk')] * 2, 52.0)
    values = {'number': '0', 'of': '0', 'purpose': 'evaluation', 'training': 'round 1 failed'}
    status.take_episode('ready', values)
    assert status.line(0, 52.0) == (
        'ready · both hold (no fresh chunk) · episode 1, evaluation · 0 lost · '
        'the training of round 1 failed'
    )


def test_it_is_shown_while_a_person_tells_what_to_learn(status):
    spec = load_robot('sim')
    told = Proposal(0, spec.home, (False, False), labels=(Told.HOW_FAST, Told.NOTHING))
    status.take_told(wire.read_told_arms(wire.person_msg(spec, 0, told)), 50.2)
    assert 'left policy (told), right human' in status.line(0, 50.4)
    assert status.gist(50.4) != status.gist(51.0)
    assert 'left policy, right human' in status.line(0, 51.0)


def test_who_has_fallen_silent_is_said(status):
    """A latched topic goes on saying what a session said before it crashed."""
    assert status.line(0, 54.0).startswith('the session is gone: start it again')
    assert 'nobody commands' in status.line(0, 54.0)
    status.take_episode('done', {})
    assert status.line(0, 54.0).startswith('done')


def test_a_pipe_has_a_line_when_something_has_happened(status):
    gist = status.gist(51.0)
    status.take_episode('running', {**VALUES, 'training': 'round 1', 'since_ns': '5'})
    status.take_authority([arm('left', 'policy', gate='0.43'), arm('right', 'human')], 51.0)
    assert status.gist(51.0) == gist
    status.take_authority([arm('left', 'human'), arm('right', 'human')], 51.0)
    assert status.gist(51.0) != gist


@pytest.fixture
def terminal():
    """A pseudo-terminal of 20 columns: where a program writes, and where its screen is read."""
    screen, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 20, 0, 0))
    with os.fdopen(program, 'w') as out:
        yield out, lambda: read_all(screen)
    os.close(screen)


def read_all(screen):
    """Return what has come to a screen, which passes it on bit by bit."""
    data = b''
    while select.select([screen], [], [], 0.2)[0]:
        data += os.read(screen, 4096)
    return data.decode()


def shown(written):
    """Return the lines that a terminal shows of what was written."""
    lines = ['']
    for piece in written.replace('\r\n', '\n').split('\n'):
        lines[-1] = piece.split(CLEAR)[-1]
        lines.append('')
    return lines[:-1]


def test_a_terminal_keeps_one_line_below_what_scrolls_by(terminal, monkeypatch):
    out, read = terminal
    monkeypatch.setenv('TERM', 'xterm')
    assert is_terminal(out)
    live = LiveLine(out)
    live.write('one\n')
    live.show('running 1 s')
    live.write('two\n')
    live.show('running 12 s · left policy')  # longer than the terminal is wide
    live.show('ready')
    live.flush()
    assert shown(read()) == ['one', 'two', 'ready']
    live.show('running 12 s · left policy')
    live.close()
    assert shown(read()) == ['running 12 s · left…'[:18] + '…', '']


def test_a_dumb_terminal_and_a_pipe_are_no_terminals(terminal, monkeypatch, tmp_path):
    monkeypatch.setenv('TERM', 'dumb')
    assert not is_terminal(terminal[0])
    monkeypatch.setenv('TERM', 'xterm')
    with (tmp_path / 'file').open('w') as file:
        assert not is_terminal(file)


def test_one_line_waits_for_who_has_the_arms(monkeypatch, capsys):
    """However late it is heard; without an arbiter what there is is printed in the end."""
    now = [0.0]
    monkeypatch.setattr('il_ros.cli.status.monotonic', lambda: now[0])
    monkeypatch.setattr('il_ros.cli.status.sleep', lambda s: now.__setitem__(0, now[0] + s))

    def told(heard_s):
        return Said('ready' + ' · both hold' * (now[0] >= heard_s), None, now[0] >= heard_s)

    assert once(lambda: told(3.0)) == 0
    assert capsys.readouterr().out == 'ready · both hold\n'
    assert once(lambda: told(1000.0)) == 0
    assert capsys.readouterr().out == 'ready\n'
    assert once(lambda: Said('', None, False)) == 1
    assert 'no session is heard' in capsys.readouterr().err

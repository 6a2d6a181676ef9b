"""The keyboard of a terminal: a real one, of a pseudo-terminal, and what its bytes mean."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

from il_ros.bringup.processes import run
from il_ros.bringup.session import Part
from il_ros.teleop.describe import WORDS, described, table
from il_ros.teleop.held_keys import HeldKeys
from il_ros.teleop.keyboard import Keyboard
from il_ros.teleop.keystrokes import Keystrokes
from il_ros.teleop.layout import KEYS
from il_ros.teleop.mapping import EVENTS
from il_ros.teleop.mapping_file import load_mapping
from il_ros.teleop.terminal import LFLAG, NoTerminal, Terminal

DOCUMENTATION = Path(__file__).parents[1] / 'docs' / 'joystick-and-keyboard.md'


@pytest.fixture
def typist(monkeypatch):
    """The end of a pseudo-terminal at which a person types; the other one is our stdin."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, 'r') as stdin:
        monkeypatch.setattr(sys, 'stdin', stdin)
        yield ours
    os.close(ours)


def held(reading):
    """Names of the keys that move, and of those that are held."""
    return tuple([KEYS[i] for i in np.flatnonzero(part)] for part in reading)


@pytest.mark.parametrize(
    ('text', 'keys'),
    [
        ('w W 3', ['w', 'space', 'w', 'space', '3']),
        ('\r\t\x7f', ['enter', 'tab', 'backspace']),
        ('\x1b[A\x1bOB\x1b[1;5C', ['up', 'down', 'right']),
        ('\x1b[5~\x1b[6~\x1b[3~', ['page_up', 'page_down', 'delete']),
        ('\x1b[H\x1bOF\x1b[1~', ['home', 'end', 'home']),
        ('\x1bOP\x1b[15~\x1b[24~\x1b[[A', ['f1', 'f5', 'f12', 'f1']),
        ('\x1bOq\x1bOM', ['1', 'enter']),
        ('\x1bw', ['escape', 'w']),
        ('\x1b\x1b[A', ['escape', 'up']),
        ('é\x01\x1b[200~', []),
    ],
)
def test_what_a_terminal_sends_is_named(text, keys):
    strokes = Keystrokes()
    assert strokes.take(text) == keys and strokes.end() == []


def test_a_sequence_may_come_in_pieces_and_an_escape_alone():
    strokes = Keystrokes()
    assert [strokes.take(part) for part in ('\x1b', '[', '1;', '2A', '\x1b')] == [
        [],
        [],
        [],
        ['up'],
        [],
    ]
    assert strokes.end() == ['escape'] and strokes.end() == []


def test_a_key_that_repeats_moves_until_it_stops_to_and_is_let_go_of_then():
    """Told of at 0 s, from 0.5 s on every 33 ms, and up at 1 s."""
    keys = HeldKeys()
    told = [0.0, *np.arange(0.5, 1.0, 0.033)]
    for now_s in np.arange(0.0, 2.0, 0.01):
        while told and told[0] <= now_s:
            keys.hear('w', told.pop(0))
        moves, is_held = ('w' in names for names in held(keys.read(now_s)))
        assert moves == (now_s < 0.145 or 0.5 <= now_s < 1.145), now_s
        assert is_held == (now_s < 1.145), now_s


def test_a_tap_moves_for_a_moment_and_holds_for_longer():
    keys = HeldKeys()
    keys.hear('b', 0.0)
    assert held(keys.read(0.14)) == (['b'], ['b'])
    assert held(keys.read(0.16)) == ([], ['b'])
    assert held(keys.read(0.71)) == ([], [])


def test_a_terminal_is_read_key_by_key_and_left_as_it_was(typist):
    before = termios.tcgetattr(sys.stdin)
    keyboard = Keyboard()
    assert held(keyboard.read(0.0)) == ([], [])
    os.write(typist, b'w\x1b[')
    assert held(keyboard.read(0.02))[0] == ['w']
    os.write(typist, b'A')
    assert held(keyboard.read(0.04))[0] == ['w', 'up']
    os.write(typist, b'\x1b')
    assert 'escape' not in held(keyboard.read(0.06))[1]
    assert 'escape' in held(keyboard.read(0.12))[1]
    assert not termios.tcgetattr(sys.stdin)[LFLAG] & (termios.ECHO | termios.ICANON)
    keyboard.close()
    assert termios.tcgetattr(sys.stdin) == before


def test_a_terminal_is_left_as_it_was_by_a_program_that_breaks(typist):
    before = termios.tcgetattr(sys.stdin)
    code = 'from il_ros.teleop.terminal import Terminal; Terminal(); raise SystemError'
    done = subprocess.run([sys.executable, '-c', code], stdin=sys.stdin, capture_output=True)
    assert done.returncode == 1 and termios.tcgetattr(sys.stdin) == before


def test_where_stdin_is_none_the_terminal_is_that_of_the_session(typist):
    """As a launcher starts nodes: without stdin, in the foreground of a terminal."""
    code = 'from il_ros.teleop.terminal import Terminal; import time; t = Terminal(); '
    code += 'print("up", flush=True); time.sleep(0.3); print(t.read(), flush=True)'
    terminal = sys.stdin.fileno()
    with subprocess.Popen(
        [sys.executable, '-c', code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(terminal, termios.TIOCSCTTY, 0),
    ) as process:
        assert process.stdout.readline() == 'up\n'
        os.write(typist, b'w')
        assert process.stdout.readline() == 'w\n'


def test_a_terminal_that_is_closed_is_told(typist):
    terminal = Terminal()
    os.dup2(os.open(os.devnull, os.O_RDWR), typist)
    with pytest.raises(NoTerminal, match='closed'):
        terminal.read()
    terminal.close()


def test_without_a_terminal_the_remedy_is_named(monkeypatch):
    code = 'from il_ros.teleop.terminal import Terminal; Terminal()'
    done = subprocess.run(
        [sys.executable, '-c', code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert 'the keyboard needs a terminal: start the session there' in done.stderr
    monkeypatch.setattr(sys, 'stdin', open(os.devnull))  # noqa: SIM115
    with pytest.raises(ValueError, match=r'keyboard_node needs a terminal.*without "&"'):
        run([Part('keyboard_node', {}, has_terminal=True)])


@pytest.mark.parametrize('name', ['keyboard', 'xbox', 'pedal'])
def test_a_mapping_is_described_whole(name):
    mapping = load_mapping(name)
    rows = described(mapping)
    shown = ' '.join(keys for keys, _ in rows)
    layers = (mapping.plain, *mapping.shift.values())
    for layer in layers:
        for part in layer.PARTS:
            assert all(key in shown for key in getattr(layer, part))
    assert set(WORDS) == set(EVENTS)
    assert f'<!-- {name} -->\n\n{table(mapping)}\n' in DOCUMENTATION.read_text()

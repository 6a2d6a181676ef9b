"""A session's nodes as processes of this machine: started, listened to, all stopped together."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Protocol

from il_ros.bringup.session import Part, Session, Value, parts_of
from il_ros.bringup.sessions import SESSIONS
from il_ros.registry import nearest

LOOK_EVERY_S = 0.05
# How a node is asked to end, and how long it may take: closing bags can wait for a slow disk.
STAGES = ((signal.SIGINT, 20.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


class Log(Protocol):
    """Where lines go: a terminal, a file, or what shows progress."""

    def write(self, text: str, /) -> int: ...  # noqa: D102

    def flush(self) -> None: ...  # noqa: D102


class Stopped(KeyboardInterrupt):
    """A person stopped the session; code is 0 when every node ended cleanly."""

    def __init__(self, code: int):
        super().__init__()
        self.code = code


def up(name: str, given: Mapping[str, str], out: Log | None = None) -> int:
    """
    Run a session until it ends; return its exit code, 1 when a node crashed.

    given: the arguments, as text. out: where the nodes' logs go, line by line, with prefixes.
    Raises ValueError for an unknown session or argument, Stopped on Ctrl-C or SIGTERM.
    """
    parts = parts_of(session_of(name), given)
    group = Group(out or sys.stdout)
    code, is_stopped = 0, False
    with _signals_interrupt():
        try:
            group.start(parts)
            code = group.wait()
        except KeyboardInterrupt:
            is_stopped = True
        finally:
            are_clean = group.stop()
    code = code or int(not are_clean)
    if is_stopped:
        raise Stopped(code)
    return code


def session_of(name: str) -> Session:
    """Return a session by its name; ValueError lists the names that exist."""
    if name not in SESSIONS:
        known = ', '.join(SESSIONS)
        raise ValueError(f'unknown session {name!r}{nearest(name, SESSIONS)}; known: {known}')
    return SESSIONS[name]


def command(part: Part) -> list[str]:
    """Return the command line that starts a node; YAML keeps the types of its parameters."""
    words = [sys.executable, '-m', 'il_ros.nodes', part.node, '--ros-args']
    words += ['-r', f'__node:={part.node}']
    if part.namespace:
        words += ['-r', f'__ns:={part.namespace}']
    for name, value in part.parameters.items():
        words += ['-p', f'{name}:={_as_yaml(value)}']
    return words


def _as_yaml(value: Value) -> str:
    """Return a value as YAML that keeps its type: "1" stays text, 1e-05 stays a number."""
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and 'e' in text and '.' not in text:
        return text.replace('e', '.0e')
    return text


class Group:
    """The processes of one session."""

    def __init__(self, out: Log):
        self._out = out
        self._lock = threading.Lock()
        self._parts: dict[str, tuple[Part, subprocess.Popen[str]]] = {}
        self._listeners: list[threading.Thread] = []

    def start(self, parts: Sequence[Part]) -> None:
        """Start every node, each in a session of its own: a terminal's Ctrl-C reaches only us."""
        # nodes end with us, even if we are killed; run.py reads this
        environment = {**os.environ, 'PYTHONUNBUFFERED': '1', 'IL_ROS_PARENT': str(os.getpid())}
        for part in parts:
            process = subprocess.Popen(
                command(part),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors='replace',
                start_new_session=True,
            )
            self._parts[part.node] = (part, process)
            listener = threading.Thread(target=self._listen, args=(part.node, process))
            listener.start()
            self._listeners.append(listener)

    def wait(self) -> int:
        """Wait until a node ends; return the session's exit code, 1 for any other node."""
        while True:
            for name, (part, process) in self._parts.items():
                code = process.poll()
                if code is None:
                    continue
                if part.ends_session:
                    self._say('up', f'{name} ended the session with exit code {code}')
                    return code
                self._say('up', f'{name} crashed: {_status(code)}; stopping the others')
                return 1
            sleep(LOOK_EVERY_S)

    def stop(self) -> bool:
        """Ask all nodes to end, then insist; return whether each ended cleanly when asked."""
        asked = self._running()
        for number, patience_s in STAGES:
            if not self._running():
                break
            self._signal(number)
            try:
                self._await_end(patience_s)
            except KeyboardInterrupt:
                continue  # asked again: wait no longer
        for listener in self._listeners:
            listener.join(timeout=1.0)  # a grandchild may keep a pipe open
        return self._report(asked)

    def _running(self) -> list[str]:
        return [name for name, (_, process) in self._parts.items() if process.poll() is None]

    def _signal(self, number: signal.Signals) -> None:
        for name in self._running():
            if number != signal.SIGINT:
                self._say('up', f'{name} is still running; sending {number.name}')
            self._parts[name][1].send_signal(number)

    def _await_end(self, patience_s: float) -> None:
        deadline = monotonic() + patience_s
        while self._running() and monotonic() < deadline:
            sleep(LOOK_EVERY_S)

    def _report(self, asked: Sequence[str]) -> bool:
        """Name the nodes that were asked to end and did not do so with exit code 0."""
        failed = [name for name in asked if self._parts[name][1].poll() != 0]
        for name in failed:
            self._say('up', f'{name} did not end cleanly: {_status(self._parts[name][1].poll())}')
        return not failed

    def _listen(self, name: str, process: subprocess.Popen[str]) -> None:
        """Pass on what a node says, line by line, until it closes its output."""
        assert process.stdout is not None
        for line in process.stdout:
            self._say(name, line.rstrip('\n'))

    def _say(self, name: str, text: str) -> None:
        with self._lock:
            self._out.write(f'[{name}] {text}\n')
            self._out.flush()


def _status(code: int | None) -> str:
    """Return an exit status in words: 'exit code 2', 'killed by SIGKILL'."""
    if code is None:
        return 'still running'
    return f'killed by {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt, also where a shell had SIGINT ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

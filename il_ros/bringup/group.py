"""The processes of one session: started, listened to, and stopped together."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from time import monotonic, sleep
from typing import Protocol

from il_ros.bringup.session import Part, Value

LOOK_EVERY_S = 0.05
IN_TURN_S = 1.0  # a node's head start before the next one is asked to end
CLOSING_S = 20.0  # closing bags can wait for a slow disk
INSIST = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))  # and then how long to wait


class Log(Protocol):
    """Where lines go: a terminal, a file, or what shows progress."""

    def write(self, text: str, /) -> int: ...  # noqa: D102

    def flush(self) -> None: ...  # noqa: D102


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
                stdin=None if part.has_terminal else subprocess.DEVNULL,
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
        self._ask_in_turn(asked)
        for number, patience_s in INSIST:
            try:
                self._signal(number, self._running())
                self._await_end(asked, patience_s)
            except KeyboardInterrupt:
                continue  # asked again: wait no longer
        for listener in self._listeners:
            listener.join(timeout=1.0)  # a grandchild may keep a pipe open
        return self._report(asked)

    def _ask_in_turn(self, asked: Sequence[str]) -> None:
        """
        Send SIGINT to one node after the other, those first that were started last.

        The session and the recorder end while the others are there, and Fast DDS 2.14 can deadlock
        when all of its participants leave at the same time.
        """
        try:
            for name in reversed(asked):
                self._signal(signal.SIGINT, [name])
                self._await_end([name], IN_TURN_S)
            self._await_end(asked, CLOSING_S)
        except KeyboardInterrupt:
            pass  # asked again: wait no longer

    def _running(self) -> list[str]:
        return [name for name, (_, process) in self._parts.items() if process.poll() is None]

    def _signal(self, number: signal.Signals, names: Sequence[str]) -> None:
        for name in names:
            if number != signal.SIGINT:
                self._say('up', f'{name} is still running; sending {number.name}')
            self._parts[name][1].send_signal(number)

    def _await_end(self, names: Sequence[str], patience_s: float) -> None:
        deadline = monotonic() + patience_s
        while set(names) & set(self._running()) and monotonic() < deadline:
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

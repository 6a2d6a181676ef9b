"""`il-ros up`: a session as processes of this machine, until it ends or a person ends it."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from types import FrameType

from il_ros.bringup.domains import stay_apart
from il_ros.bringup.group import Group, Log
from il_ros.bringup.session import Part, parts_of
from il_ros.bringup.sessions import session_of
from il_ros.bringup.terminal import lent

AGAIN_S = 1.0  # a signal so long after the last is a person who does not want to wait


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
    return run(parts_of(session_of(name), given), out)


def up_apart(name: str, given: Mapping[str, str], out: Log | None = None) -> int:
    """Run a simulated session as `up` does, where it can neither disturb nor be disturbed."""
    stay_apart(os.environ)
    return up(name, given, out)


def run(parts: Sequence[Part], out: Log | None = None) -> int:
    """Run nodes until one ends, as `up` does, which says what comes of it."""
    group = Group(out or sys.stdout)
    code, is_stopped = 0, False
    with lent(parts), _signals_interrupt():
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


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """
    Let SIGINT and SIGTERM raise KeyboardInterrupt, also where a shell had SIGINT ignored.

    Two in the same second are one: `timeout` and terminals signal a process and its group.
    """
    last_s = -AGAIN_S

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last_s
        if monotonic() - last_s >= AGAIN_S:
            last_s = monotonic()
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

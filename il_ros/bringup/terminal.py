"""The terminal that a session is started in, lent to the one node that reads keys."""

import os
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from il_ros.bringup.session import Part


@contextmanager
def lent(parts: Sequence[Part]) -> Iterator[None]:
    """
    Leave the terminal as it is now, even if the node that reads it is killed.

    ValueError where a node needs a terminal, and the session has none to itself.
    """
    reader = next((part.node for part in parts if part.has_terminal), '')
    if not reader:
        yield
        return
    if not _is_ours():
        raise ValueError(
            f'{reader} needs a terminal: start the session in one, without "&", a pipe or nohup'
        )
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcflush(sys.stdin, termios.TCIFLUSH)  # keys of the robot are none of the shell's
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def _is_ours() -> bool:
    """Whether stdin is a terminal, and we are what runs in its foreground."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False

"""A terminal that is read key by key, and left as it was found."""

import atexit
import os
import select
import sys
import termios
from contextlib import suppress

DISABLED = b'\0'  # POSIX's _POSIX_VDISABLE, on Linux
IFLAG, LFLAG, CC = 0, 3, 6  # places in what termios.tcgetattr returns
CHUNK = 4096  # bytes


class NoTerminal(RuntimeError):
    """There is no terminal to read, or no longer."""


class Terminal:
    """
    The terminal of stdin, or else the one that this process was started in.

    Ctrl-C goes on ending what runs there; Ctrl-Z, which would leave a robot to itself, is none.
    """

    def __init__(self) -> None:
        self._file = _open()
        self._before = termios.tcgetattr(self._file)
        self._is_raw = True
        atexit.register(self.close)
        raw = termios.tcgetattr(self._file)
        raw[IFLAG] &= ~termios.IXON
        raw[LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        raw[CC][termios.VMIN], raw[CC][termios.VTIME] = 0, 0
        raw[CC][termios.VSUSP] = DISABLED
        termios.tcsetattr(self._file, termios.TCSANOW, raw)

    def read(self) -> str:
        """Return what was typed since the last time; NoTerminal where the terminal is gone."""
        watch = select.poll()
        watch.register(self._file, select.POLLIN)
        text = b''
        while events := watch.poll(0):
            if events[0][1] != select.POLLIN:
                raise NoTerminal('the terminal was closed')
            text += os.read(self._file, CHUNK)
        return text.decode(errors='ignore')

    def close(self) -> None:
        """Leave the terminal as it was found, without what was typed and not read."""
        if not self._is_raw:
            return
        self._is_raw = False
        with suppress(termios.error):  # it is gone, and all its settings with it
            termios.tcflush(self._file, termios.TCIFLUSH)
            termios.tcsetattr(self._file, termios.TCSANOW, self._before)


def _open() -> int:
    """Return the terminal; NoTerminal says why there is none, and what to do."""
    file = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else _own()
    try:
        is_ours = os.tcgetpgrp(file) == os.getpgrp()
    except OSError:
        is_ours = True  # one that was handed to us, by a process that is in charge of it
    if not is_ours:
        raise NoTerminal('the terminal is in use by what runs in the foreground; do without "&"')
    return file


def _own() -> int:
    try:
        return os.open('/dev/tty', os.O_RDWR)
    except OSError as error:
        raise NoTerminal(
            'the keyboard needs a terminal: start the session there with `il-ros up`, or '
            '`python -m il_ros.nodes keyboard_node` in a terminal of its own'
        ) from error

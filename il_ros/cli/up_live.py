"""The status line below the log of `il-ros up`: another process listens, this one only draws."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from il_ros.bringup.group import Log
from il_ros.report.live_line import LiveLine, is_terminal

END_S = 2.0


@contextmanager
def log_with_status(namespace: str, is_lockstep: bool) -> Iterator[Log]:
    """
    Give where a session's log goes: a terminal's has the status in its last line.

    None in lockstep, which is to be as fast as the machine is.
    """
    if is_lockstep or not is_terminal(sys.stdout):
        yield sys.stdout
        return
    words = [sys.executable, '-m', 'il_ros.cli.main', 'status', '--stream']
    listener = subprocess.Popen(
        [*words, '--namespace', namespace],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # a terminal's Ctrl-C is for `up`
    )
    live = LiveLine(sys.stdout)
    drawing = threading.Thread(target=_draw, args=(listener, live), daemon=True)
    drawing.start()
    try:
        yield live
    finally:
        listener.kill()
        listener.wait(END_S)
        drawing.join(END_S)
        live.show('')  # nothing stands any more


def _draw(listener: subprocess.Popen[str], live: LiveLine) -> None:
    """Show each line that comes."""
    assert listener.stdout is not None
    for line in listener.stdout:
        live.show(line.rstrip('\n'))

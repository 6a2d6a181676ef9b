"""`il-ros status`: how the session stands, in a line that is kept up to date."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import NamedTuple

HELP = 'who has the arms, which episode, how many succeeded: a line, kept up to date'
EVERY_S = 0.2
ALL_S = 1.2  # in which every topic has come once: nodes report once a second
PATIENCE_S = 5.0  # for how a session stands and who has the arms, with --once
FAILED = 1


class Said(NamedTuple):
    """What there is to say of a session at a moment."""

    line: str  # '' where nothing was heard
    gist: object  # what is worth a line of its own when it changes
    is_whole: bool  # nothing is still awaited that every session has


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('--namespace', default='', help='of the session')
    parser.add_argument('--once', action='store_true', help='print one line, and end')
    parser.add_argument(
        '--stream', action='store_true', help='print a line whenever anything changes, seconds too'
    )


def main(args: argparse.Namespace) -> int:
    """Tell until Ctrl-C, which is exit code 0."""
    try:
        with listening(args.namespace) as told:
            return once(told) if args.once else tell(told, args.stream)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # who read has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def listening(namespace: str) -> Iterator[Callable[[], Said]]:
    """Listen to a session; give what returns what there is to say of it now."""
    from il_ros import wire
    from il_ros.nodes.visit import Visit
    from il_ros.session.status import Status

    status = Status()

    def authority(data: bytes) -> None:
        status.take_authority(wire.read_diagnostics(data)[1], monotonic())

    def diagnostics(data: bytes) -> None:
        status.take_diagnostics(wire.read_diagnostics(data)[1], monotonic())

    def told(data: bytes) -> None:
        status.take_told(wire.read_told_arms(data), monotonic())

    with Visit('status', namespace) as visit:
        visit.listen(wire.EPISODE, lambda data: status.take_episode(*wire.read_episode(data)))
        visit.listen(wire.AUTHORITY, authority)
        visit.listen(wire.PERSON, told)
        visit.listen(wire.DIAGNOSTICS, diagnostics)
        yield lambda: Said(
            status.line(visit.now_ns(), monotonic()), status.gist(monotonic()), status.is_whole
        )


def once(told: Callable[[], Said]) -> int:
    """Print the line when it is whole, or what there is; exit code 1 when nobody says anything."""
    deadline = monotonic() + PATIENCE_S
    while not told().is_whole and monotonic() < deadline:
        sleep(EVERY_S)
    sleep(ALL_S)
    line = told().line
    print(line or nothing(), file=sys.stdout if line else sys.stderr)
    return 0 if line else FAILED


def tell(told: Callable[[], Said], is_stream: bool) -> int:
    """Keep a terminal's line up to date; elsewhere print a line when something has happened."""
    from il_ros.report.live_line import LiveLine, is_terminal

    live = LiveLine(sys.stdout) if is_terminal(sys.stdout) and not is_stream else None
    before: object = None
    try:
        while True:
            line, gist, _ = told()
            if live is not None:
                live.show(line or nothing())
            elif (now := line if is_stream else gist) != before and line:
                print(line, flush=True)
                before = now
            sleep(EVERY_S)
    finally:
        if live is not None:
            live.close()


def nothing() -> str:
    """Say that no session is heard, and where it was listened for."""
    domain = os.environ.get('ROS_DOMAIN_ID', '0')
    return f'no session is heard in ROS domain {domain}; start one with "il-ros up"'

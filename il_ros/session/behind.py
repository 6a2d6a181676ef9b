"""
`python -m il_ros.session.behind idle|nice PARENT COMMAND ...`: a command, behind all others.

idle: it runs when no other process wants the processor; nice: its own session comes first. It is
the first to go when memory runs out, and ends with its parent. Set by the process itself: code
between fork and exec is not safe in a parent that has threads.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
FIRST_TO_GO = '1000'  # of /proc/self/oom_score_adj
AUTOGROUP = Path('/proc/self/autogroup')  # the session's, whose niceness is what others see
NICE = {'idle': 19, 'nice': 10}


def command_behind(words: list[str], is_idle: bool) -> list[str]:
    """Return the command line that runs words behind everything else, as long as we live."""
    how = ['idle' if is_idle else 'nice', str(os.getpid())]
    return [sys.executable, '-m', 'il_ros.session.behind', *how, *words]


def main(words: list[str]) -> None:
    """Become the command."""
    how, parent, command = words[0], int(words[1]), words[2:]
    os.nice(NICE[how])
    if sys.platform.startswith('linux'):
        if how == 'idle':
            _give_way()
        Path('/proc/self/oom_score_adj').write_text(FIRST_TO_GO)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before we asked
            raise SystemExit(1)
    os.execv(command[0], command)


def _give_way() -> None:
    """Run when nobody else does; the scheduler shares between sessions before it looks at that."""
    os.setsid()
    if AUTOGROUP.exists():
        AUTOGROUP.write_text(str(NICE['idle']))
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == '__main__':
    main(sys.argv[1:])

"""Training from within a session: a process of its own, which may be killed and goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from il_ros.checkpoint import is_checkpoint
from il_ros.session.behind import command_behind

PRINTED, LOG = 'training.json', 'training.log'  # beside the checkpoint's folder
LAST_WORDS = 300  # characters of a trainer's log that are told
ONE_THREAD = {'OMP_NUM_THREADS': '1', 'OPENBLAS_NUM_THREADS': '1', 'MKL_NUM_THREADS': '1'}


class TrainingFailed(ValueError):
    """A training ended without a checkpoint; the message says why, and where its log is."""


def train_command(
    data: Sequence[Path], like: Path, out: Path, robot: str, learn_from: str, seconds: float
) -> list[str]:
    """Return the command that trains as the checkpoint `like` was trained, on other data."""
    command = [sys.executable, '-m', 'il_ros.cli.main', 'train', '--json']
    for path in data:
        command += ['--data', str(path)]
    command += ['--like', str(like), '--out', str(out), '--robot', robot]
    command += ['--set', f'learn_from={learn_from}']
    if seconds > 0:
        command += ['--set', f'seconds={seconds}']
    return command


class Training:
    """
    One training to the folder out; a finished checkpoint there is the result, nothing is trained.

    With one thread it runs behind everything else, see behind.py. Its log and what it printed are
    files beside out.
    """

    def __init__(self, command: list[str], out: Path, one_thread: bool):
        self.out = out
        self._process = None if is_checkpoint(out) else self._started(command, one_thread)

    def _started(self, command: list[str], one_thread: bool) -> subprocess.Popen:
        self.out.parent.mkdir(parents=True, exist_ok=True)
        if one_thread:
            command = [*command, '--set', 'threads=1']
        with (self._beside(PRINTED)).open('w') as printed, self._beside(LOG).open('a') as log:
            return subprocess.Popen(
                command_behind(command, is_idle=one_thread),
                env=environment(one_thread),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
            )

    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """End it where it is; another one to the same folder goes on from its last saved state."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def result(self) -> dict[str, Any]:
        """Wait for the end; return what `il-ros train --json` printed. TrainingFailed says why."""
        if self._process is None:
            return {}
        code = self._process.wait()
        if code == 0:
            return json.loads(self._beside(PRINTED).read_text())
        log = self._beside(LOG)
        raise TrainingFailed(f'{ended(code)}; see {log}: {last_words(log)}')

    def _beside(self, name: str) -> Path:
        return self.out.parent / name


def environment(one_thread: bool) -> dict[str, str]:
    """Return the environment of a process that may have all threads, or is to have one."""
    return {**os.environ, **(ONE_THREAD if one_thread else {})}


def last_words(log: Path) -> str:
    """Return the last line of a log, where progress bars write over themselves."""
    text = log.read_text(errors='replace').replace('\r', '\n').strip()
    return text.splitlines()[-1][-LAST_WORDS:] if text else 'it said nothing'


def ended(code: int) -> str:
    """Return an exit status in words."""
    if code == -signal.SIGKILL:
        return 'killed by SIGKILL, as a process is when memory runs out'
    return f'killed by {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'

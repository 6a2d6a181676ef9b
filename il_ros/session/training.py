"""Training from within a session: a low-priority process that may be killed and rerun."""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def train_command(
    data: Sequence[Path], like: Path, out: Path, learn_from: str, seconds: float
) -> list[str]:
    """Return the command that trains as the checkpoint `like` was trained, on other data."""
    command = [sys.executable, '-m', 'il_ros.cli.main', 'train', '--json']
    for path in data:
        command += ['--data', str(path)]
    command += ['--like', str(like), '--out', str(out), '--set', f'learn_from={learn_from}']
    if seconds > 0:
        command += ['--set', f'seconds={seconds}']
    return command


def run_training(
    data: Sequence[Path], like: Path, out: Path, learn_from: str, seconds: float = 0.0
) -> dict[str, Any]:
    """
    Train to the folder out and return what `il-ros train --json` printed.

    Raises RuntimeError with the trainer's own last words when it fails.
    """
    command = train_command(data, like, out, learn_from, seconds)
    done = subprocess.run(
        command,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        preexec_fn=_behind,
    )
    if done.returncode != 0:
        raise RuntimeError(f'training failed ({done.returncode}): {done.stderr.strip()[-800:]}')
    return json.loads(done.stdout)


def _behind() -> None:
    """Let the control loop come first, and end with the session that asked (Linux only)."""
    os.nice(10)
    if sys.platform.startswith('linux'):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

"""The gate of a round's checkpoint: scores as the first has them, bounds from its own episodes."""

import subprocess
import sys
from pathlib import Path

from il_ros.checkpoint import peek
from il_ros.policy.scores.kept import kept
from il_ros.session.behind import command_behind
from il_ros.session.training import ended, environment, last_words

LOG = 'gate.log'  # beside the checkpoint's folder


def has_gate(checkpoint: Path) -> bool:
    """Whether a checkpoint has scores; CheckpointError where they are not its own."""
    return bool(kept(checkpoint, peek(checkpoint).version))


def carry_gate(first: Path, new: Path, robot: str, rollouts: Path, one_thread: bool) -> str:
    """
    Fit the scores of first to what new learned from, and calibrate them on its own rollouts.

    Return why it did not come to bounds, '' where it did. A process of its own does it, as it
    does a training.
    """
    command = [sys.executable, '-m', 'il_ros.cli.main', 'gate', str(new), '--like', str(first)]
    command += ['--rollouts', str(rollouts), '--robot', robot, '--json']
    log = new.parent / LOG
    with log.open('a') as file:
        done = subprocess.run(
            command_behind(command, is_idle=False),  # the session waits for it
            env=environment(one_thread),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            check=False,
        )
    return f'{ended(done.returncode)}; see {log}: {last_words(log)}' if done.returncode else ''

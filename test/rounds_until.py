"""rounds_until.py ROOT FOLDER EVENT [background]: a round in the sim, killed at an event."""

import os
import signal
import sys
from pathlib import Path

from il_ros.checkpoint import is_checkpoint
from il_ros.dataset.cache import load_episodes
from il_ros.policy.config import TrainConfig
from il_ros.robot.load import load_robot
from il_ros.session.collect import Collection, collect
from il_ros.session.local import LocalRig
from il_ros.session.rounds import Rounds, run_rounds
from il_ros.trainer import train

root, folder, event = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
spec = load_robot('sim')
rig = LocalRig(spec, 'transfer')


def first() -> Path:
    """Return a checkpoint that was taught for a moment."""
    if not is_checkpoint(folder / 'first'):
        bags = Collection(folder / 'bags', 'transfer', 1, range(1), 'always')
        collect(rig, bags, lambda result: None)
        config = TrainConfig(head='l2', steps=30, warmup=1, width=336, val_fraction=0.0)
        train(config, load_episodes(bags.folder, spec), spec, folder / 'first')
    return folder / 'first'


def say(told, values):
    """End as a crash would, at the event."""
    if told == event:
        os.kill(os.getpid(), signal.SIGKILL)


is_behind = 'background' in sys.argv
wanted = Rounds(
    root,
    first(),
    'transfer',
    'sim',
    episodes=2,
    rounds=1,
    evaluation_episodes=1,
    in_background=is_behind,
)
run_rounds(rig, wanted, say)

"""What torchrun starts in test_trainer.py: train_two.py OUT trains every head to OUT/<head>."""

import sys
from pathlib import Path

from learning import episodes, robot, tiny

from il_ros.policy.registry import HEADS
from il_ros.trainer import train

if __name__ == '__main__':
    spec = robot()
    for head in HEADS:
        train(tiny(head=head), episodes(spec), spec, Path(sys.argv[1], head))

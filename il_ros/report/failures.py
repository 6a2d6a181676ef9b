"""Videos of the episodes in which a policy failed: run again from their seeds, then rendered."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from il_ros.dataset.episode import WHO
from il_ros.report.film import film_states
from il_ros.rollout.evaluate import make_loop
from il_ros.rollout.loop import Loop
from il_ros.spec import Step


def failure_videos(
    what: str, robot: str, task: str, seeds: Iterable[int], folder: str | Path
) -> list[Path]:
    """
    Write one video a seed into folder, called after the seed and how it ended; return their paths.

    what: a checkpoint folder or 'expert'; robot: a name in config/robots or a YAML.
    """
    torch.set_num_threads(1)  # as evaluation has it, so that the same thing happens again
    loop = make_loop(what, robot, task)
    return [_filmed(loop, task, seed, Path(folder)) for seed in seeds]


def _filmed(loop: Loop, task: str, seed: int, folder: Path) -> Path:
    """Run a seed, write its video, return the path."""
    steps: list[Step] = []
    loop.subscribers = [steps.append]
    outcome = loop.run(seed)
    path = folder / f'seed_{seed}_{(outcome.reason or outcome.state).replace(" ", "_")}.mp4'
    position = np.stack([step.joints.position for step in steps])
    objects = np.stack([step.objects for step in steps])
    film_states(path, loop.spec, task, seed, position, objects, who_of(steps))
    return path


def who_of(steps: Iterable[Step]) -> np.ndarray:
    """Return who commanded each arm, (n, arms) uint8, codes of Episode.who."""
    rows = [[WHO.index(arm.who) for arm in step.decision.authority] for step in steps]
    return np.array(rows, dtype=np.uint8)

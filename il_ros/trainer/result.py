"""What a training comes to: its held-out loss, its report, and the checkpoint."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from il_ros import __version__, checkpoint
from il_ros.dataset.cache import contents
from il_ros.dataset.episode import Episode
from il_ros.spec import RobotSpec
from il_ros.trainer.run import Run, as_tensors, tensors
from il_ros.trainer.state import Spent

MOST = 4096  # held-out windows, evenly spread: enough for two digits
BATCH = 256
SEED = 1  # the same noise at every validation, so that two of them can be compared


def held_out_loss(run: Run) -> float:
    """Return the averaged policy's loss per labelled number of held-out windows, NaN without."""
    windows = run.held_out
    if windows is None:
        return float('nan')
    chosen = np.linspace(0, len(windows) - 1, min(MOST, len(windows))).astype(np.intp)
    generator = torch.Generator().manual_seed(SEED)
    total = labelled = 0.0
    with torch.no_grad():
        for first in range(0, len(chosen), BATCH):
            sample = tensors(windows.batch(chosen[first : first + BATCH]), run.device)
            mask = sample[-1]
            loss = run.average.policy.loss(*sample, generator)['total']
            total += float(loss) * mask.numel()
            labelled += float(mask.sum())
    return total / labelled


def report(run: Run, before: Spent, spent: Spent) -> dict[str, Any]:
    """Return what a training came to, for people and programs."""
    samples = (spent.steps - before.steps) * run.config.batch
    return {
        'steps': spent.steps,
        'seconds': spent.seconds,
        'samples_s': samples / max(spent.seconds - before.seconds, 1e-9),
        'validation': None if np.isnan(spent.validation) else spent.validation,
        'windows': len(run.windows),
    }


def save(
    run: Run,
    episodes: Sequence[Episode],
    spec: RobotSpec,
    out: Path,
    found: dict[str, Any],
    command: str,
) -> None:
    """Leave the averaged policy in out as a checkpoint that knows where it came from."""
    provenance = {
        'il_ros': __version__,
        'torch': str(torch.__version__),
        'command': command,
        'training': found,
        'bags': [str(episode.path) for episode in episodes],
        'bag_keys': [_key(episode.path) for episode in episodes],
    }
    card = checkpoint.robot_card(spec, run.config.cameras, _task(episodes))
    weights = run.average.policy.state_dict()
    checkpoint.save(out, run.config, card, weights, as_tensors(run.statistics), provenance)


def _task(episodes: Sequence[Episode]) -> str:
    """Return the task that the episodes show; several are joined by a comma."""
    return ','.join(sorted({str(episode.meta.get('task', '')) for episode in episodes}))


def _key(bag: Path) -> str:
    """Return a hash of a bag's content, '' for an episode that is not from a bag."""
    if not bag.is_dir():
        return ''
    digest = sha256()
    for content in contents(bag):
        digest.update(content)
    return digest.hexdigest()[:16]

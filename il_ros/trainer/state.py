"""What a training is resumed from: one file of tensors, replaced whole."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from il_ros.trainer.run import Run

FILE = 'state.safetensors'
MOMENTS = ('exp_avg', 'exp_avg_sq')  # of AdamW
MAY_CHANGE = ('steps', 'seconds', 'threads', 'device', 'log_every', 'save_every')


@dataclass(frozen=True)
class Spent:
    """What a training has had so far."""

    steps: int = 0
    seconds: float = 0.0
    validation: float = float('nan')  # the last held-out loss


def save(folder: Path, run: Run, spent: Spent) -> None:
    """Write the state of a run into folder, whole or not at all."""
    tensors = {f'policy.{name}': t for name, t in run.policy.state_dict().items()}
    tensors |= {f'average.{name}': t for name, t in run.average.policy.state_dict().items()}
    for i, parameter in enumerate(run.policy.parameters()):
        moments = run.optimiser.state.get(parameter, {})
        tensors |= {f'{m}.{i}': moments[m] for m in MOMENTS if m in moments}
    about = json.dumps(asdict(spent) | {'identity': identity(run)})
    dense = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    temporary = folder / f'.{FILE}-{os.getpid()}'
    save_file(dense, temporary, metadata={'about': about})
    os.replace(temporary, folder / FILE)


def restore(folder: Path, run: Run) -> Spent:
    """
    Fill a run's policy, average and optimiser from folder; return what was spent on them.

    Nothing there is nothing spent; ValueError when the state is of another training.
    """
    path = folder / FILE
    if not path.is_file():
        return Spent()
    with safe_open(path, 'pt') as file:
        about = json.loads(file.metadata()['about'])
    _require_same(path, about.pop('identity'), identity(run))
    spent, tensors = Spent(**about), load_file(path)
    run.policy.load_state_dict(_under(tensors, 'policy.'))
    run.average.policy.load_state_dict(_under(tensors, 'average.'))
    for i, parameter in enumerate(run.policy.parameters()):
        if f'{MOMENTS[0]}.{i}' in tensors:
            moments = {m: tensors[f'{m}.{i}'].to(parameter.device) for m in MOMENTS}
            count = torch.tensor(float(spent.steps), device=parameter.device)
            run.optimiser.state[parameter] = {'step': count, **moments}
    return spent


def identity(run: Run) -> dict[str, Any]:
    """Return what has to be the same for a training to be resumed and not started afresh."""
    kept = {key: value for key, value in asdict(run.config).items() if key not in MAY_CHANGE}
    kept['windows'] = len(run.windows)
    kept |= {f'{k} of the data': float(v.sum(dtype=float)) for k, v in run.statistics.items()}
    return json.loads(json.dumps(kept))


def _require_same(path: Path, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise ValueError naming what differs between two identities."""
    changed = [f'{k} was {was.get(k)}, is {now[k]}' for k in now if was.get(k) != now[k]]
    if changed:
        raise ValueError(
            f'{path} is of another training: {"; ".join(changed[:4])}. '
            'Name another output folder, or start afresh without resuming'
        )


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

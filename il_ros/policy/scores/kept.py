"""What was fitted of a checkpoint's scores, in its folder: states, and what counts as much."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from il_ros.checkpoint import CheckpointError, add
from il_ros.policy.scores.base import State
from il_ros.policy.scores.bounds import Bounds

STATES = 'scores.safetensors'
TABLE = 'scores.json'


@dataclass(frozen=True)
class Kept:
    """What is kept of one score."""

    state: State
    bounds: Bounds | None = None  # None: not calibrated yet


def keep(folder: Path, version: str, scores: Mapping[str, Kept]) -> None:
    """Put the scores of the checkpoint in folder, which is of that version, beside it."""
    tensors = {f'{name}/{key}': v for name, k in scores.items() for key, v in k.state.items()}
    data = save_tensors({key: value.contiguous() for key, value in tensors.items()})
    bounds = {name: asdict(k.bounds) if k.bounds else None for name, k in scores.items()}
    table = {'version': version, 'states': sha256(data).hexdigest(), 'scores': bounds}
    add(folder, STATES, data)
    add(folder, TABLE, (json.dumps(table, indent=2) + '\n').encode())


def kept(folder: Path, version: str) -> dict[str, Kept]:
    """
    Return the scores beside a checkpoint of that version, {} where there are none.

    Raises CheckpointError for those of another version, as for half a copy.
    """
    if not (folder / TABLE).is_file():
        return {}
    table = json.loads((folder / TABLE).read_text())
    data = (folder / STATES).read_bytes() if (folder / STATES).is_file() else b''
    if table['version'] != version or sha256(data).hexdigest() != table['states']:
        raise CheckpointError(
            f'{folder}: {TABLE} and {STATES} are not of its version {version}; fit the scores '
            f'again (il-ros gate {folder}), or delete both files'
        )
    tensors = load_tensors(data)
    found = {}
    for name, bounds in table['scores'].items():
        own = [key for key in tensors if key.startswith(f'{name}/')]
        state = {key.removeprefix(f'{name}/'): tensors[key] for key in own}
        found[name] = Kept(state, Bounds(**bounds) if bounds else None)
    return found

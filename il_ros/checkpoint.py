"""
A checkpoint acts alone: a folder of weights, configuration, statistics, provenance, their hashes.

hashes.json is written last and removed first, so a folder that has it is whole.
"""

import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from il_ros import calibration
from il_ros.config import load_yaml
from il_ros.spec import RobotSpec

WEIGHTS = 'weights.safetensors'
STATISTICS = 'statistics.safetensors'
CONFIG = 'config.yaml'
PROVENANCE = 'provenance.json'
HASHES = 'hashes.json'
EVALUATION = 'evaluation.json'
HASHED = (WEIGHTS, STATISTICS, CONFIG, PROVENANCE)
ACTS = (WEIGHTS, STATISTICS, CONFIG)  # what decides how it acts, and so its version


class CheckpointError(ValueError):
    """A folder is no checkpoint, is damaged, or is for another robot."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint folder holds."""

    folder: Path
    version: str  # 8 hex digits; another for other weights, statistics or configuration
    config: dict[str, Any]  # the fields of a TrainConfig
    robot: dict[str, Any]  # what robot_card() returns
    weights: dict[str, Tensor]  # EMA
    statistics: dict[str, Tensor]
    provenance: dict[str, Any]


def save(
    folder: Path,
    config: Any,
    robot: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    statistics: Mapping[str, Tensor],
    provenance: Mapping[str, Any],
) -> None:
    """Write a checkpoint into folder, whole or not at all; config is a dataclass."""
    parts = {'policy': _plain(dataclasses.asdict(config)), 'robot': _plain(dict(robot))}
    contents = {
        WEIGHTS: save_tensors({name: _dense(t) for name, t in weights.items()}),
        STATISTICS: save_tensors({name: _dense(t) for name, t in statistics.items()}),
        CONFIG: yaml.safe_dump(parts, sort_keys=False).encode(),
        PROVENANCE: _json(dict(provenance)),
    }
    contents[HASHES] = _json({name: _hash(data) for name, data in contents.items()})
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.writing-', dir=folder) as temporary:
        for name, data in contents.items():
            _write(Path(temporary, name), data)
        (folder / HASHES).unlink(missing_ok=True)
        for name in contents:
            os.replace(Path(temporary, name), folder / name)


def load(folder: str | Path) -> Checkpoint:
    """Read a checkpoint; CheckpointError says which file is missing or changed, and what to do."""
    folder = Path(folder)
    hashes = _hashes(folder)
    return _checkpoint(folder, hashes, {n: _verified(folder, n, hashes) for n in HASHED})


def peek(folder: str | Path) -> Checkpoint:
    """Read and verify a checkpoint without its weights, which may be large: weights is {}."""
    folder = Path(folder)
    hashes = _hashes(folder)
    data = {name: _verified(folder, name, hashes) for name in HASHED if name != WEIGHTS}
    return _checkpoint(folder, hashes, {**data, WEIGHTS: save_tensors({})})


def is_checkpoint(folder: str | Path) -> bool:
    """Whether folder holds a finished checkpoint; its hashes are what is written last."""
    return Path(folder, HASHES).is_file()


def read_provenance(folder: str | Path) -> dict[str, Any]:
    """Return where a checkpoint came from: 'bags' (paths), 'bag_keys', 'command' ..."""
    folder = Path(folder)
    return json.loads(_verified(folder, PROVENANCE, _hashes(folder)))


def read_parts(folder: str | Path) -> dict[str, Any]:
    """Return {'policy': the fields of a TrainConfig, 'robot': ...} of a checkpoint."""
    folder = Path(folder)
    _verified(folder, CONFIG, _hashes(folder))
    return load_yaml(folder / CONFIG)


def add_evaluation(folder: str | Path, evaluation: Mapping[str, Any]) -> None:
    """Put the figures of an evaluation beside the checkpoint's weights, replacing older ones."""
    add(folder, EVALUATION, _json(dict(evaluation)))


def add(folder: str | Path, name: str, data: bytes) -> None:
    """Put a file beside a checkpoint's weights, replacing an older one; whole or not at all."""
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f'{folder}: no such checkpoint')
    temporary = folder / f'.{name}-{os.getpid()}'
    _write(temporary, data)
    os.replace(temporary, folder / name)


def robot_card(spec: RobotSpec, cameras: tuple[str, ...], task: str) -> dict[str, Any]:
    """Return what a checkpoint remembers of the robot and of the cameras that it uses."""
    sizes = {camera.name: [camera.width, camera.height] for camera in spec.cameras}
    return {
        'name': spec.name,
        'joint_names': list(spec.joint_names),
        'control_hz': float(spec.control_hz),
        'cameras': {name: sizes[name] for name in cameras},
        'task': task,
        calibration.KEY: calibration.card(spec),
    }


def check_fits(checkpoint: Checkpoint, spec: RobotSpec) -> None:
    """Raise CheckpointError naming everything in which the robot is not the checkpoint's."""
    gaps = list(_differences(checkpoint.robot, spec))
    if gaps:
        raise CheckpointError(
            f'{checkpoint.folder} does not fit robot {spec.name!r}: {"; ".join(gaps)}. '
            f'It was trained for {checkpoint.robot["name"]!r}: load one that was trained for this '
            'robot, or correct the robot YAML'
        )
    wrong = calibration.misfit(checkpoint.robot.get(calibration.KEY), spec)
    if wrong:
        raise CheckpointError(f'{checkpoint.folder} does not fit robot {spec.name!r}: {wrong}')


def _differences(card: Mapping[str, Any], spec: RobotSpec) -> list[str]:
    """Return one sentence for each thing in which spec is not what card remembers."""
    gaps = []
    names, wanted = list(spec.joint_names), list(card['joint_names'])
    if len(names) != len(wanted):
        gaps.append(f'{len(wanted)} joints expected, the robot has {len(names)}')
    if names != wanted:
        odd = [name for name in wanted if name not in names]
        gaps.append(f'joints {odd} are not there' if odd else 'the joints are in another order')
    if spec.control_hz != card['control_hz']:
        gaps.append(f'control at {card["control_hz"]:g} Hz expected, not {spec.control_hz:g} Hz')
    sizes = {camera.name: [camera.width, camera.height] for camera in spec.cameras}
    for name, size in card['cameras'].items():
        if name not in sizes:
            gaps.append(f'camera {name!r} is missing, the robot has {sorted(sizes)}')
        elif sizes[name] != size:
            gaps.append(f'camera {name!r} has {sizes[name]} pixels, {size} expected')
    return gaps


def _checkpoint(folder: Path, hashes: Mapping[str, str], data: Mapping[str, bytes]) -> Checkpoint:
    """Return what the files, {name: bytes}, of a checkpoint hold."""
    try:
        parts = yaml.safe_load(data[CONFIG])
        return Checkpoint(
            folder=folder,
            version=_hash(''.join(hashes[name] for name in ACTS).encode())[:8],
            config=parts['policy'],
            robot=parts['robot'],
            weights=load_tensors(data[WEIGHTS]),
            statistics=load_tensors(data[STATISTICS]),
            provenance=json.loads(data[PROVENANCE]),
        )
    except (KeyError, TypeError, SafetensorError, ValueError, yaml.YAMLError) as error:
        raise CheckpointError(f'{folder}: not readable as a checkpoint: {error!r}') from error


def _hashes(folder: Path) -> dict[str, str]:
    """Return the hashes that the checkpoint was written with."""
    if not folder.is_dir():
        raise CheckpointError(f'{folder}: no such checkpoint folder')
    if not (folder / HASHES).is_file():
        raise CheckpointError(
            f'{folder}: no {HASHES}, so this is no finished checkpoint; '
            'finish the training (il-ros train resumes it) or name another folder'
        )
    hashes = json.loads((folder / HASHES).read_text())
    missing = [name for name in HASHED if name not in hashes]
    if missing:
        raise CheckpointError(f'{folder}: {HASHES} does not list {missing}; copy it again, whole')
    return hashes


def _verified(folder: Path, name: str, hashes: Mapping[str, str]) -> bytes:
    """Return the bytes of a file of the checkpoint that is what was written."""
    path = folder / name
    if not path.is_file():
        raise CheckpointError(f'{folder}: {name} is missing; copy the checkpoint again, whole')
    data = path.read_bytes()
    if _hash(data) != hashes[name]:
        what = 'statistics hash' if name == STATISTICS else 'hash'
        raise CheckpointError(
            f'{folder}: {name} has {what} {_hash(data)[:8]}, but {HASHES} says '
            f'{hashes[name][:8]}: it was changed or half copied; copy the checkpoint again, whole'
        )
    return data


def _write(path: Path, data: bytes) -> None:
    """Write data and have it on disk."""
    with path.open('wb') as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + '\n').encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _dense(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().contiguous()


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return content with tuples as lists, as YAML knows them."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in content.items()}

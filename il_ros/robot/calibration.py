"""The calibration file that a robot's YAML includes: read, written, and named in the YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from il_ros.config import load_config, load_yaml
from il_ros.registry import nearest
from il_ros.spec import Calibration

HEADER = """\
# Measured by `il-ros calibrate`; the robot's YAML names this file, and every bag and checkpoint
# remembers what it says. Keep it with the robot, not with others of its kind.
"""


@dataclass(frozen=True)
class _File:
    """The keys of a calibration file."""

    measured: str = ''  # when
    joints: dict[str, Any] = field(default_factory=dict)  # name: {sign, offset [rad, m]}
    latency_s: dict[str, float] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)  # relative to the file
    accepts: tuple[str, ...] = ()


def load_calibration(path: Path, names: tuple[str, ...]) -> Calibration:
    """Read a calibration of joints called names; ValueError says which file, key and remedy."""
    if not path.is_file():
        raise ValueError(
            f'{path}: no such calibration; write it by "il-ros calibrate --robot YAML", or take '
            'the line "calibration:" out of the robot YAML'
        )
    given = load_config(_File, path)
    return Calibration(
        joints={n: _joint(row, n, names, f'{path}: joints') for n, row in given.joints.items()},
        latency_s={n: _seconds(s, f'{path}: latency_s: {n}') for n, s in given.latency_s.items()},
        images={name: str(path.parent / image) for name, image in given.images.items()},
        accepts=tuple(map(str, given.accepts)),
        file=str(path),
    )


def _joint(row: Any, name: str, names: tuple[str, ...], where: str) -> tuple[float, float]:
    if name not in names:
        raise ValueError(f'{where}: the robot has no joint {name!r}{nearest(name, names)}')
    if not isinstance(row, Mapping) or set(row) != {'sign', 'offset'}:
        raise ValueError(f'{where}: {name}: expected sign and offset, got {row!r}')
    if row['sign'] not in (1, -1):
        raise ValueError(f'{where}: {name}: sign {row["sign"]!r}; expected 1 or -1')
    return float(row['sign']), _seconds(row['offset'], f'{where}: {name}: offset')


def _seconds(value: Any, where: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f'{where}: expected a number, got {value!r}') from None


def write_calibration(path: Path, calibration: Calibration, measured: str) -> None:
    """Write a calibration whole; measured says when. Images are named relative to path."""
    content = {
        'measured': measured,
        'joints': {
            name: {'sign': int(sign), 'offset': round(offset, 5)}
            for name, (sign, offset) in calibration.joints.items()
        },
        'latency_s': {name: round(s, 4) for name, s in calibration.latency_s.items()},
        'images': {name: Path(image).name for name, image in calibration.images.items()},
        'accepts': list(calibration.accepts),
    }
    partial = path.with_suffix('.partial')
    partial.write_text(HEADER + yaml.safe_dump(content, sort_keys=False))
    partial.replace(path)


def calibration_file(robot: Path) -> Path:
    """Return the calibration file of a robot's YAML: the one it names, or the one to write."""
    named = load_yaml(robot).get('calibration')
    return robot.parent / (named or f'{robot.stem}.calibration.yaml')


def name_in(robot: Path, file: Path) -> None:
    """Let a robot's YAML include a calibration file, by one line at its end; nothing else."""
    if load_yaml(robot).get('calibration'):
        return
    text = robot.read_text()
    line = f'calibration: {file.name} # how this one counts; written by il-ros calibrate\n'
    partial = robot.with_suffix('.partial')
    partial.write_text(text + ('' if text.endswith('\n') else '\n') + line)
    if load_yaml(partial).get('calibration') != file.name:
        partial.unlink()
        raise ValueError(f'{robot}: add this line to its top level: {line.strip()}')
    partial.replace(robot)


def accepting(calibration: Calibration, other: str) -> Calibration:
    """Return a calibration by which recordings of another, a hash of 8 digits, are as good."""
    if len(other) != 8 or set(other) - set('0123456789abcdef'):
        raise ValueError(f'--accept {other}: expected the 8 digits that the refusal has told')
    return replace(calibration, accepts=(*dict.fromkeys((*calibration.accepts, other)),))

"""Config files are flat: one frozen dataclass, a file holds only differences, typos are errors."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from il_ros.registry import nearest
from il_ros.share import share

C = TypeVar('C')


def load_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML mapping; ValueError names the file when it is not one."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f'{path}: no such file')
    try:
        given = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise ValueError(f'{path}: not valid YAML: {error}') from error
    if not isinstance(given, dict):
        raise ValueError(f'{path}: expected "key: value" lines, got {type(given).__name__}')
    return given


def from_mapping(cls: type[C], given: dict[str, Any], where: str) -> C:
    """
    Build the dataclass cls from a mapping of its fields.

    Raises ValueError for an unknown key (naming the nearest) or a value of the wrong type.
    """
    assert is_dataclass(cls)
    names = [f.name for f in fields(cls)]
    for key in given:
        if key not in names:
            raise ValueError(
                f'{where}: unknown key {key!r}{nearest(key, names)}; known: {", ".join(names)}'
            )
    hints = get_type_hints(cls)
    return cls(**{k: _typed(v, hints[k], f'{where}: {k}') for k, v in given.items()})


def load_config(cls: type[C], path: str | Path) -> C:
    """Read a YAML file of differences into the dataclass cls; errors name the file."""
    return from_mapping(cls, load_yaml(path), str(path))


def _typed(value: Any, kind: Any, where: str) -> Any:
    """Return value as kind where YAML can have meant it; PyYAML reads 1e-5 as text."""
    if kind is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            raise ValueError(f'{where}: expected a number, got {value!r}') from None
    if kind in (int, bool, str) and type(value) is not kind:
        raise ValueError(f'{where}: expected {kind.__name__}, got {value!r}')
    if isinstance(value, list):
        return tuple(value)
    return value


def shipped(folder: str) -> tuple[str, ...]:
    """Return the names of the YAMLs that ship in config/<folder>."""
    return tuple(sorted(path.stem for path in share('config', folder).glob('*.yaml')))


def config_file(folder: str, name_or_path: str | Path, what: str) -> Path:
    """Return the YAML of a `what` that ships, or the one at a path; ValueError for no name."""
    path, name, known = Path(name_or_path), str(name_or_path), shipped(folder)
    if path.suffix in ('.yaml', '.yml'):
        return path
    if name not in known:
        raise ValueError(
            f'unknown {what} {name!r}{nearest(name, known)}; known: {", ".join(known)}, or a YAML'
        )
    return share('config', folder, f'{name}.yaml')

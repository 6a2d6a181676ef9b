"""config/pads/<name>.yaml -> JoyMapping; a typo is named, with the file and what is allowed."""

from pathlib import Path
from typing import Any

from il_ros.config import config_file, from_mapping, load_yaml, shipped
from il_ros.registry import nearest
from il_ros.teleop.layout import LAYOUTS, Layout
from il_ros.teleop.mapping import DIRECTIONS, EVENTS, Drive, JoyMapping, Layer

DEFAULT = 'xbox'
SECTIONS = Layer.PARTS
KEYS = ('layout', 'dead_man', 'label', *SECTIONS, 'shift')


def pads() -> tuple[str, ...]:
    """Return the mappings that ship."""
    return shipped('pads')


def load_mapping(name_or_path: str | Path = DEFAULT) -> JoyMapping:
    """Read config/pads/<name>.yaml ('': xbox), or a YAML; ValueError says what is wrong in it."""
    path = config_file('pads', name_or_path or DEFAULT, 'mapping')
    given = load_yaml(path)
    for key in given:
        _known(str(key), KEYS, f'{path}')
    layout = _layout(given.get('layout', 'controller'), f'{path}: layout')
    if 'dead_man' not in given:
        raise ValueError(
            f'{path}: dead_man is missing; name the button that takes over while held'
        )
    held = _buttons(given['dead_man'], layout, f'{path}: dead_man')
    label = _buttons(given['label'], layout, f'{path}: label') if 'label' in given else ()
    plain = _layer({k: v for k, v in given.items() if k in SECTIONS}, layout, str(path))
    shift = {
        name: plain.over(_layer(section, layout, where))
        for name, section, where in _items(given.get('shift'), layout.buttons, f'{path}: shift')
    }
    return JoyMapping(layout, held, plain, shift, str(path), label)


def _layout(given: Any, where: str) -> Layout:
    """Return a layout by its name, or of the names that a raw device's axes and buttons have."""
    if isinstance(given, str):
        return LAYOUTS[_known(given, tuple(LAYOUTS), where)]
    if not isinstance(given, dict) or set(given) != {'axes', 'buttons'}:
        expected = f'one of {", ".join(LAYOUTS)}, or {{axes: [...], buttons: [...]}}'
        raise ValueError(f'{where}: expected {expected}, got {given!r}')
    axes, buttons = (tuple(map(str, given[key] or ())) for key in ('axes', 'buttons'))
    for names in (axes, buttons):
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f'{where}: {twice[0]!r} is there twice')
    return Layout(axes, buttons)


def _layer(given: Any, layout: Layout, where: str) -> Layer:
    """Return one meaning of sticks and buttons."""
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected {", ".join(SECTIONS)}, got {given!r}')
    for key in given:
        _known(str(key), SECTIONS, where)
    select, axes, buttons, events = (
        _items(given.get(key), getattr(layout, 'axes' if key == 'axes' else 'buttons'), at)
        for key, at in ((key, f'{where}: {key}') for key in SECTIONS)
    )
    return Layer(
        {name: _names(value, at, 'arm') for name, value, at in select},
        {name: _drive(value, at) for name, value, at in axes},
        {name: _drive(value, at) for name, value, at in buttons},
        {name: _known(str(value), EVENTS, at) for name, value, at in events},
    )


def _items(given: Any, known: tuple[str, ...], where: str) -> list[tuple[str, Any, str]]:
    """Return (key, value, where) of a section; the keys must be known."""
    if given is None:
        return []
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected "name: ..." lines, got {given!r}')
    return [(_known(str(k), known, where), v, f'{where}: {k}') for k, v in given.items()]


def _buttons(given: Any, layout: Layout, where: str) -> tuple[str, ...]:
    """Return names of the layout's buttons."""
    return tuple(_known(name, layout.buttons, where) for name in _names(given, where, 'button'))


def _known(name: str, known: tuple[str, ...], where: str) -> str:
    if name not in known:
        raise ValueError(
            f'{where}: unknown name {name!r}{nearest(name, known)}; known: {", ".join(known)}'
        )
    return name


def _names(given: Any, where: str, what: str) -> tuple[str, ...]:
    names = given if isinstance(given, list) else [given]
    kinds = (str, int) if what == 'button' else str  # a key may be called 3
    if not names or not all(isinstance(name, kinds) for name in names):
        raise ValueError(f'{where}: expected a list of {what}s, got {given!r}')
    return tuple(map(str, names))


def _drive(given: Any, where: str) -> Drive:
    if not isinstance(given, dict) or not {'direction', 'speed'} <= set(given):
        raise ValueError(f'{where}: expected {{direction: ..., speed: ...}}, got {given!r}')
    drive = from_mapping(Drive, given, where)
    _known(drive.direction, DIRECTIONS, where)
    return drive

"""config/joystick.yaml: what each button and axis of a game controller does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.config import from_mapping, load_yaml
from il_ros.registry import nearest
from il_ros.share import share

# Indices of SDL's game controllers, as game_controller_node of the ROS joy package publishes them.
# Source: https://docs.ros.org/en/jazzy/p/joy
AXES = ('leftx', 'lefty', 'rightx', 'righty', 'triggerleft', 'triggerright')
BUTTONS = (
    *('A', 'B', 'X', 'Y', 'back', 'guide', 'start', 'leftstick', 'rightstick'),
    *('leftshoulder', 'rightshoulder', 'dpad_up', 'dpad_down', 'dpad_left', 'dpad_right'),
    *('misc1', 'paddle1', 'paddle2', 'paddle3', 'paddle4', 'touchpad'),
)
TWIST = ('x', 'y', 'z', 'roll', 'pitch', 'yaw')  # [m/s], [rad/s], axes of the robot's root
DIRECTIONS = (*TWIST, 'gripper')  # [opening/s]
EVENTS = ('start', 'stop', 'success', 'failure', 'discard', 'reset', 'estop')
PRESSED = 0.5  # Joy's buttons are 0 or 1


@dataclass(frozen=True)
class Drive:
    """What an axis at full deflection, or a button held, moves."""

    direction: str  # one of DIRECTIONS
    speed: float  # [m/s], [rad/s], [opening/s]; negative for the other way


@dataclass(frozen=True)
class JoyMapping:
    """The meaning of a game controller; keys are names of AXES and BUTTONS."""

    dead_man: str
    select: dict[str, tuple[str, ...]]  # button -> arms
    axes: dict[str, Drive]
    buttons: dict[str, Drive]
    events: dict[str, str]  # button -> one of EVENTS

    def velocity(self, axes: np.ndarray, buttons: np.ndarray) -> np.ndarray:
        """Return what is asked for (7,), in the order of DIRECTIONS; a short message is padded."""
        total = np.zeros(len(DIRECTIONS))
        for name, drive in self.axes.items():
            total[DIRECTIONS.index(drive.direction)] += drive.speed * _deflection(axes, name)
        for name, drive in self.buttons.items():
            total[DIRECTIONS.index(drive.direction)] += drive.speed * is_pressed(buttons, name)
        return total

    def is_engaged(self, buttons: np.ndarray) -> bool:
        """Whether the dead-man button is held."""
        return is_pressed(buttons, self.dead_man)

    def selected(self, buttons: np.ndarray) -> tuple[str, ...]:
        """Return the arms whose button is held, () while none is."""
        for name, arms in self.select.items():
            if is_pressed(buttons, name):
                return arms
        return ()

    def pressed_events(self, previous: np.ndarray, buttons: np.ndarray) -> list[str]:
        """Return the events of the buttons that went down between two readings."""
        return [
            event
            for name, event in self.events.items()
            if is_pressed(buttons, name) and not is_pressed(previous, name)
        ]


def is_pressed(buttons: np.ndarray, name: str) -> bool:
    """Whether the button called name is held; one that the device does not have is not."""
    index = BUTTONS.index(name)
    return index < len(buttons) and bool(buttons[index] > PRESSED)


def _deflection(axes: np.ndarray, name: str) -> float:
    """Return -1..1, or 0..1 for a trigger, which the joy package counts from 0 to -1."""
    index = AXES.index(name)
    value = float(axes[index]) if index < len(axes) else 0.0
    return abs(value) if name.startswith('trigger') else value


def load_mapping(path: str | Path | None = None) -> JoyMapping:
    """Read a joystick mapping, the shipped one by default; ValueError says what is wrong in it."""
    path = Path(path) if path is not None else share('config', 'joystick.yaml')
    given = {'select': {}, 'axes': {}, 'buttons': {}, 'events': {}, **load_yaml(path)}
    if 'dead_man' not in given:
        raise ValueError(
            f'{path}: dead_man is missing; name the button that takes over while held'
        )
    mapping = from_mapping(JoyMapping, given, str(path))
    _known(mapping.dead_man, BUTTONS, f'{path}: dead_man')
    return JoyMapping(
        mapping.dead_man,
        {k: _arms(v, w) for k, v, w in _items(mapping.select, BUTTONS, f'{path}: select')},
        {k: _drive(v, w) for k, v, w in _items(mapping.axes, AXES, f'{path}: axes')},
        {k: _drive(v, w) for k, v, w in _items(mapping.buttons, BUTTONS, f'{path}: buttons')},
        {
            k: _known(str(v), EVENTS, w)
            for k, v, w in _items(mapping.events, BUTTONS, f'{path}: events')
        },
    )


def _items(given: Any, known: tuple[str, ...], where: str) -> list[tuple[str, Any, str]]:
    """Return (key, value, where) of a section; the keys must be known."""
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected "name: ..." lines, got {given!r}')
    return [(_known(str(k), known, where), v, f'{where}: {k}') for k, v in given.items()]


def _known(name: str, known: tuple[str, ...], where: str) -> str:
    if name not in known:
        raise ValueError(
            f'{where}: unknown name {name!r}{nearest(name, known)}; known: {", ".join(known)}'
        )
    return name


def _arms(given: Any, where: str) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names:
        raise ValueError(f'{where}: expected a list of arms, got {given!r}')
    return tuple(map(str, names))


def _drive(given: Any, where: str) -> Drive:
    if not isinstance(given, dict) or not {'direction', 'speed'} <= set(given):
        raise ValueError(f'{where}: expected {{direction: ..., speed: ...}}, got {given!r}')
    drive = from_mapping(Drive, given, where)
    _known(drive.direction, DIRECTIONS, where)
    return drive

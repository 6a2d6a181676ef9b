"""config/pads: what each button and axis of a joystick, or each key of a keyboard, does."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from il_ros.teleop.layout import Layout

TWIST = ('x', 'y', 'z', 'roll', 'pitch', 'yaw')  # [m/s], [rad/s], axes of the robot's root
HAND = (*TWIST, 'gripper')  # [opening/s]
JOINTS = tuple(f'joint_{number}' for number in range(1, 8))  # [rad/s] from base to wrist
DIRECTIONS = (*HAND, *JOINTS)
SESSION_EVENTS = (
    *('start', 'stop', 'success', 'failure', 'discard', 'redo', 'pause', 'reset'),
    'rollback',  # the checkpoint that acted before acts again
)
EVENTS = (*SESSION_EVENTS, 'take_over', 'hand_back', 'label', 'estop', 'clear_estop')
PRESSED = 0.5  # Joy's buttons are 0 or 1


@dataclass(frozen=True)
class Drive:
    """What an axis at full deflection, or a button held, moves."""

    direction: str  # one of DIRECTIONS
    speed: float  # [m/s], [rad/s], [opening/s]; negative for the other way


@dataclass(frozen=True)
class Layer:
    """One meaning of sticks and buttons; keys are names of the layout."""

    PARTS = ('select', 'axes', 'buttons', 'events')
    select: dict[str, tuple[str, ...]] = field(default_factory=dict)  # button -> arms
    axes: dict[str, Drive] = field(default_factory=dict)
    buttons: dict[str, Drive] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)  # button -> one of EVENTS

    def over(self, shifted: 'Layer') -> 'Layer':
        """Return what counts while shifted: its own, and of this one what it does not name."""
        taken = {*shifted.select, *shifted.buttons, *shifted.events}

        def left(mine: dict[str, Any]) -> dict[str, Any]:
            return {name: meaning for name, meaning in mine.items() if name not in taken}

        return Layer(
            {**left(self.select), **shifted.select},
            {**self.axes, **shifted.axes},
            {**left(self.buttons), **shifted.buttons},
            {**left(self.events), **shifted.events},
        )


@dataclass(frozen=True)
class JoyMapping:
    """
    The meaning of a device: what it is while no shift is held, and while one is.

    dead_man: buttons; while one of them is held the person has the selected arms. label: buttons;
    while one of them is held leader arms, or sticks, tell what to learn, and move nothing.
    """

    layout: Layout
    dead_man: tuple[str, ...]
    plain: Layer
    shift: dict[str, Layer]  # button -> all that counts while it is held
    source: str = ''  # the file
    label: tuple[str, ...] = ()

    @cached_property
    def _buttons(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.layout.buttons)}

    @cached_property
    def _axes(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.layout.axes)}

    @property
    def arms(self) -> set[str]:
        """The arms that can be selected."""
        layers = (self.plain, *self.shift.values())
        return {arm for layer in layers for arms in layer.select.values() for arm in arms}

    def check(self, axes: np.ndarray, buttons: np.ndarray) -> None:
        """Raise ValueError for a reading that is none of this device: its buttons mean others."""
        if len(axes) > len(self.layout.axes) or len(buttons) > len(self.layout.buttons):
            raise ValueError(
                f'joy: {len(axes)} axes and {len(buttons)} buttons, but {self.source} is for '
                f'{len(self.layout.axes)} and {len(self.layout.buttons)}; '
                'give the mapping of this device (mapping:=NAME, see config/pads)'
            )
        if not np.isfinite(axes).all():
            raise ValueError('joy: an axis is not finite')

    def velocity(self, axes: np.ndarray, buttons: np.ndarray) -> np.ndarray:
        """Return what is asked for (14,), in the order of DIRECTIONS; what is missing is 0."""
        total, layer = np.zeros(len(DIRECTIONS)), self._layer(buttons)
        for name, drive in layer.axes.items():
            deflection = self._deflection(axes, name)
            total[DIRECTIONS.index(drive.direction)] += drive.speed * deflection
        for name, drive in layer.buttons.items():
            is_held = self.is_pressed(buttons, name)
            total[DIRECTIONS.index(drive.direction)] += drive.speed * is_held
        return total

    def is_engaged(self, buttons: np.ndarray, but_moving: bool = False) -> bool:
        """Whether a dead-man button is held; but_moving: one that moves nothing."""
        moving = self.plain.axes if but_moving else ()
        names = (name for name in self.dead_man if name not in moving)
        return any(self.is_pressed(buttons, name) for name in names)

    def is_label(self, buttons: np.ndarray) -> bool:
        """Whether a label button is held."""
        return any(self.is_pressed(buttons, name) for name in self.label)

    def selected(self, buttons: np.ndarray) -> tuple[str, ...]:
        """Return the arms whose button is held, () while none is."""
        for name, arms in self._layer(buttons).select.items():
            if self.is_pressed(buttons, name):
                return arms
        return ()

    def pressed_events(self, previous: np.ndarray, buttons: np.ndarray) -> list[str]:
        """Return the events of the buttons that went down between two readings."""
        return [
            event
            for name, event in self._layer(buttons).events.items()
            if self.is_pressed(buttons, name) and not self.is_pressed(previous, name)
        ]

    def is_pressed(self, buttons: np.ndarray, name: str) -> bool:
        """Whether the button called name is held; one that a reading lacks is not."""
        place = self._buttons[name]
        return place < len(buttons) and bool(buttons[place] > PRESSED)

    def _layer(self, buttons: np.ndarray) -> Layer:
        """Return what counts now."""
        for name, layer in self.shift.items():
            if self.is_pressed(buttons, name):
                return layer
        return self.plain

    def _deflection(self, axes: np.ndarray, name: str) -> float:
        """Return -1..1, or 0..1 for a trigger."""
        place = self._axes[name]
        value = float(axes[place]) if place < len(axes) else 0.0
        return abs(value) if name in self.layout.triggers else value

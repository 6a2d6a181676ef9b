"""What SDL reads: game controllers, whose buttons it has names for, and other joysticks."""

import os
from typing import Protocol

import numpy as np

from il_ros.teleop.layout import Layout

os.environ['PYGAME_HIDE_SUPPORT_PROMPT'] = '1'  # it would print to stdout

import pygame
from pygame._sdl2 import controller

FULL = 32767  # SDL's full deflection
SETTINGS = {
    'SDL_VIDEODRIVER': 'dummy',  # events need a video driver, a screen they do not
    'SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS': '1',  # nobody will click on our window
    'SDL_NO_SIGNAL_HANDLERS': '1',  # Ctrl-C belongs to the program
}


class Device(Protocol):
    """A device that was opened."""

    name: str  # what it calls itself

    def is_attached(self) -> bool:
        """Take what the devices have told since the last time; whether it is still plugged in."""

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return axes in -1..1, right and down positive, and buttons, 0 or 1."""

    def close(self) -> None:
        """Let go of it."""


class GameController:
    """A device whose axes and buttons SDL knows: all are the same ones."""

    def __init__(self, index: int, layout: Layout):
        self._layout = layout
        self._device = controller.Controller(index)
        self.name = self._device.name

    def is_attached(self) -> bool:
        """Whether it is still plugged in."""
        pygame.event.clear()  # a queue that nobody reads fills up
        return bool(self._device.attached())

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return axes and buttons; a trigger goes from 0 to 1."""
        axes = [self._device.get_axis(place) / FULL for place in range(len(self._layout.axes))]
        held = [self._device.get_button(place) for place in range(len(self._layout.buttons))]
        return np.clip(axes, -1.0, 1.0), np.array(held, dtype=np.float64)

    def close(self) -> None:
        """Let go of it."""
        self._device.quit()


class RawJoystick:
    """A device that only its mapping has names for: axes in its own order, then hats."""

    def __init__(self, index: int):
        self._device = pygame.joystick.Joystick(index)
        self.name = self._device.get_name()
        self._is_attached = True

    @property
    def counts(self) -> tuple[int, int]:
        """How many axes it has, a hat being two, and how many buttons."""
        hats, axes = self._device.get_numhats(), self._device.get_numaxes()
        return axes + 2 * hats, self._device.get_numbuttons()

    def is_attached(self) -> bool:
        """Whether it is still plugged in."""
        for event in pygame.event.get():
            if event.type == pygame.JOYDEVICEREMOVED:
                self._is_attached &= event.instance_id != self._device.get_instance_id()
        return self._is_attached

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return axes and buttons; a hat's up is -1, as a stick's."""
        device = self._device
        axes = [device.get_axis(place) for place in range(device.get_numaxes())]
        for place in range(device.get_numhats()):
            side, up = device.get_hat(place)
            axes += [side, -up]
        held = [device.get_button(place) for place in range(device.get_numbuttons())]
        return np.clip(axes, -1.0, 1.0), np.array(held, dtype=np.float64)

    def close(self) -> None:
        """Let go of it."""
        self._device.quit()


def start() -> None:
    """Start SDL, without a window."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    pygame.display.init()
    pygame.joystick.init()
    controller.init()


def stop() -> None:
    """Leave SDL."""
    controller.quit()
    pygame.joystick.quit()
    pygame.display.quit()


def open_device(index: int, layout: Layout) -> Device | None:
    """Return the index-th device, None where there is none of this kind or of these counts."""
    pygame.event.pump()  # what was plugged in since the last time
    if index >= pygame.joystick.get_count():
        return None
    if not layout.is_raw:
        return GameController(index, layout) if controller.is_controller(index) else None
    device = RawJoystick(index)
    return device if device.counts == (len(layout.axes), len(layout.buttons)) else None


def seen() -> str:
    """Return what SDL sees, a device after the other."""
    count = pygame.joystick.get_count()
    return f'SDL sees {count} joysticks' + ''.join(f'; {i}: {_described(i)}' for i in range(count))


def _described(index: int) -> str:
    device = RawJoystick(index)
    axes, buttons = device.counts
    kind = 'game controller' if controller.is_controller(index) else 'joystick'
    return f'{device.name!r}, a {kind} of {axes} axes and {buttons} buttons'

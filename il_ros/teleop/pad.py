"""An SDL game controller, read as the ROS joy package's game_controller_node publishes one."""

import os

import numpy as np

from il_ros.teleop.layout import AXES, BUTTONS

os.environ['PYGAME_HIDE_SUPPORT_PROMPT'] = '1'  # it would print to stdout

import pygame
from pygame._sdl2 import controller

DEAD_ZONE = 0.05  # of full deflection: sticks do not quite return; the joy package's default
FULL = 32767  # SDL's full deflection
SETTINGS = {
    'SDL_VIDEODRIVER': 'dummy',  # events need a video driver, a screen they do not
    'SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS': '1',  # nobody will click on our window
    'SDL_NO_SIGNAL_HANDLERS': '1',  # Ctrl-C belongs to the program
}


class NoPad(RuntimeError):
    """There is no game controller to read."""


class Pad:
    """The index-th game controller of the system; plugged out and in again, it goes on."""

    def __init__(self, index: int = 0):
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        pygame.display.init()
        controller.init()
        self._index = index
        self._pad = self._open()
        self.message = ''  # what a person should know about the device, '' when all is well
        if self._pad is None:
            raise NoPad(
                f'no game controller {index}: {_seen()}. Plug one in; this user must be able to '
                'read /dev/input/event* (group "input"); one that SDL does not know needs a '
                'mapping in SDL_GAMECONTROLLERCONFIG'
            )

    @property
    def name(self) -> str:
        """What the device calls itself."""
        return self._pad.name if self._pad is not None else ''

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """
        Return axes (6,) in -1..1, left and up positive, and buttons (21,), 0 or 1.

        Unplugged, everything is released and `message` says so.
        """
        pygame.event.pump()
        if self._pad is None or not self._pad.attached():
            self._pad = self._open()
        if self._pad is None:
            self.message = f'game controller {self._index} is unplugged: everything is released'
            return np.zeros(len(AXES)), np.zeros(len(BUTTONS))
        self.message = ''
        raw = np.array([self._pad.get_axis(i) for i in range(len(AXES))])
        held = [float(self._pad.get_button(i)) for i in range(len(BUTTONS))]
        return deflection(raw), np.array(held)

    def close(self) -> None:
        """Let go of the device."""
        if self._pad is not None:
            self._pad.quit()
        self._pad = None
        controller.quit()
        pygame.display.quit()

    def _open(self) -> controller.Controller | None:
        """Open the device if it is there and SDL knows its buttons."""
        if self._index >= controller.get_count() or not controller.is_controller(self._index):
            return None
        return controller.Controller(self._index)


def deflection(raw: np.ndarray) -> np.ndarray:
    """
    Return SDL's axes (6,) int16 as -1..1, dead zone taken out, sign turned to left and up.

    Triggers, which SDL counts from 0 up, so go from 0 to -1.
    Source: https://github.com/ros-drivers/joystick_drivers (joy, game_controller_node).
    """
    part = np.clip(raw / FULL, -1.0, 1.0)
    beyond = np.maximum(np.abs(part) - DEAD_ZONE, 0.0) / (1.0 - DEAD_ZONE)
    return 0.0 - np.sign(part) * beyond  # 0 - x: rest is 0, not -0


def _seen() -> str:
    """Say what SDL sees instead."""
    count = controller.get_count()
    known = [i for i in range(count) if controller.is_controller(i)]
    return f'SDL sees {count} joysticks, of which game controllers: {known or "none"}'

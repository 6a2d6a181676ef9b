"""A joystick, read as the ROS joy package's nodes publish one."""

import numpy as np

from il_ros.teleop import sdl_devices as sdl
from il_ros.teleop.layout import LAYOUTS, Layout

DEAD_ZONE = 0.05  # of full deflection: sticks do not quite return; the joy package's default
CONTROLLER = LAYOUTS['controller']


class NoPad(RuntimeError):
    """There is no joystick to read."""


class Pad:
    """The index-th joystick of the system; plugged out and in again, it goes on."""

    def __init__(self, index: int = 0, layout: Layout = CONTROLLER):
        sdl.start()
        self._index, self._layout = index, layout
        self._device = sdl.open_device(index, layout)
        self.message = ''  # what a person should know about the device, '' when all is well
        if self._device is None:
            raise NoPad(
                f'no {self._kind()} {index}: {sdl.seen()}. Plug one in; this user must be able to '
                f'read /dev/input/event* (group "input"); {self._remedy()}'
            )

    @property
    def name(self) -> str:
        """What the device calls itself."""
        return self._device.name if self._device is not None else ''

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """
        Return axes in -1..1, left and up positive, and buttons, 0 or 1, as the layout orders them.

        Unplugged, everything is released and `message` says so.
        """
        if self._device is None or not self._device.is_attached():
            self._device = sdl.open_device(self._index, self._layout)
        if self._device is None:
            self.message = f'{self._kind()} {self._index} is unplugged: everything is released'
            return np.zeros(len(self._layout.axes)), np.zeros(len(self._layout.buttons))
        self.message = ''
        axes, held = self._device.read()
        return deflection(axes), held

    def close(self) -> None:
        """Let go of the device."""
        if self._device is not None:
            self._device.close()
        self._device = None
        sdl.stop()

    def _kind(self) -> str:
        return 'joystick' if self._layout.is_raw else 'game controller'

    def _remedy(self) -> str:
        if self._layout.is_raw:
            axes, buttons = len(self._layout.axes), len(self._layout.buttons)
            return f'the mapping is for {axes} axes (a hat is two) and {buttons} buttons'
        return (
            'one that SDL does not know needs a mapping that names its axes and buttons, like '
            'config/pads/stick.yaml, or an entry in SDL_GAMECONTROLLERCONFIG'
        )


def deflection(axes: np.ndarray) -> np.ndarray:
    """
    Return SDL's axes, -1..1, with the dead zone taken out, sign turned to left and up.

    Triggers, which SDL counts from 0 up, so go from 0 to -1.
    Source: https://github.com/ros-drivers/joystick_drivers (joy, game_controller_node).
    """
    beyond = np.maximum(np.abs(axes) - DEAD_ZONE, 0.0) / (1.0 - DEAD_ZONE)
    return 0.0 - np.sign(axes) * beyond  # 0 - x: rest is 0, not -0

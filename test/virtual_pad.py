"""
A joystick that exists in SDL only: SDL's own virtual joystick, in the process that reads it.

As a program it is joystick_node with such a device, which does what is written to stdin, a line a
time: `axis NAME VALUE`, `button NAME 0|1`, `hat VALUE`, `plug`, `unplug`.
"""

import ctypes
import sys
import threading
from pathlib import Path

from il_ros.teleop import sdl_devices
from il_ros.teleop.layout import AXES, BUTTONS

GAME_CONTROLLER, FLIGHT_STICK = 1, 4  # SDL_JoystickType
FULL = 32767
UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8  # SDL_HAT_*


class VirtualPad:
    """A device to plug in and out; the library is the one that pygame has loaded."""

    def __init__(self, kind=GAME_CONTROLLER, axes=AXES, buttons=BUTTONS, hats=0):
        self.kind, self.axes, self.buttons, self.hats = kind, axes, buttons, hats
        maps = Path('/proc/self/maps').read_text()
        path = next(word for word in maps.split() if 'libSDL2-2' in word)
        self.sdl = ctypes.CDLL(path)
        self.sdl.SDL_JoystickOpen.restype = ctypes.c_void_p
        types = {'Axis': ctypes.c_int16, 'Button': ctypes.c_uint8, 'Hat': ctypes.c_uint8}
        for name, value in types.items():
            function = getattr(self.sdl, f'SDL_JoystickSetVirtual{name}')
            function.argtypes = (ctypes.c_void_p, ctypes.c_int, value)
        self.plug()

    def plug(self):
        """Attach the device."""
        counts = len(self.axes), len(self.buttons), self.hats
        index = self.sdl.SDL_JoystickAttachVirtual(self.kind, *counts)
        assert index == 0
        self.joystick = self.sdl.SDL_JoystickOpen(index)

    def axis(self, name, value):
        """Move an axis, in SDL's units and sign."""
        self.sdl.SDL_JoystickSetVirtualAxis(self.joystick, self.axes.index(name), int(value))

    def button(self, name, held):
        """Press or release a button."""
        self.sdl.SDL_JoystickSetVirtualButton(self.joystick, self.buttons.index(name), int(held))

    def hat(self, value):
        """Push the hat."""
        self.sdl.SDL_JoystickSetVirtualHat(self.joystick, 0, int(value))

    def unplug(self):
        """Detach the device."""
        self.sdl.SDL_JoystickDetachVirtual(0)


def obey(device):
    """Do what stdin says, for as long as there is somebody to say it."""
    for line in sys.stdin:
        name, *values = line.split()
        getattr(device, name)(*values)


if __name__ == '__main__':
    from il_ros.nodes.joystick_node import main

    sdl_devices.start()
    threading.Thread(target=obey, args=(VirtualPad(),), daemon=True).start()
    sys.exit(main())

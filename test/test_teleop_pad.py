"""The game controller, for real: SDL's virtual joystick behind pygame."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.pad import NoPad, Pad, deflection

GAME_CONTROLLER = 1  # SDL_JOYSTICK_TYPE_GAMECONTROLLER
FULL = 32767


class VirtualPad:
    """A game controller that exists in SDL only; the library is the one that pygame loaded."""

    def __init__(self):
        maps = Path('/proc/self/maps').read_text()
        path = next(word for word in maps.split() if 'libSDL2-2' in word)
        self.sdl = ctypes.CDLL(path)
        self.sdl.SDL_JoystickOpen.restype = ctypes.c_void_p
        self.sdl.SDL_JoystickSetVirtualAxis.argtypes = (
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_int16,
        )
        self.sdl.SDL_JoystickSetVirtualButton.argtypes = (
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_uint8,
        )
        self.plug_in()

    def plug_in(self):
        """Attach the device."""
        index = self.sdl.SDL_JoystickAttachVirtual(GAME_CONTROLLER, len(AXES), len(BUTTONS), 0)
        assert index == 0
        self.joystick = self.sdl.SDL_JoystickOpen(index)

    def axis(self, name, value):
        """Move an axis, in SDL's units and sign."""
        self.sdl.SDL_JoystickSetVirtualAxis(self.joystick, AXES.index(name), value)

    def button(self, name, held):
        """Press or release a button."""
        self.sdl.SDL_JoystickSetVirtualButton(self.joystick, BUTTONS.index(name), held)

    def unplug(self):
        """Detach the device."""
        self.sdl.SDL_JoystickDetachVirtual(0)


@pytest.fixture
def virtual():
    """SDL's joysticks, started, and one virtual device."""
    with pytest.raises(NoPad):
        Pad()  # starts SDL; there is no device on this machine
    device = VirtualPad()
    yield device
    device.unplug()


def test_without_a_pad_the_remedy_is_named():
    """What SDL sees, and what to check."""
    with pytest.raises(
        NoPad, match=r'no game controller 3.*Plug one in.*SDL_GAMECONTROLLERCONFIG'
    ):
        Pad(3)


def test_a_pad_is_read_in_the_layout_of_the_joy_package(virtual):
    """Left and up are positive, a pulled trigger goes to -1, every button in its place."""
    pad = Pad()
    assert not np.any(pad.read()[0]) and not np.any(pad.read()[1])
    for name, value in (('leftx', -32768), ('lefty', FULL), ('triggerright', FULL)):
        virtual.axis(name, value)
    for name in BUTTONS[:-1]:
        virtual.button(name, 1)
        axes, buttons = pad.read()
        assert [BUTTONS[i] for i in np.flatnonzero(buttons)] == [name]
        virtual.button(name, 0)
    assert dict(zip(AXES, axes, strict=True)) == pytest.approx(
        {'leftx': 1, 'lefty': -1, 'rightx': 0, 'righty': 0, 'triggerleft': 0, 'triggerright': -1}
    )
    pad.close()


def test_unplugged_everything_is_released_and_it_says_so(virtual):
    """A dead-man held at that moment is let go; plugged in again it goes on."""
    pad = Pad()
    virtual.button('leftshoulder', 1)
    virtual.axis('lefty', -FULL)
    assert pad.read()[1][BUTTONS.index('leftshoulder')] == 1
    virtual.unplug()
    for _ in range(2):
        axes, buttons = pad.read()
        assert not axes.any() and not buttons.any()
        assert 'unplugged: everything is released' in pad.message
    virtual.plug_in()
    virtual.button('A', 1)
    pad.read()
    assert pad.read()[1][BUTTONS.index('A')] == 1
    assert pad.message == ''
    pad.close()


def test_a_stick_that_does_not_quite_return_is_at_rest():
    """The dead zone is taken out without a step, as the joy package does."""
    raw = np.array([1600, -1600, 1700, -1700, FULL, 0])
    out = deflection(raw)
    assert not out[[0, 1, 5]].any() and not np.signbit(out[[0, 1, 5]]).any()
    assert -0.01 < out[2] < 0 < out[3] < 0.01 and out[4] == -1


def test_nothing_is_written_to_stdout():
    """Verbs print JSON there; pygame's greeting does not belong."""
    code = 'import il_ros.teleop.pad'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == ''

"""Joysticks, for real: SDL's virtual joystick behind pygame."""

import subprocess
import sys

import numpy as np
import pytest
from virtual_pad import FLIGHT_STICK, FULL, LEFT, UP, VirtualPad

from il_ros.teleop import sdl_devices
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.mapping_file import load_mapping
from il_ros.teleop.pad import NoPad, Pad, deflection

STICK = load_mapping('stick').layout


@pytest.fixture
def plug_in():
    """Plug in one virtual device; SDL is started before."""
    sdl_devices.start()
    devices = []

    def _plug_in(*args, **options):
        devices.append(VirtualPad(*args, **options))
        return devices[0]

    yield _plug_in
    for device in devices:
        device.unplug()
    sdl_devices.stop()


@pytest.fixture
def virtual(plug_in):
    return plug_in()


@pytest.fixture
def stick(plug_in):
    return plug_in(FLIGHT_STICK, STICK.axes[:4], STICK.buttons, hats=1)


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
    virtual.plug()
    virtual.button('A', 1)
    pad.read()
    assert pad.read()[1][BUTTONS.index('A')] == 1
    assert pad.message == ''
    pad.close()


def test_a_stick_without_names_is_read_by_those_of_its_mapping(stick):
    """Axes, then the hat; unplugged it is released, plugged in again it goes on."""
    pad = Pad(layout=STICK)
    stick.axis('forth', -FULL)
    stick.axis('twist', -FULL)
    stick.hat(UP | LEFT)
    stick.button('trigger', 1)
    axes, buttons = pad.read()
    assert dict(zip(STICK.axes, axes, strict=True)) == pytest.approx(
        {'side': 0, 'forth': 1, 'twist': 1, 'throttle': 0, 'hat_side': 1, 'hat_up': 1},
        abs=1e-3,
    )
    assert np.flatnonzero(buttons).tolist() == [STICK.buttons.index('trigger')]
    stick.unplug()
    axes, buttons = pad.read()
    assert not axes.any() and not buttons.any() and 'joystick 0 is unplugged' in pad.message
    stick.plug()
    stick.button('b12', 1)
    pad.read()
    assert np.flatnonzero(pad.read()[1]).tolist() == [STICK.buttons.index('b12')]
    pad.close()


def test_a_device_of_another_kind_is_described_and_not_read(stick):
    """By a mapping that takes it for what it is not, a button would mean another one."""
    with pytest.raises(NoPad, match=r'joystick of 6 axes and 12 buttons.*pads/stick.yaml'):
        Pad()
    stick.unplug()
    stick.buttons = STICK.buttons[:7]
    stick.plug()
    with pytest.raises(NoPad, match=r'6 axes and 7 buttons.*mapping is for 6 axes .* 12 buttons'):
        Pad(layout=STICK)


def test_a_stick_that_does_not_quite_return_is_at_rest():
    """The dead zone is taken out without a step, as the joy package does."""
    out = deflection(np.array([1600, -1600, 1700, -1700, FULL, 0]) / FULL)
    assert not out[[0, 1, 5]].any() and not np.signbit(out[[0, 1, 5]]).any()
    assert -0.01 < out[2] < 0 < out[3] < 0.01 and out[4] == -1


def test_nothing_is_written_to_stdout():
    """Verbs print JSON there; pygame's greeting does not belong."""
    code = 'import il_ros.teleop.pad'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == ''

"""config/joystick.yaml: names of SDL's buttons and axes, and errors that name a typo."""

import numpy as np
import pytest

from il_ros.teleop.mapping import AXES, BUTTONS, load_mapping

GOOD = """
dead_man: leftshoulder
select: {dpad_left: [left]}
axes:
  lefty: {direction: x, speed: 0.2}
buttons:
  A: {direction: gripper, speed: -2.0}
events:
  start: start
"""


@pytest.fixture
def write(tmp_path):
    """Write a mapping and return its path."""

    def _write(text):
        path = tmp_path / 'joystick.yaml'
        path.write_text(text)
        return path

    return _write


def held(*names):
    """The pad's buttons (21,), those named held."""
    return np.array([float(name in names) for name in BUTTONS])


def test_the_layout_is_that_of_the_joy_package():
    """Spot checks against the table in the joy package's documentation."""
    assert (len(AXES), len(BUTTONS)) == (6, 21)
    table = {'A': 0, 'back': 4, 'guide': 5, 'start': 6, 'leftshoulder': 9, 'dpad_up': 11}
    table |= {'dpad_right': 14, 'misc1': 15, 'paddle4': 19, 'touchpad': 20}
    assert {name: BUTTONS.index(name) for name in table} == table


def test_events_are_the_buttons_that_went_down():
    """Holding a button does not repeat its event, releasing it has none."""
    mapping = load_mapping()
    assert mapping.pressed_events(held(), held('start', 'guide')) == ['start', 'estop']
    assert mapping.pressed_events(held('start'), held('start')) == []
    assert mapping.pressed_events(held('start'), held()) == []
    assert mapping.pressed_events(held('start'), held('back', 'start')) == ['stop']


def test_every_event_has_a_button_in_the_shipped_file():
    """One can run a session from the pad alone."""
    events = set(load_mapping().events.values())
    assert {'start', 'stop', 'success', 'failure', 'discard', 'estop'} <= events


def test_the_dead_man_is_a_button():
    """Held or not, nothing in between."""
    mapping = load_mapping()
    assert mapping.is_engaged(held('leftshoulder')) and not mapping.is_engaged(held('A'))


def test_velocity_adds_up_axes_and_buttons():
    """In the order of DIRECTIONS; a pulled trigger is positive though joy counts it down."""
    mapping = load_mapping()
    axes = np.array([0.0, 0.5, 0.0, 0.0, -1.0, -0.25])
    velocity = mapping.velocity(axes, held('B'))
    assert velocity == pytest.approx([0.1, 0, 0, 0, -0.75, 0, 2.0])


def test_a_short_message_is_a_pad_with_fewer_buttons():
    """An old driver publishes 11 buttons: the others are not held."""
    mapping = load_mapping()
    assert mapping.selected(np.ones(9)) == ()
    assert mapping.velocity(np.zeros(2), np.zeros(3)) == pytest.approx(np.zeros(7))


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('dead_man: leftshoulder\n', '', 'dead_man is missing'),
        ('dead_man: leftshoulder', 'dead_man: LB', "dead_man: unknown name 'LB'"),
        ('leftshoulder', 'leftsholder', 'did you mean .leftshoulder'),
        ('axes:', 'axis:', "unknown key 'axis' .did you mean 'axes'"),
        ('lefty:', 'left_y:', "axes: unknown name 'left_y' .did you mean 'lefty'"),
        ('direction: x', 'direction: X', "axes: lefty: unknown name 'X'"),
        ('speed: 0.2', 'speeed: 0.2', 'axes: lefty: expected'),
        ('speed: 0.2', 'speed: fast', "speed: expected a number, got 'fast'"),
        ('start: start', 'start: begin', "events: start: unknown name 'begin'"),
        ('[left]', '3', 'select: dpad_left: expected a list of arms'),
        ('select: {dpad_left: [left]}', 'select: left', 'select: expected'),
    ],
)
def test_a_typo_is_named(write, old, new, message):
    """With the file, the section and the nearest name."""
    assert old in GOOD
    path = write(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message) as error:
        load_mapping(path)
    assert str(path) in str(error.value)

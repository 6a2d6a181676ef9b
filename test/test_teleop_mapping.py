"""config/pads: what ships can be used, what a button means when, and errors that name a typo."""

import numpy as np
import pytest

from il_ros.teleop.keys import Keys
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.mapping import DIRECTIONS, SESSION_EVENTS
from il_ros.teleop.mapping_file import load_mapping, pads

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


@pytest.mark.parametrize('name', pads())
def test_a_session_can_be_run_from_any_device_that_ships(name):
    """Every word of it, every direction of the hand and every joint; an e-stop takes one press."""
    mapping = load_mapping(name)
    layers = (mapping.plain, *mapping.shift.values())
    words = {event for layer in layers for event in layer.events.values()}
    directions = {
        drive.direction
        for layer in layers
        for drive in (*layer.axes.values(), *layer.buttons.values())
    }
    assert (
        set(SESSION_EVENTS) - {'stop', 'rollback'} <= words and {'estop', 'clear_estop'} <= words
    )
    assert 'estop' in mapping.plain.events.values()
    if name != 'pedal':  # the dead-man of leader arms
        assert directions == set(DIRECTIONS) and mapping.arms == {'left', 'right'}
    assert mapping.dead_man


def test_every_key_that_moves_takes_the_arms():
    """A terminal tells of one held key at a time: the dead-man could not be held besides."""
    mapping = load_mapping('keyboard')
    assert set(mapping.plain.axes) < set(mapping.dead_man)
    assert {'take_over', 'hand_back'} <= set(mapping.plain.events.values())


def test_a_dualshock_does_as_an_xbox_pad_does():
    """Button for button, by SDL's places."""
    xbox, playstation = load_mapping('xbox'), load_mapping('playstation')
    rng = np.random.default_rng(0)
    for place in range(len(BUTTONS) - 1):  # the touchpad is one more e-stop
        buttons, axes = np.eye(len(BUTTONS))[place], rng.uniform(-1, 0, len(AXES))
        for shift in (0, BUTTONS.index('rightshoulder')):
            buttons[shift] = 1
            np.testing.assert_array_equal(
                xbox.velocity(axes, buttons), playstation.velocity(axes, buttons)
            )
            assert xbox.selected(buttons) == playstation.selected(buttons)
            assert xbox.is_engaged(buttons) == playstation.is_engaged(buttons)
            released = np.zeros(len(BUTTONS))
            said = playstation.pressed_events(released, buttons)
            assert xbox.pressed_events(released, buttons) == said


def test_a_shift_gives_buttons_another_meaning_and_leaves_the_rest():
    mapping = load_mapping()
    assert mapping.pressed_events(held(), held('X')) == ['success']
    shifted = held('rightshoulder')
    assert mapping.pressed_events(shifted, held('rightshoulder', 'X')) == []
    assert mapping.pressed_events(shifted, held('rightshoulder', 'back')) == ['discard']
    assert mapping.pressed_events(shifted, held('rightshoulder', 'dpad_down')) == ['pause']
    assert mapping.selected(held('rightshoulder', 'dpad_up')) == ()
    velocity = mapping.velocity(np.array([0.0, 1.0]), held('rightshoulder', 'dpad_left'))
    assert dict(zip(DIRECTIONS, velocity, strict=True)) == {
        **dict.fromkeys(DIRECTIONS, 0.0),
        'joint_2': 0.5,
        'roll': -1.0,
    }


def test_a_reading_of_another_device_is_refused():
    """A pad's mapping would take a keyboard's keys for buttons."""
    mapping = load_mapping()
    with pytest.raises(ValueError, match=r'joy: 0 axes and 70 buttons, but .*xbox.yaml is for 6'):
        mapping.check(np.zeros(0), np.zeros(70))
    assert Keys(mapping).pressed(np.zeros(70)) == []


def test_a_device_without_names_gets_them_from_its_file():
    stick = load_mapping('stick')
    axes = np.array([0.0, 0.5, 0.0, 0.0, 0.0, -1.0])
    assert stick.velocity(axes, np.zeros(12))[:3] == pytest.approx([0.1, 0, -0.1])
    assert stick.layout.is_raw and not load_mapping('playstation').layout.is_raw


def test_the_dead_man_is_a_button():
    """Held or not, nothing in between."""
    mapping = load_mapping()
    assert mapping.is_engaged(held('leftshoulder')) and not mapping.is_engaged(held('A'))


def test_velocity_adds_up_axes_and_buttons():
    """In the order of DIRECTIONS; a pulled trigger is positive though joy counts it down."""
    mapping = load_mapping()
    axes = np.array([0.0, 0.5, 0.0, 0.0, -1.0, -0.25])
    velocity = mapping.velocity(axes, held('B'))
    assert velocity == pytest.approx([0.1, 0, 0, 0, -0.75, 0, 2.0, *[0.0] * 7])


def test_a_short_message_is_a_pad_with_fewer_buttons():
    """An old driver publishes 11 buttons: the others are not held."""
    mapping = load_mapping()
    assert mapping.selected(np.ones(9)) == ()
    assert not mapping.velocity(np.zeros(2), np.zeros(3)).any()


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('dead_man: leftshoulder\n', '', 'dead_man is missing'),
        ('dead_man: leftshoulder', 'dead_man: LB', "dead_man: unknown name 'LB'"),
        ('events:', 'label: LS\nevents:', "label: unknown name 'LS'"),
        ('leftshoulder', 'leftsholder', 'did you mean .leftshoulder'),
        ('axes:', 'axis:', "unknown name 'axis' .did you mean 'axes'"),
        ('lefty:', 'left_y:', "axes: unknown name 'left_y' .did you mean 'lefty'"),
        ('direction: x', 'direction: X', "axes: lefty: unknown name 'X'"),
        ('speed: 0.2', 'speeed: 0.2', 'axes: lefty: expected'),
        ('speed: 0.2', 'speed: fast', "speed: expected a number, got 'fast'"),
        ('start: start', 'start: begin', "events: start: unknown name 'begin'"),
        ('[left]', '3', 'select: dpad_left: expected a list of arms'),
        ('select: {dpad_left: [left]}', 'select: left', 'select: expected'),
        ('events:', 'shift: {B: {sticks: {}}}\nevents:', "shift: B: unknown name 'sticks'"),
        ('events:', 'layout: nintendo\nevents:', "layout: unknown name 'nintendo'"),
        ('events:', 'layout: {axes: [x, x], buttons: []}\nevents:', "'x' is there twice"),
        ('events:', 'layout: {axes: [x]}\nevents:', 'layout: expected one of controller'),
    ],
)
def test_a_typo_is_named(write, old, new, message):
    """With the file, the section and the nearest name."""
    assert old in GOOD
    path = write(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message) as error:
        load_mapping(path)
    assert str(path) in str(error.value)

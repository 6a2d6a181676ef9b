"""Layouts: the names of a device's axes and buttons, in the order of its sensor_msgs/Joy."""

from dataclasses import dataclass

# SDL's game controllers, as game_controller_node of the ROS joy package publishes them.
# Source: https://docs.ros.org/en/jazzy/p/joy
AXES = ('leftx', 'lefty', 'rightx', 'righty', 'triggerleft', 'triggerright')
BUTTONS = (
    *('A', 'B', 'X', 'Y', 'back', 'guide', 'start', 'leftstick', 'rightstick'),
    *('leftshoulder', 'rightshoulder', 'dpad_up', 'dpad_down', 'dpad_left', 'dpad_right'),
    *('misc1', 'paddle1', 'paddle2', 'paddle3', 'paddle4', 'touchpad'),
)
# The same places, as a DualShock 4 or a DualSense has them printed on.
PLAYSTATION_AXES = ('leftx', 'lefty', 'rightx', 'righty', 'L2', 'R2')
PLAYSTATION_BUTTONS = (
    *('cross', 'circle', 'square', 'triangle', 'share', 'PS', 'options', 'L3', 'R3'),
    *('L1', 'R1', 'up', 'down', 'left', 'right'),
    *('mute', 'paddle1', 'paddle2', 'paddle3', 'paddle4', 'touchpad'),
)
# Of a terminal: letters are the same with and without shift or caps lock.
KEYS = (
    *'abcdefghijklmnopqrstuvwxyz',
    *'0123456789',
    *('space', 'enter', 'tab', 'backspace', 'escape', 'insert', 'delete', 'home', 'end'),
    *('page_up', 'page_down', 'up', 'down', 'left', 'right'),
    *(f'f{i}' for i in range(1, 13)),
    *"-=[];',./\\`+*",
)


@dataclass(frozen=True)
class Layout:
    """What a device is called on, and in which order."""

    axes: tuple[str, ...]
    buttons: tuple[str, ...]
    triggers: tuple[str, ...] = ()  # axes that go from 0 to -1 as they are pulled

    @property
    def is_raw(self) -> bool:
        """Whether these are the names of one device, which SDL has none for."""
        return self not in LAYOUTS.values()


LAYOUTS = {
    'controller': Layout(AXES, BUTTONS, ('triggerleft', 'triggerright')),
    'playstation': Layout(PLAYSTATION_AXES, PLAYSTATION_BUTTONS, ('L2', 'R2')),
    'keyboard': Layout(KEYS, KEYS),  # an axis is 1 while a key moves, a button while it holds
}

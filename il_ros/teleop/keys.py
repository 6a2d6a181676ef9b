"""The words of a joystick or keyboard: what a button says, once a press."""

import numpy as np

from il_ros.teleop.mapping import JoyMapping


class Keys:
    """Turns readings of the buttons into events; what is held at the first one says nothing."""

    def __init__(self, mapping: JoyMapping):
        self._mapping = mapping
        self._before: np.ndarray | None = None

    def pressed(self, buttons: np.ndarray) -> list[str]:
        """
        Return the events of the buttons that went down since the reading before.

        None for a reading of another device, whose buttons mean something else.
        """
        if len(buttons) > len(self._mapping.layout.buttons):
            return []
        before, self._before = self._before, np.array(buttons)
        return [] if before is None else self._mapping.pressed_events(before, self._before)

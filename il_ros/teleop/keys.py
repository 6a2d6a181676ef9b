"""The episode keys of a game controller: what a button says, once a press."""

import numpy as np

from il_ros.teleop.mapping import JoyMapping


class Keys:
    """Turns readings of the buttons into events; what is held at the first one says nothing."""

    def __init__(self, mapping: JoyMapping):
        self._mapping = mapping
        self._before: np.ndarray | None = None

    def pressed(self, buttons: np.ndarray) -> list[str]:
        """Return the events of the buttons (21,) that went down since the reading before."""
        before, self._before = self._before, np.array(buttons)
        return [] if before is None else self._mapping.pressed_events(before, self._before)

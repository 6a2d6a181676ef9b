"""The keyboard of a terminal, read like a joystick that has a button for every key."""

import numpy as np

from il_ros.teleop.held_keys import HeldKeys
from il_ros.teleop.keystrokes import Keystrokes
from il_ros.teleop.terminal import Terminal

CUT_OFF_S = 0.05  # what may be the beginning of a sequence is the escape key if none follows


class Keyboard:
    """Opens the terminal; NoTerminal where there is none, or no longer."""

    def __init__(self) -> None:
        self._terminal = Terminal()
        self._strokes = Keystrokes()
        self._held = HeldKeys()
        self._heard_s = 0.0

    def read(self, now_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Return axes (K,) and buttons (K,) in the layout `keyboard`, at a monotonic time [s]."""
        text = self._terminal.read()
        if text:
            self._heard_s = now_s
        keys = self._strokes.take(text)
        if now_s - self._heard_s > CUT_OFF_S:
            keys += self._strokes.end()
        for key in keys:
            self._held.hear(key, now_s)
        return self._held.read(now_s)

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self._terminal.close()

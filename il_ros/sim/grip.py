"""A scripted gripper: opens and closes smoothly, and squeezes what is in it."""

import numpy as np

from il_ros.sim.motion import Motion

GRIP_SPEED = 2.5  # [opening/s]
_SQUEEZE = 0.15  # [opening] how far behind its command a closed gripper is kept


class Grip:
    """The command for one gripper, an opening; `seat` it before the first `towards`."""

    def __init__(self, dt_s: float):
        self._motion = Motion(dt_s, GRIP_SPEED, 30.0, 0.03)

    def seat(self, measured: np.ndarray, moving: np.ndarray) -> None:
        """Begin at a measured opening (1,), moving at (1,) [opening/s]."""
        self._motion.seat(measured, moving)

    def towards(self, opening: float, measured: np.ndarray, moving: np.ndarray) -> np.ndarray:
        """Return the command (1,) for one period later, on the way to an opening 0..1."""
        if abs(self._motion.position - measured) > 2 * _SQUEEZE:
            self.seat(measured, moving)
        return self._motion.towards(np.maximum(opening, measured - _SQUEEZE))

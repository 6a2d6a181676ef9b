"""After an e-stop the command goes to where the robot is, not the robot to the old command."""

import numpy as np

from il_ros.arbiter.state import State, at_rest

YIELD = 0.05  # [rad, opening] further off than any servo sags: the robot does not follow
SETTLED_TICKS = 50  # at rest for this long before a robot that lags counts as not following
SEATED = 1e-5  # [rad, opening] command and pose are the same


class Reseat:
    """
    Where the command shall stand because of an e-stop; None when that is no concern.

    While stopped the command stands, but goes along with a robot that was switched off and moved:
    otherwise it would leap back when it is switched on. When the e-stop is cleared the command
    first goes, within all limits, to the pose measured then.
    """

    def __init__(self, size: int):
        self._size = size
        self.forget()

    def forget(self) -> None:
        """Be of no concern."""
        self.target: State | None = None
        self._was_latched = False
        self._rest_ticks = 0

    def update(self, latched: bool, measured: np.ndarray, command: State) -> bool:
        """Note a tick; return whether the e-stop was cleared at it. measured (N,)."""
        cleared = self._was_latched and not latched
        self._was_latched = latched
        if latched:
            self._while_latched(measured, command)
        elif cleared:
            self.target = at_rest(measured)
        elif self.target is not None and _is_at(command, self.target.position):
            self.target = None
        return cleared

    def _while_latched(self, measured: np.ndarray, command: State) -> None:
        is_resting = not command.velocity.any() and not command.acceleration.any()
        self._rest_ticks = self._rest_ticks + 1 if is_resting else 0
        is_off = np.abs(measured - command.position).max() > YIELD
        if self.target is not None and is_off:
            self.target = at_rest(measured)
        elif self._rest_ticks >= SETTLED_TICKS:
            self.target = at_rest(measured) if is_off else None


def _is_at(command: State, pose: np.ndarray) -> bool:
    """Whether the command stands at a pose (N,)."""
    off = np.abs(command.position - pose).max()
    return bool(off < SEATED and np.abs(command.velocity).max() < SEATED)

"""Arms that the robot lets go of for a hand, until the command is where the hand has left them."""

from dataclasses import replace

import numpy as np

from il_ros.arbiter.sources import GUIDING
from il_ros.arbiter.state import State
from il_ros.arbiter.verdict import Verdict
from il_ros.spec import RobotSpec, Who


class Guided:
    """
    Which arms are free, so that a hand may move them.

    The command follows a free arm, so nothing moves by itself when the robot takes it back. That
    is not before they are together: so near that a joint gets there in one period within its
    acceleration.
    """

    def __init__(self, spec: RobotSpec):
        self._spec = spec
        self._near = spec.acceleration * spec.dt_s**2  # (N,) [rad, opening]
        self.forget()

    def forget(self) -> None:
        """Have no arm free: the command was seated anew."""
        self.free = [False] * len(self._spec.arms)
        self._apart = np.zeros(self._spec.size, dtype=bool)

    def see(self, measured: np.ndarray, command: np.ndarray) -> None:
        """Note where the arms (N,) are, and where they are commanded to be."""
        self._apart = np.abs(measured - command) > self._near

    def judge(self, arm: int, verdict: Verdict | None, where: State) -> Verdict | None:
        """
        Return what a verdict comes to for an arm that may still be free, where a hand left it.

        None is nobody's verdict, and stays so once the arm is taken back.
        """
        is_guided = verdict is not None and verdict.source == GUIDING
        joints = self._spec.arms[arm].joints
        self.free[arm] = is_guided or (self.free[arm] and bool(self._apart[joints].any()))
        if is_guided or not self.free[arm]:
            return verdict
        if verdict is None:
            why = 'guided to where it may not be: guide it back'
            return Verdict(Who.HOLD, why, where, is_plea=True)
        return replace(verdict, target=where)

    def joints(self) -> np.ndarray:
        """Return which joints (N,) bool are free."""
        found = np.zeros(self._spec.size, dtype=bool)
        for arm, is_free in zip(self._spec.arms, self.free, strict=True):
            found[arm.joints] = is_free
        return found

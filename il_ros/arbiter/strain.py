"""Tracking error and effort: an arm that cannot follow is not pushed on, nor is its partner."""

from collections.abc import Callable

import numpy as np

from il_ros.arbiter.state import State, mixed
from il_ros.spec import JointSample, RobotSpec, Safety

_EASE = 0.5  # part of what holds from which on it is slowed down
_MEMORY_S = 0.2  # [s] an effort counts as its mean over about so long: a bump is no strain


class Strain:
    """
    Slows all arms down, then holds them, while a joint lags behind its command or pushes too hard.

    Two arms on one object are a closed chain: each joint is within its limits while they tear at
    it. What lets the strain off is not slowed down. Grippers are left out: to press is their job.
    """

    def __init__(self, spec: RobotSpec, safety: Safety):
        self._spec = spec
        self._lag_limit = safety.lag
        self._effort_limit = safety.effort * spec.effort
        self._watched = np.zeros(spec.size, dtype=bool)
        for arm in spec.arms:
            self._watched[arm.joints] = True
        self._fading = min(1.0, spec.dt_s / _MEMORY_S)
        self.forget()

    def forget(self) -> None:
        """Feel nothing: the command was seated anew."""
        self._effort = np.zeros(self._spec.size)
        self._lag = np.zeros(self._spec.size)
        self._load = np.zeros(self._spec.size)  # parts of what holds; the greater of the two
        self.why = ('',) * len(self._spec.arms)
        self.is_held = False

    def feel(self, joints: JointSample, command: np.ndarray, free: np.ndarray) -> None:
        """Note how well a command (A,) is followed at its tick; free (N,) bool follow a hand."""
        self._lag = command - joints.position
        effort = np.nan_to_num(joints.effort)
        self._effort = self._effort + self._fading * (effort - self._effort)
        load = np.maximum(
            np.abs(self._lag) / self._lag_limit, np.abs(self._effort) / self._effort_limit
        )
        self._load = np.where(self._watched & ~free, load, 0.0)

    def vet(self, state: State, wish: State, brake: Callable[[], State]) -> State:
        """Return what is left of a wish for the next state; brake() is the first of a stop."""
        self.why, self.is_held = ('',) * len(self._spec.arms), False
        if self._load.max() <= _EASE:
            return wish
        braked = brake()
        push = wish.position - braked.position
        leans = np.where(np.abs(self._lag) / self._lag_limit >= _EASE, self._lag, self._effort)
        adds = np.where(push * leans > 0, self._load, 0.0)
        worst = int(adds.argmax())
        if adds[worst] <= _EASE:
            return wish
        share = float(np.clip((1.0 - adds[worst]) / (1.0 - _EASE), 0.0, 1.0))
        self._note(worst, share)
        return mixed(braked, wish, share)

    def _note(self, joint: int, share: float) -> None:
        """Say which joint it is."""
        name, lag = self._spec.joint_names[joint], abs(float(self._lag[joint]))
        is_late = lag / self._lag_limit >= abs(self._effort[joint]) / self._effort_limit[joint]
        what = 'cannot follow its command' if is_late else 'pushes too hard'
        self.is_held = share == 0.0
        self.why = (f'{"held" if self.is_held else "slowed"}: {name} {what}',) * len(self.why)

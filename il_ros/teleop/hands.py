"""A person's devices, newest reading of each, as one proposal a tick."""

import numpy as np

from il_ros.spec import JointSample, Proposal, RobotSpec
from il_ros.teleop.jog import Jog
from il_ros.teleop.leader import Leader
from il_ros.teleop.mapping import BUTTONS, JoyMapping


class Hands:
    """
    Leader arms with a dead-man button, or a joystick that jogs the end effectors.

    Leader arms win while they send; without them the sticks move the arms. A pad or leader whose
    newest reading is older than time_to_live_s counts as let go.
    """

    def __init__(self, spec: RobotSpec, mapping: JoyMapping, time_to_live_s: float = 0.2):
        self.spec = spec
        self.time_to_live_ns = round(time_to_live_s * 1e9)
        self._leader_arms = Leader(spec)
        self._jog = Jog(spec, mapping)
        self._dead_man = BUTTONS.index(mapping.dead_man)
        self.forget()

    def forget(self) -> None:
        """Drop all readings: a new episode."""
        self.leader: JointSample | None = None
        self.joy: tuple[int, np.ndarray, np.ndarray] | None = None

    def propose(self, now_ns: int, command: np.ndarray) -> Proposal | None:
        """Return what the hands ask for now, None without any; command (A,) is the last."""
        joy = self._fresh_joy(now_ns)
        if self.leader is not None and self._is_fresh(self.leader.stamp_ns, now_ns):
            is_held = joy is not None and bool(joy[1][self._dead_man])
            return self._leader_arms.propose(self.leader, (is_held,) * len(self.spec.arms))
        if joy is not None:
            return self._jog.propose(now_ns, *joy, command)
        return None

    def _fresh_joy(self, now_ns: int) -> tuple[np.ndarray, np.ndarray] | None:
        if self.joy is None or not self._is_fresh(self.joy[0], now_ns):
            return None
        return self.joy[1], self.joy[2]

    def _is_fresh(self, stamp_ns: int, now_ns: int) -> bool:
        return now_ns - stamp_ns <= self.time_to_live_ns

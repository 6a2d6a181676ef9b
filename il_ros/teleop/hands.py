"""A person's devices, newest reading of each, as one proposal a tick."""

import numpy as np

from il_ros.spec import JointSample, Proposal, RobotSpec
from il_ros.teleop.jog import Jog
from il_ros.teleop.leader import Leader
from il_ros.teleop.mapping import JoyMapping

TIME_TO_LIVE_S = 0.2  # as config/arbiter.yaml has it


class Hands:
    """
    Leader arms with a dead-man button, or a joystick that jogs the end effectors.

    Leader arms win while they send; without them the sticks move the arms. A pad or leader whose
    newest reading is older than time_to_live_s counts as let go.
    """

    def __init__(
        self, spec: RobotSpec, mapping: JoyMapping, time_to_live_s: float = TIME_TO_LIVE_S
    ):
        self._spec = spec
        self._time_to_live_ns = round(time_to_live_s * 1e9)
        self._mapping = mapping
        self._leader_arms = Leader(spec)
        self._jog = Jog(spec, mapping)
        self.forget()

    def forget(self) -> None:
        """Drop all readings: a new episode."""
        self._leader: JointSample | None = None
        self._proposed: JointSample | None = None  # the leader's reading that was passed on
        self._joy: tuple[int, np.ndarray, np.ndarray] | None = None
        self._jog.reset()

    def take_leader(self, sample: JointSample) -> None:
        """Take where the leader arms are; ValueError for what is not finite."""
        if not np.isfinite(sample.position).all():
            raise ValueError('leader/joint_states: a position is not finite')
        self._leader = sample

    def take_joy(self, stamp_ns: int, axes: np.ndarray, buttons: np.ndarray) -> None:
        """Take a reading of the game controller; ValueError for what is not finite."""
        if not np.isfinite(axes).all():
            raise ValueError('joy: an axis is not finite')
        self._joy = stamp_ns, axes, buttons

    def propose(self, now_ns: int, command: np.ndarray) -> Proposal | None:
        """
        Return what the hands ask for now; command (A,) is the last.

        None where there are none, or the leader arms' reading was passed on before.
        """
        joy = self._joy if self._joy and self._is_fresh(self._joy[0], now_ns) else None
        if self._leader is not None and self._is_fresh(self._leader.stamp_ns, now_ns):
            return self._follow(self._leader, joy is not None and self._is_held(joy[2]))
        return self._jog.propose(now_ns, joy[1], joy[2], command) if joy else None

    def _follow(self, leader: JointSample, is_held: bool) -> Proposal | None:
        if leader is self._proposed:
            return None
        self._proposed = leader
        return self._leader_arms.propose(leader, (is_held,) * len(self._spec.arms))

    def _is_held(self, buttons: np.ndarray) -> bool:
        return self._mapping.is_engaged(buttons)

    def _is_fresh(self, stamp_ns: int, now_ns: int) -> bool:
        return now_ns - stamp_ns <= self._time_to_live_ns

"""A leader with motors goes along with the follower, so that a take-over starts aligned."""

import numpy as np

from il_ros.spec import Authority, JointSample, RobotSpec, Who
from il_ros.teleop.leader_config import LeaderConfig
from il_ros.teleop.leader_map import LeaderMap

STALE_S = 0.5  # without news of the follower, or of who has the arms, the leader is let go
LED = (Who.POLICY, Who.HOLD)  # in a person's hands it is free, and after an e-stop


class LeaderDrive:
    """Where the leader shall be pulled at each instant: towards the follower, at a speed."""

    def __init__(self, spec: RobotSpec, config: LeaderConfig, leader_map: LeaderMap):
        self._spec, self._config, self._map = spec, config, leader_map
        self._follower: JointSample | None = None
        self._authority: tuple[Authority, ...] = ()
        self._decided_ns = self._last_ns = 0
        self._goal = np.full(len(leader_map.names), np.nan)  # in leader's units

    def see(self, joints: JointSample) -> None:
        """Take where the follower is."""
        self._follower = joints

    def hear(self, stamp_ns: int, authority: tuple[Authority, ...]) -> None:
        """Take who has the follower's arms."""
        self._decided_ns, self._authority = stamp_ns, authority

    def towards(self, now_ns: int, leader: np.ndarray) -> np.ndarray:
        """Return where to pull the leader (M,), which is at (M,); NaN where it is let go."""
        passed_s = min(max((now_ns - self._last_ns) * 1e-9, 0.0), self._spec.dt_s * 5)
        self._last_ns = now_ns
        led = self._map.leads(self._led(now_ns))
        if self._follower is None or not led.any():
            self._goal[:] = np.nan
            return self._goal.copy()
        there = self._map.to_leader(self._follower.position)
        begin = np.where(np.isnan(self._goal), leader, self._goal)
        step = self._config.drive_speed * passed_s * self._map.unit
        self._goal = np.where(led, begin + np.clip(there - begin, -step, step), np.nan)
        return self._goal.copy()

    def _led(self, now_ns: int) -> tuple[bool, ...]:
        """Return which arms are led."""
        news_ns = min(self._follower.stamp_ns if self._follower else 0, self._decided_ns)
        if not self._authority or now_ns - news_ns > STALE_S * 1e9:
            return (False,) * len(self._spec.arms)
        return tuple(authority.who in LED for authority in self._authority)

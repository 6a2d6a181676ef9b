"""One leader arm's grip -> the follower's opening, with hysteresis, and nothing let go of."""

from il_ros.teleop.leader_config import LeaderConfig


class LeaderGrip:
    """
    Follows the leader's opening, or switches between open and closed.

    While nobody has the arm, and until the leader's grip comes to where the follower's is, the
    follower's stays: what it holds is not dropped by a take-over.
    """

    def __init__(self, config: LeaderConfig):
        self._config = config
        self.rest(0.0)

    def rest(self, opening: float) -> None:
        """Nobody has the arm; opening is what its gripper is commanded."""
        self._held = self._out = opening
        self._is_caught = False
        self._before: float | None = None

    def follow(self, leader: float) -> float:
        """Return the follower's opening for the leader's."""
        aim = self._switched(leader) if self._config.grip == 'switch' else leader
        self._is_caught = self._is_caught or self._catches(aim)
        self._before = aim
        if not self._is_caught:
            return self._held
        play = 0.0 if self._config.grip == 'switch' else self._config.grip_play
        self._out = min(max(self._out, aim - play), aim + play)
        return self._out

    def _catches(self, aim: float) -> bool:
        """Whether the leader's grip is at, or has gone past, where the follower's is."""
        if self._config.grip == 'switch':
            return aim == round(self._held)
        gone_past = (
            self._before is not None and (self._before - self._held) * (aim - self._held) < 0
        )
        return gone_past or abs(aim - self._held) <= self._config.grip_match

    def _switched(self, leader: float) -> float:
        """Return 0 or 1; between the two thresholds, what it was."""
        if leader < self._config.grip_close:
            return 0.0
        if leader > self._config.grip_open:
            return 1.0
        return self._before if self._before is not None else float(round(self._held))

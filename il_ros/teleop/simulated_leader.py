"""A second pair of arms in the sim: a simulated person carries them, or a drive pulls them."""

import numpy as np

from il_ros.spec import RobotSpec
from il_ros.teleop.leader_config import LeaderConfig
from il_ros.teleop.leader_map import LeaderMap


class SimulatedLeader:
    """Leader arms that stay where they are put."""

    is_held = True

    def __init__(self, spec: RobotSpec, config: LeaderConfig):
        self._position = LeaderMap(spec, config).to_leader(spec.home)  # (M,)
        self._hands: np.ndarray | None = None

    def read(self, now_ns: int) -> np.ndarray:
        """Return where the joints (M,) are."""
        return self._position.copy()

    def take_hands(self, position: np.ndarray | None) -> None:
        """Hands hold the joints at (M,), or let go."""
        self._hands = position
        if position is not None:
            self._position = position.copy()

    def drive(self, target: np.ndarray) -> None:
        """Pull the joints (M,) there, where no hands hold them."""
        if self._hands is None:
            self._position = np.where(np.isnan(target), self._position, target)

    def close(self) -> None:
        """Nothing is held."""

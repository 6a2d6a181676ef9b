"""Leader arms as a device: what leader_node reads, and drives where they have motors."""

from typing import Protocol

import numpy as np

DRIVERS = {
    'dynamixel': 'il_ros.teleop.dynamixel_arms:DynamixelArms',
    'simulated': 'il_ros.teleop.simulated_leader:SimulatedLeader',
    'window': 'il_ros.teleop.leader_window:LeaderWindow',
}


class NoReading(RuntimeError):
    """The leader arms cannot be read now; its message says why."""


class LeaderArms(Protocol):
    """
    M joints in the order of LeaderMap.names, in the leader's own units.

    Made from (spec, config); ValueError for a device that is not there, or not as configured.
    """

    is_held: bool  # whether somebody is at them, as far as they can tell

    def read(self, now_ns: int) -> np.ndarray:
        """Return where the joints (M,) are, or raise NoReading."""

    def drive(self, target: np.ndarray) -> None:
        """Pull the joints (M,) there, gently; NaN lets one go. Or raise NoReading."""

    def take_hands(self, position: np.ndarray | None) -> None:
        """A simulated person holds the joints at (M,), None: lets go. A real one needs no word."""

    def close(self) -> None:
        """Let all joints go, and the device."""

"""Where every joint is or shall be, and what lies between two such states."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class State:
    """Where every joint is, or shall be, at one instant; arrays (N,) in inside units."""

    position: np.ndarray  # [rad, opening]
    velocity: np.ndarray  # [rad/s, ...]
    acceleration: np.ndarray  # [rad/s^2, ...]

    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position, velocity, acceleration."""
        return self.position, self.velocity, self.acceleration


def at_rest(position: np.ndarray) -> State:
    """Return the state of standing still at position (N,)."""
    return State(np.array(position, dtype=np.float64), 0.0 * position, 0.0 * position)


def mixed(one: State, other: State, share: np.ndarray | float) -> State:
    """Return the state with a share of the other, (N,) or of all joints."""
    rows = zip(one.rows(), other.rows(), strict=True)
    return State(*(a + share * (b - a) for a, b in rows))


def pick(take: np.ndarray, one: State, other: State) -> State:
    """Return one where take (N,) bool, else the other."""
    return State(
        np.where(take, one.position, other.position),
        np.where(take, one.velocity, other.velocity),
        np.where(take, one.acceleration, other.acceleration),
    )

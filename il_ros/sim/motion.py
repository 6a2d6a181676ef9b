"""Smooth motion of joints towards goals that may move: no steps in velocity, soft arrival."""

import math

import numpy as np


class Motion:
    """
    A reference for n joints that approaches a goal along a straight line in joint space.

    Speed is that of a soft arrival (square root of the distance, linear at the end), passed
    through two first-order filters, so that acceleration is continuous and jerk bounded.
    """

    def __init__(self, dt_s: float, speed: float, braking: float = 4.0, filter_s: float = 0.05):
        """Speed [rad/s] of the fastest joint, braking [rad/s^2], time constant of each filter."""
        self._dt, self._speed, self._braking = dt_s, speed, braking
        self._gain = (
            0.4 / filter_s
        )  # [1/s], as high as the two filters let settle without overshoot
        self._share = 1.0 - np.exp(-dt_s / filter_s)

    def seat(self, position: np.ndarray, velocity: np.ndarray) -> None:
        """Start at position (n,) [rad], moving at velocity (n,) [rad/s]."""
        self.position, self._velocity = position.copy(), velocity.copy()
        self._half: np.ndarray | None = None  # the acceleration is unknown: take what is wanted

    @property
    def velocity(self) -> np.ndarray:
        """Present velocity (n,) [rad/s]."""
        return self._velocity

    def towards(self, goal: np.ndarray) -> np.ndarray:
        """Return the position (n,) one period later, on the way to goal (n,)."""
        left = goal - self.position
        distance = float(np.abs(left).max())
        wanted = left * (self._arrival(distance) / max(distance, 1e-9))
        half = wanted if self._half is None else self._half
        self._half = half + self._share * (wanted - half)
        self._velocity = self._velocity + self._share * (self._half - self._velocity)
        self.position = self.position + self._dt * self._velocity
        return self.position

    def _arrival(self, distance: float) -> float:
        """Speed at a distance from the goal: gain * d near it, sqrt(2 braking d) far away."""
        slope = self._braking / self._gain
        soft = slope * (math.sqrt(1.0 + 2.0 * self._gain * distance / slope) - 1.0)
        return min(soft, self._speed)

"""The fastest stop of one joint, in closed form: that the command keeps its limits rests on it."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

_NONE = 1e-6  # [rad/s^2] instead of zero in a quotient whose numerator is mere rounding then


@dataclass(frozen=True)
class Point:
    """One joint's motion at one instant, in inside units."""

    position: float  # [rad, opening]
    velocity: float  # [rad/s, ...]
    acceleration: float  # [rad/s^2, ...]

    def after(self, jerk: float, seconds: float) -> 'Point':
        """Return the motion after a time [s] of constant jerk."""
        p, v, a = self.position, self.velocity, self.acceleration
        gain = jerk * seconds
        return Point(
            p + seconds * (v + seconds * (a / 2 + gain / 6)),
            v + seconds * (a + gain / 2),
            a + gain,
        )


class Stop:
    """
    The time-optimal way of a joint to velocity and acceleration zero.

    Three phases of constant jerk: into the deceleration, constant deceleration, out of it.
    """

    def __init__(self, start: Point, acceleration: float, jerk: float):
        v, a = start.velocity, start.acceleration
        coasting = v + a * abs(a) / (2 * jerk)  # velocity left when the acceleration is gone
        way = -1.0 if coasting < 0 else 1.0  # the direction in which it stops
        v, a = v * way, a * way
        peak = min(sqrt(max(jerk * v + a * a / 2, 0.0)), acceleration)
        fast = v + (a * a / 2 - peak * peak) / jerk  # velocity for the constant deceleration
        glide = fast / peak if fast > 0 and peak > 0 else 0.0
        self._start = start
        self._phases = (
            (-way * jerk, max(a + peak, 0.0) / jerk),  # jerk, [s]
            (0.0, glide),
            (way * jerk, peak / jerk),
        )

    def after(self, seconds: float) -> Point:
        """Return the motion at a time [s] from the start of the stop."""
        point = self._start
        for jerk, lasts in self._phases:
            if seconds <= lasts:
                return point.after(jerk, seconds)
            point = point.after(jerk, lasts)
            seconds -= lasts
        return Point(point.position, 0.0, 0.0)

    def extrema(self) -> tuple[float, float]:
        """Return the lowest and the highest position on the way."""
        start, end = self._start, self._start
        for jerk, lasts in self._phases:
            end = end.after(jerk, lasts)
        turn = start.after(self._phases[0][0], self._turn())
        places = (start.position, turn.position, end.position)
        return min(places), max(places)

    def _turn(self) -> float:
        """Return when [s] a joint that goes the other way first turns round, 0 if it does not."""
        jerk, v, a = self._phases[0][0], self._start.velocity, self._start.acceleration
        if v * jerk <= 0:  # the jerk brakes it: it stops without turning
            return 0.0
        root = sqrt(max(a * a - 2 * jerk * v, 0.0))
        return (abs(a) - root) / abs(jerk)


def stop_ends(
    rows: tuple[np.ndarray, ...], acceleration: np.ndarray, jerk: np.ndarray
) -> np.ndarray:
    """
    Return where (N,) the fastest stop of each joint ends.

    rows: position, velocity, acceleration, each (N,). The same three phases as in Stop.
    """
    p, way, v, a, peak = _facing(rows, acceleration, jerk)
    most = peak * peak
    fast = v + (a * a - most) / (2 * jerk)  # the velocity after the first phase
    first, last = (a + peak) / jerk, most / (2 * jerk)
    glide = np.maximum(fast - last, 0.0)
    moved = first * (v + first * (2 * a - peak) / 6) + peak * most / (6 * jerk * jerk)
    return p + way * (moved + glide * (fast + last) / (2 * np.maximum(peak, _NONE)))


def stops(
    rows: tuple[np.ndarray, ...], acceleration: np.ndarray, jerk: np.ndarray, moments: np.ndarray
) -> np.ndarray:
    """Return where (K, N) joints are at moments (K,) [s] of the fastest stop of each."""
    p, way, v, a, peak = _facing(rows, acceleration, jerk)
    fast = v + (a * a / 2 - peak * peak) / jerk
    glide = np.maximum(fast, 0.0) / np.maximum(peak, _NONE)
    left = moments[:, None]
    first = np.minimum(left, (a + peak) / jerk)
    second = np.minimum(left - first, glide)
    third = np.minimum(left - first - second, peak / jerk)
    moved = first * (v + first * (a / 2 - jerk * first / 6))
    v, a = v + first * (a - jerk * first / 2), a - jerk * first
    moved += second * (v + second * a / 2)
    v = v + second * a
    return p + way * (moved + third * (v + third * (a / 2 + jerk * third / 6)))


def _facing(
    rows: tuple[np.ndarray, ...], acceleration: np.ndarray, jerk: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return position; the way a joint stops, 1 or -1; v, a and peak braking, that way."""
    p, v, a = rows
    way = np.where(v + a * np.abs(a) / (2 * jerk) < 0, -1.0, 1.0)
    v, a = v * way, a * way
    peak = np.minimum(np.sqrt(np.maximum(jerk * v + a * a / 2, 0.0)), acceleration)
    return p, way, v, a, np.maximum(peak, -a)


def times_of(
    rows: tuple[np.ndarray, ...], acceleration: np.ndarray, jerk: np.ndarray
) -> np.ndarray:
    """Return how long (N,) [s] the fastest stop of each joint takes, at most."""
    _, v, a = rows
    speed = np.abs(v) + a * a / (2 * jerk)
    return (np.abs(a) + acceleration) / jerk + speed / acceleration


def reach_of(
    rows: tuple[np.ndarray, ...], acceleration: np.ndarray, jerk: np.ndarray
) -> np.ndarray:
    """Return how far (N,) the fastest stop of each joint goes, at most, either way."""
    _, v, a = rows
    speed = np.abs(v) + a * a / (2 * jerk)
    return speed * ((np.abs(a) + acceleration) / jerk + speed / acceleration)

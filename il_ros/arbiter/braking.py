"""The fastest stop of one joint, in closed form: that the command keeps its limits rests on it."""

from dataclasses import dataclass
from math import sqrt


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

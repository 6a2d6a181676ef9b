"""The motion generator: whatever is asked of it, the command keeps every limit, jerk included."""

from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from typing import Any, Protocol

import numpy as np

from il_ros.arbiter.braking import Point, Stop
from il_ros.arbiter.catching import Catching
from il_ros.arbiter.state import State, at_rest, pick
from il_ros.spec import RobotSpec

POLE = 0.4  # tracking error left after a tick, three times over; smaller is stiffer
CRUISE = 0.95  # part of the speed limit that a moving target may use up, so that it can be caught
AHEAD = 6  # ticks for which following must stay within the limits before it is begun
SLACK = 1e-9  # rounding of ruckig's sums, far below what any joint resolves


def tracking_gain(dt_s: float, pole: float = POLE) -> np.ndarray:
    """
    Return the jerk (3,) per unit of predicted error in position, velocity and acceleration.

    All three closed-loop poles are put at `pole`, per tick of dt_s [s].
    Source: Ackermann's formula, for the triple integrator under piecewise constant jerk.
    """
    free, forced = integrator(dt_s)
    moved = free @ forced  # an error is corrected a tick after it was predicted
    reach = np.stack([moved, free @ moved, free @ free @ moved], axis=1)
    wanted = np.linalg.matrix_power(free - pole * np.eye(3), 3)
    return np.linalg.solve(reach, wanted)[2]


def tracking_response(dt_s: float, gain: np.ndarray) -> np.ndarray:
    """
    Return (AHEAD, 4, 3): jerk, then error in position, velocity and acceleration after each tick.

    All per unit of the error (3,) that is predicted for the first of them.
    """
    free, forced = integrator(dt_s)
    left = np.eye(3) - np.outer(forced, gain)  # of the predicted error, once corrected
    predicted = [np.linalg.matrix_power(free @ left, i) for i in range(AHEAD)]
    return np.stack([np.vstack([-gain @ error, left @ error]) for error in predicted])


def integrator(dt_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (3, 3) and (3,): how a state moves in dt_s [s] by itself, and per unit of jerk."""
    free = np.array([[1.0, dt_s, dt_s**2 / 2], [0.0, 1.0, dt_s], [0.0, 0.0, 1.0]])
    return free, np.array([dt_s**3 / 6, dt_s**2 / 2, dt_s])


class Vet(Protocol):
    """Somebody who must agree with every step."""

    def forget(self) -> None:
        """Forget what was: the command is seated anew."""

    def vet(self, state: State, wish: State, brake: Callable[[], State]) -> State:
        """Return what becomes of a wish for the next state; brake() is the first of a stop."""


class Motion:
    """
    Jerk-limited motion of every joint on its own towards a moving target.

    Each tick a joint takes the first of three steps that is safe: follow (linear feedback, exact
    on a smooth target), catch up (ruckig, time-optimal in the target's moving frame), brake. Safe
    means: within the limits, and from there it can still stop within the position limits. By
    induction braking is always safe, so no target whatever breaks a limit. What is chosen
    passes the vets, one after the other.
    """

    def __init__(self, spec: RobotSpec, vets: Sequence[Vet] = ()):
        self._spec = spec
        self._vets = vets
        self._dt_s = spec.dt_s
        self._free, _ = integrator(spec.dt_s)
        self._response = tracking_response(spec.dt_s, tracking_gain(spec.dt_s))
        anywhere = np.full(spec.size, np.inf)
        self._bounds = np.array([spec.jerk, anywhere, spec.velocity, spec.acceleration])
        self._cruise = CRUISE * spec.velocity
        self._fastest, self._hardest = spec.velocity + SLACK, spec.acceleration + SLACK
        self._twice_jerk = 2 * spec.jerk
        self._catching = Catching(spec)
        self.seat(spec.home)

    def __deepcopy__(self, memo: dict[int, Any]) -> 'Motion':
        """Return another in the same state; what a way is calculated with is scratch."""
        twin = memo[id(self)] = copy(self)
        for name in ('state', '_vets', '_lower', '_upper'):
            setattr(twin, name, deepcopy(getattr(self, name), memo))
        return twin

    def seat(self, position: np.ndarray) -> None:
        """Stand still at position (N,), at once; outside the limits, only the way in is open."""
        self.state = at_rest(position)
        self._lower = np.minimum(self._spec.lower, position)
        self._upper = np.maximum(self._spec.upper, position)
        for vet in self._vets:
            vet.forget()

    @property
    def command(self) -> np.ndarray:
        """Where the joints (N,) are told to be; the clip takes rounding away, no more."""
        return self.state.position.clip(self._lower, self._upper)

    def step(self, target: State, moves: np.ndarray) -> np.ndarray:
        """
        Advance one tick and return the new command (N,).

        target: where the joints shall be one period from now. moves: (N,) bool, False brakes.
        """
        chosen = self._choose(self._feasible(target), moves)
        self.state = self._vetted(chosen) if self._vets else chosen
        self._narrow()
        return self.command

    def _vetted(self, wish: State) -> State:
        """Return what the vets leave of a step, as long as that keeps the limits of joints."""
        vetted = wish
        for vet in self._vets:
            vetted = vet.vet(self.state, vetted, self._brake)
        return vetted if vetted is wish or self._is_safe(vetted).all() else self._brake()

    def _choose(self, target: State, moves: np.ndarray) -> State:
        """Return the first step that is safe, joint by joint."""
        following, done = self._follow(target)
        done &= moves
        chosen = following
        if (moves & ~done).any():
            catching = self._catch_up(target)
            chosen = pick(done, following, catching)
            done |= moves & self._is_safe(catching)
        if not done.all():
            chosen = pick(done, chosen, self._brake())
        return chosen

    def _narrow(self) -> None:
        """Close the bounds to the limits behind a joint that began outside of them."""
        position, spec = self.state.position, self._spec
        self._lower = np.maximum(self._lower, np.minimum(spec.lower, position))
        self._upper = np.minimum(self._upper, np.maximum(spec.upper, position))

    def _feasible(self, target: State) -> State:
        """Return the target inside the limits; a leap is a new place to go to, not a velocity."""
        spec = self._spec
        fast = np.abs(target.velocity) > spec.velocity
        hard = fast | (np.abs(target.acceleration) > spec.acceleration)
        return State(
            target.position.clip(spec.lower, spec.upper),
            np.where(fast, 0.0, target.velocity.clip(-self._cruise, self._cruise)),
            np.where(hard, 0.0, target.acceleration),
        )

    def _follow(self, target: State) -> tuple[State, np.ndarray]:
        """Return the step of the linear tracker, and where (N,) bool it is safe."""
        wanted = np.array(target.rows())  # (3, N)
        error = self._free @ np.array(self.state.rows()) - wanted  # (3, N)
        course = self._response @ error  # (AHEAD, 4, N)
        course[:, 1:] += wanted
        following = State(*course[0, 1:])
        keeps = (np.abs(course) <= self._bounds).all(axis=(0, 1))
        return following, keeps & self._is_safe(following)

    def _catch_up(self, target: State) -> State:
        """Return the first step of the fastest way to the target; a joint without one brakes."""
        catching, has_way = self._catching.step(self.state, target)
        return catching if has_way.all() else pick(has_way, catching, self._brake())

    def _brake(self) -> State:
        """Return the first step of the fastest stop; what stands goes on standing."""
        rows = np.array(self.state.rows())  # (3, N)
        for i in np.flatnonzero(rows[1:].any(axis=0)):
            point = self._stop(self.state, i).after(self._dt_s)
            rows[:, i] = point.position, point.velocity, point.acceleration
        return State(*rows)

    def _stop(self, state: State, joint: np.intp) -> Stop:
        """Return the fastest stop of one joint from a state."""
        start = Point(*(float(row[joint]) for row in state.rows()))
        return Stop(start, float(self._spec.acceleration[joint]), float(self._spec.jerk[joint]))

    def _is_safe(self, state: State) -> np.ndarray:
        """Return where (N,) bool a state keeps the limits, and can go on keeping them."""
        hard = np.abs(state.acceleration)
        ramp = state.acceleration * hard / self._twice_jerk
        moved = (state.position - self.state.position) / self._dt_s
        speed = np.maximum(np.abs(state.velocity), np.abs(state.velocity + ramp))
        speed = np.maximum(speed, np.abs(moved))
        keeps = (speed <= self._fastest) & (hard <= self._hardest)
        if keeps.all():
            return self._stops_inside(state, speed)
        return keeps & self._stops_inside(pick(keeps, state, self.state), speed)

    def _stops_inside(self, state: State, speed: np.ndarray) -> np.ndarray:
        """Return where (N,) bool the fastest stop from a state stays within the bounds."""
        spec = self._spec
        seconds = (np.abs(state.acceleration) + spec.acceleration) / spec.jerk
        reach = speed * (seconds + speed / spec.acceleration)  # no stop is longer than this
        inside = state.position - reach >= self._lower
        inside &= state.position + reach <= self._upper
        for i in (~inside).nonzero()[0]:
            low, high = self._stop(state, i).extrema()
            inside[i] = self._lower[i] - SLACK <= low and high <= self._upper[i] + SLACK
        return inside

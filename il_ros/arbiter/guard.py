"""The safety filter: what brings an arm too near to something is slowed down, then stopped."""

from collections.abc import Callable

import numpy as np

from il_ros.arbiter.braking import reach_of, stop_ends, stops, times_of
from il_ros.arbiter.state import State, mixed
from il_ros.robot.clearance import Clearance
from il_ros.spec import RobotSpec, Safety

_ROUNDING = 1e-9  # [m]
_CAUTION = 2.0  # a stop's end may come nearer faster than the command while that speeds up
_STOPPED = 0.02  # a smaller share of a wish is no motion to speak of


class Guard:
    """
    Lets a step of the command pass, slows it down, or lets it brake.

    A step is judged by the room along the fastest stop from it, and by how much room it takes
    away: nobody may come nearer faster than the room left within `approach_s`. Who may not is
    given a mixture of the step and of braking, which keeps every limit that both keep. Where that
    is not clear either it brakes, and that way was found clear a tick before.
    """

    def __init__(self, spec: RobotSpec, safety: Safety):
        self._spec = spec
        self._clearance = Clearance(spec, safety)
        self._groups = self._clearance.groups
        self._reach = self._clearance.reach  # (G, N)
        self._per_tick = spec.dt_s / safety.approach_s  # share of the room that a tick may take
        self._quiet = tuple('' for _ in spec.arms)
        self.forget()

    def forget(self) -> None:
        """Know of no room: the command was seated anew."""
        self._seen = np.zeros(self._spec.size)  # the last pose that was looked at
        self._room = np.full(len(self._groups), -np.inf)  # (G,) [m] what there was
        # a state, the room (G,) where its stop ends, and that pose (N,)
        self._judged: tuple[State, np.ndarray, np.ndarray] | None = None
        self.why = self._quiet  # arm by arm: what slows it down or stops it

    def vet(self, state: State, wish: State, brake: Callable[[], State]) -> State:
        """Return what becomes of a wish for the next state; brake() is the first of a stop."""
        self.why = self._quiet
        if self._is_far(state, wish):
            return wish
        before, here = self._before(state)
        floor = self._floor(state, before)
        there = self._end(wish)
        if self._is_clear(wish, there, floor) and self._is_slow(before, self._room):
            self._judged = wish, self._room, self._seen
            return wish
        braked = brake()
        eased = mixed(braked, wish, self._shares(before, here, there))
        if self._is_clear(eased, self._end(eased), floor):
            self._judged = eased, self._room, self._seen
            return eased
        self._note_stop()
        return braked

    # -- how fast -----------------------------------------------------------------------------

    def _is_slow(self, before: np.ndarray, after: np.ndarray) -> bool:
        return bool((before - after <= self._allowed(before)).all())

    def _allowed(self, room: np.ndarray) -> np.ndarray:
        """Return how much (G,) [m] a tick may take away; none of a room that is not there."""
        return room.clip(min=0.0) * self._per_tick + _ROUNDING

    def _shares(self, before: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
        """
        Return the share (N,) of its wish that each joint may have, and note why.

        here, there: where (N,) the stops from now and from the wish end. Of two arms that come
        nearer to each other both are slowed down; one that gives way is not.
        """
        taken = np.zeros((len(self._spec.arms), len(self._groups)))
        nearest: dict[int, str] = {}
        for i, arm in enumerate(self._spec.arms):
            alone = here.copy()
            alone[arm.all] = there[arm.all]
            taken[i] = (before - self._look(alone)).clip(min=0.0)
            nearest |= {g: self._clearance.nearest(g) for g in np.flatnonzero(taken[i]).tolist()}
        share = np.minimum(1.0, self._allowed(before) / np.maximum(taken.sum(axis=0), 1e-12))
        shares, why = np.ones(self._spec.size), list(self._quiet)
        for i, arm in enumerate(self._spec.arms):
            group = int(np.where(taken[i] > 0, share, 1.0).argmin())
            if taken[i, group] > 0 and share[group] < 1:
                shares[arm.all] = share[group]
                word = 'stopped' if share[group] < _STOPPED else 'slowed'
                why[i] = f'{word}: {nearest[group]}'
        self.why = tuple(why)
        return shares

    def _note_stop(self) -> None:
        """Note that every arm brakes, where there was least room at the last look."""
        group = int(self._room.argmin())
        why = f'stopped: {self._clearance.nearest(group)}'
        self.why = tuple(why if i in self._groups[group] else w for i, w in enumerate(self.why))

    # -- how much room ------------------------------------------------------------------------

    def _is_far(self, state: State, wish: State) -> bool:
        """Whether it is plain from the last room seen that a wish, and its stop, takes little."""
        travel = np.abs(wish.position - self._seen) + self._stop_reach(wish)
        left = self._room - self._reach @ travel
        most = self._reach @ np.abs(wish.position - state.position)
        return bool((left * self._per_tick >= _CAUTION * most).all())

    def _before(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Return the room (G,) where the stop from a state ends, and that pose (N,)."""
        if self._judged is None or self._judged[0] is not state:
            end = self._end(state)
            self._judged = state, self._clearance.at(end), end
        return self._judged[1:]

    def _look(self, pose: np.ndarray) -> np.ndarray:
        """Return the room (G,) at a pose, and remember it."""
        self._seen, self._room = pose, self._clearance.at(pose)
        return self._room

    def _floor(self, state: State, before: np.ndarray) -> np.ndarray:
        """Return the room (G,) [m] that must be left: none, or as little as there is."""
        floor = np.minimum(before, 0.0)
        if floor.any():
            floor = np.minimum(floor, self._look(state.position))
        return floor - _ROUNDING

    def _is_clear(self, state: State, end: np.ndarray, floor: np.ndarray) -> bool:
        """Whether the stop from a state leaves room (G,); at its end is looked last."""
        at_end = self._look(end)
        if (at_end < floor).any():
            return False
        spread = self._reach @ self._stop_reach(
            state
        )  # no place on the way is further from its end
        if (at_end - spread >= floor).all():
            return True
        at_start = self._clearance.at(state.position)
        if (at_start < floor).any():
            return False
        if ((at_start + at_end - spread) / 2 >= floor).all():
            return True
        return self._is_clear_on_the_way(state, end, at_end, floor)

    def _is_clear_on_the_way(
        self, state: State, end: np.ndarray, at_end: np.ndarray, floor: np.ndarray
    ) -> bool:
        """Look at the ticks of a stop, from its end backwards, where that is not superfluous."""
        lasts = times_of(state.rows(), self._spec.acceleration, self._spec.jerk).max()
        moments = np.arange(0.0, lasts, self._spec.dt_s)
        ways = stops(state.rows(), self._spec.acceleration, self._spec.jerk, moments)  # (K, N)
        seen, room = end, at_end
        for pose in ways[::-1]:
            if (room - self._reach @ np.abs(pose - seen) >= floor).all():
                continue
            seen, room = pose, self._clearance.at(pose)
            if (room < floor).any():
                return False
        return True

    # -- stops --------------------------------------------------------------------------------

    def _end(self, state: State) -> np.ndarray:
        """Return where (N,) the fastest stop from a state ends."""
        return stop_ends(state.rows(), self._spec.acceleration, self._spec.jerk)

    def _stop_reach(self, state: State) -> np.ndarray:
        """Return how far (N,) each joint goes until it stands, at most."""
        return reach_of(state.rows(), self._spec.acceleration, self._spec.jerk)

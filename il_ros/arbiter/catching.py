"""Catching up: the fastest way of every joint on its own to a target that moves on."""

import numpy as np
from ruckig import InputParameter, Ruckig, RuckigError, Synchronization, Trajectory

from il_ros.arbiter.state import State
from il_ros.spec import RobotSpec

LIMITS = ('max_velocity', 'min_velocity', 'max_acceleration', 'max_jerk')
START = ('current_position', 'current_velocity', 'current_acceleration')
END = ('target_position', 'target_velocity', 'target_acceleration')


class Catching:
    """Time-optimal ways in the frame of the target, which keeps its velocity (ruckig)."""

    def __init__(self, spec: RobotSpec):
        self._limit, self._dt_s = spec.velocity, spec.dt_s
        self._all = Ruckig(spec.size, spec.dt_s)
        self._way = Trajectory(spec.size)
        self._given = _ruckig_input(spec)

    def step(self, state: State, target: State) -> tuple[State, np.ndarray]:
        """
        Return the first step from a state, and for which joints (N,) bool there is a way.

        target: where the joints shall be one period from now.
        """
        origin = target.position - target.velocity * self._dt_s  # where the target is now
        given = self._given
        given.current_position = (state.position - origin).tolist()
        given.current_velocity = (state.velocity - target.velocity).tolist()
        given.current_acceleration = state.acceleration.tolist()
        given.max_velocity = (self._limit - target.velocity).tolist()
        given.min_velocity = (-self._limit - target.velocity).tolist()
        rows, has_way = self._first()
        step = State(rows[0] + target.position, rows[1] + target.velocity, rows[2])
        return step, has_way

    def _first(self) -> tuple[np.ndarray, np.ndarray]:
        """Return position, velocity, acceleration (3, N) after a period, and which there are."""
        try:
            self._all.calculate(self._given, self._way)
        except RuckigError:  # rounding, on the very edge of a limit: once in some 100 000 ticks
            return self._first_of_each()
        rows = np.array(self._way.at_time(self._dt_s))
        return rows, np.ones(len(self._limit), dtype=bool)

    def _first_of_each(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the same joint by joint, since one without a way keeps no other from its own."""
        rows = np.zeros((3, len(self._limit)))
        has_way = np.ones(len(self._limit), dtype=bool)
        alone, way = Ruckig(1, self._dt_s), Trajectory(1)
        for i in range(len(self._limit)):
            try:
                alone.calculate(_of_joint(self._given, i), way)
            except RuckigError:
                has_way[i] = False
            else:
                rows[:, i] = np.ravel(way.at_time(self._dt_s))
        return rows, has_way


def _ruckig_input(spec: RobotSpec) -> InputParameter:
    """Return ruckig's input with the robot's limits; the target stays at zero."""
    parameters = InputParameter(spec.size)
    parameters.synchronization = Synchronization.No
    parameters.max_acceleration = spec.acceleration.tolist()
    parameters.max_jerk = spec.jerk.tolist()
    for name in END:
        setattr(parameters, name, [0.0] * spec.size)
    return parameters


def _of_joint(given: InputParameter, joint: int) -> InputParameter:
    """Return ruckig's input for one joint of all."""
    one = InputParameter(1)
    for name in (*START, *END, *LIMITS):
        setattr(one, name, [getattr(given, name)[joint]])
    return one

"""Ways of the arms by themselves, such as home: free of what they must not meet, and slow."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from il_ros.robot.clearance import Clearance
from il_ros.spec import RobotSpec

SPEED = 0.5  # [rad/s] of the joint that goes furthest: a person can step in
GRIPPING = 1.0  # [opening/s] the same of a gripper
SHARE = 0.5  # of a joint's own speed limit, where that is lower
LOOK = 0.03  # [rad] between two poses that are looked at
TRIES = 200  # ways to try
DETOUR = (0.1, 0.8)  # [rad] how far off them the pose on the way is, from .. to
_PEAK = 1.875  # of a minimum-jerk motion's speed, over its mean


class NoWay(ValueError):
    """The arms cannot get there by themselves."""


def stops(spec: RobotSpec, start: np.ndarray, goal: np.ndarray) -> list[np.ndarray]:
    """
    Return the poses (N,) to go through from start (N,), the last one goal (N,).

    Straight where that is free, else round by one pose more. Grippers open or close when the
    arms are there: what they hold falls there. Raises NoWay, which names what is too near.
    """
    end = goal.copy()
    for arm in spec.arms:
        end[arm.gripper] = start[arm.gripper]
    if spec.safety is None:
        return [end, goal]
    clearance = Clearance(spec, spec.safety)
    least = np.minimum(clearance.at(start), 0.0) - 1e-3  # what is too near at the start may be
    near = ''
    for way in _ways(spec, start, end):
        blocked = _blocked(clearance, [start, *way], least)
        if not blocked:
            return [*way, goal]
        near = near or blocked
    raise NoWay(
        f'{spec.name}: no free way there, {near} would come too near; lead the arms '
        'apart first, by hand or by il-ros up teleop'
    )


def path(spec: RobotSpec, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """
    Return targets (T, N), one a control period, from start to end (N,): smooth, and slow.

    Source: the minimum-jerk polynomial, Flash and Hogan 1985.
    """
    fastest = np.minimum(SPEED, SHARE * spec.velocity)
    for arm in spec.arms:
        fastest[arm.gripper] = np.minimum(GRIPPING, SHARE * spec.velocity[arm.gripper])
    seconds = (_PEAK * np.abs(end - start) / fastest).max()
    ticks = max(int(np.ceil(seconds / spec.dt_s)), 1)
    u = np.arange(1, ticks + 1)[:, None] / ticks
    return start + (end - start) * u**3 * (10.0 - 15.0 * u + 6.0 * u**2)


def _ways(spec: RobotSpec, start: np.ndarray, end: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield ways to try: straight, then round by a pose that is drawn further and further off."""
    yield [end]
    random, moves = np.random.default_rng(0), np.zeros(spec.size)
    for arm in spec.arms:
        moves[arm.joints] = 1.0  # a gripper stays as it is
    for spread in np.linspace(*DETOUR, TRIES):
        middle = start + random.random() * (end - start)
        aside = random.normal(0.0, spread, spec.size) * moves
        yield [np.clip(middle + aside, spec.lower, spec.upper), end]


def _blocked(clearance: Clearance, poses: list[np.ndarray], least: np.ndarray) -> str:
    """Return what comes too near to what on the way through poses, '' when nothing does."""
    for one, other in pairwise(poses):
        looks = max(int(np.ceil(np.abs(other - one).max() / LOOK)), 1)
        for part in np.arange(1, looks + 1) / looks:
            room = clearance.at(one + part * (other - one))
            if (room < least).any():
                return clearance.nearest(int((room - least).argmin()))
    return ''

"""How far a transport is: lid, litter and item, each as far as it is."""

import numpy as np

from il_ros.sim.geometry import length
from il_ros.sim.tasks import transfer_progress
from il_ros.sim.tasks.transfer_sight import Stage
from il_ros.sim.tasks.transport_jobs import Job
from il_ros.sim.tasks.transport_sight import GIVER, Sight, Thing

_LID, _LITTER = 0.2, 0.2  # shares of the whole; the rest is the item's
_FAR = 0.5  # [m] what has more left than this has only begun
_ASIDE = 0.3  # [m] from the box, where a lid is out of the way
_REACHED = 0.4  # share of lid or litter when a hand is there


def progress(
    sight: Sight, work: dict[str, Job], meeting: np.ndarray, side: dict[str, np.ndarray]
) -> float:
    """
    Return 0..1 for a sight, with each arm at its job.

    meeting (3,) is where the item is at the hand-over, side the direction of each arm's base.
    """
    item = 0.0
    if sight.stage is not Stage.PICK or work[GIVER] is Job.PASS:
        item = transfer_progress.progress(sight.passing, meeting, side)
    return _LID * _lid(sight) + _LITTER * _litter(sight) + (1.0 - _LID - _LITTER) * item


def _lid(sight: Sight) -> float:
    if sight.is_covered:
        return _REACHED * _near(sight.lid, (GIVER,))
    if not sight.lid.holder:
        return 1.0
    away = length((sight.lid.at - sight.box)[:2])
    return _REACHED + (1.0 - _REACHED) * min(away / _ASIDE, 1.0)


def _litter(sight: Sight) -> float:
    if sight.is_tidy:
        return 1.0
    if not sight.litter.holder:
        return _REACHED * _near(sight.litter, tuple(sight.litter.hands))
    left = length(sight.litter_bin - sight.litter.at)
    return _REACHED + (1.0 - _REACHED) * (1.0 - min(left / _FAR, 1.0))


def _near(thing: Thing, arms: tuple[str, ...]) -> float:
    """How near the nearest of some hands is to a thing, 0..1."""
    left = min(length(thing.at - thing.hands[arm].at) for arm in arms)
    return 1.0 - min(left / _FAR, 1.0)

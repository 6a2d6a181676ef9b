"""How far a transfer is: the stage it is in, and the distance that is left of that stage."""

import numpy as np

from il_ros.sim.grasping import Hand
from il_ros.sim.tasks import transfer
from il_ros.sim.tasks.transfer_sight import Sight, Stage, free_end, grasp_point

_GIVER, _RECEIVER = transfer.Transfer.giver, transfer.Transfer.receiver
_SPAN = {
    Stage.PUT: (0.0, 0.1),
    Stage.PICK: (0.0, 0.25),
    Stage.FETCH: (0.2, 0.3),
    Stage.CARRY: (0.3, 0.6),
    Stage.HAND: (0.6, 0.65),
    Stage.BIN: (0.65, 0.95),
    Stage.DONE: (0.95, 1.0),
}
_FAR = 0.5  # [m] a stage that has more left than this has only begun


def progress(sight: Sight, meeting: np.ndarray, side: dict[str, np.ndarray]) -> float:
    """
    Return 0..1 for a sight.

    meeting (3,) is where the block is at the hand-over, side the direction of each arm's base.
    """
    low, high = _SPAN[sight.stage]
    return low + (high - low) * (1.0 - min(_left(sight, meeting, side) / _FAR, 1.0))


def _left(sight: Sight, meeting: np.ndarray, side: dict[str, np.ndarray]) -> float:
    """Distance left of the stage [m]."""
    stage = sight.stage
    if stage is Stage.PICK:
        return _reaching(sight.giver, sight, side[_GIVER])
    if stage is Stage.FETCH:
        return _reaching(sight.receiver, sight, side[_RECEIVER])
    if stage is Stage.CARRY:
        return (_norm(meeting - sight.block) + _norm(free_end(sight) - sight.receiver.at)) / 2
    if stage is Stage.PUT:
        return float(sight.block[2])
    if stage is Stage.BIN:
        return _norm(sight.box - sight.block)
    return 0.0


def _reaching(hand: Hand, sight: Sight, side: np.ndarray) -> float:
    at, _ = grasp_point(sight, side)
    return _norm(at - hand.at)


def _norm(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))

"""Who does what in transport: each arm's job, read off the present state and a person's way."""

from dataclasses import dataclass
from enum import Enum

from il_ros.sim.tasks.transfer_sight import Stage
from il_ros.sim.tasks.transport_sight import GIVER, RECEIVER, Sight

_TOO_FAR = 0.10  # [m] beyond the middle, an arm leaves litter to the other


class When(Enum):
    """When the litter's turn is."""

    FIRST = 0
    AFTER_LID = 1
    LAST = 2


@dataclass(frozen=True)
class Way:
    """What one demonstrator does differently, apart from how it moves."""

    tidies: str = RECEIVER  # the arm that takes the litter
    when: When = When.FIRST
    lid_to: float = -1.0  # the side where the lid is laid: -1 before the box, 1 behind it


WAYS = (  # by the number of the demonstrator
    Way(),
    Way(when=When.LAST),
    Way(tidies=GIVER, lid_to=1.0),
    Way(tidies=GIVER, when=When.AFTER_LID),
    Way(lid_to=1.0),
    Way(tidies=GIVER, when=When.LAST, lid_to=1.0),
)


class Job(Enum):
    """What one arm does."""

    PASS = 0  # pick the item, hand it over, bin it, or rest: as in transfer
    OPEN = 1  # take the lid
    LAY = 2  # lay it down, out of the way
    PICK = 3  # take the litter
    TIDY = 4  # bring it to its bin


def jobs(sight: Sight, way: Way) -> dict[str, Job]:
    """Return each arm's job."""
    return {arm: _job(arm, sight, way) for arm in (GIVER, RECEIVER)}


def _job(arm: str, sight: Sight, way: Way) -> Job:
    if sight.lid.hands[arm].holds:
        return Job.LAY
    if sight.litter.hands[arm].holds:
        return Job.TIDY
    if _is_busy(arm, sight):
        return Job.PASS
    if arm == _tidier(sight, way) and _is_turn(arm, sight, way.when):
        return Job.PICK
    return Job.OPEN if arm == GIVER and sight.is_covered else Job.PASS


def _is_busy(arm: str, sight: Sight) -> bool:
    """Whether the arm has the item, or is still around it."""
    passing = sight.passing
    if arm == RECEIVER:
        return passing.receiver.holds
    return passing.giver.holds or (passing.receiver.holds and passing.giver.clearance < 1.0)


def _tidier(sight: Sight, way: Way) -> str:
    """The arm that takes the litter: the one whose task it is, if it is not too far."""
    x = sight.litter.at[0]
    if abs(x) > _TOO_FAR:
        return GIVER if x > 0 else RECEIVER
    return way.tidies


def _is_turn(arm: str, sight: Sight, when: When) -> bool:
    """Whether it is the litter's turn for an arm with its hand free."""
    if sight.is_tidy or sight.litter.holder:
        return False
    stage = sight.stage
    if stage is Stage.DONE:
        return True
    if arm == GIVER and stage is Stage.FETCH:
        return False  # the other arm is coming for the item, where the litter is
    if when is When.LAST:
        return arm == GIVER and stage is Stage.BIN
    return when is When.FIRST or stage is not Stage.PICK or not sight.is_covered

"""What an episode is to be, and what became of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.spec import Authority, Outcome, Who

OUTCOMES = ('success', 'failure', 'unlabeled')
REDO = 'redo'  # no episode was run: the one before shall be done again
SYNTHETIC = ('always', 'correct')  # what a synthetic operator does, in a demonstrator's style


@dataclass(frozen=True)
class EpisodePlan:
    """One episode to run."""

    number: int  # within its collection, from 0
    seed: int
    task: str
    operator: str  # 'always' demonstrates, 'correct' takes over where needed, 'off' keeps away;
    # 'person' is a real one
    demonstrator: int  # number of the synthetic demonstrator
    with_policy: bool
    root: str  # folder for the bag; '' records nothing
    round: int = 0
    purpose: str = ''  # of its collection: 'demonstrations', 'corrections', 'evaluation'
    of: int = 0  # episodes that the collection shall have, 0: as many as there come
    so_far: tuple[str, ...] = ()  # how the collection's episodes before this one went
    is_gated: bool = True  # the gate, where there is one, may call

    def told(self, *more: str) -> dict[str, Any]:
        """What `episode` says of it; more: how it went itself."""
        keys = ('number', 'of', 'seed', 'round', 'purpose')
        went = (*self.so_far, *more)
        return {key: getattr(self, key) for key in keys} | {o: went.count(o) for o in OUTCOMES}

    def meta(self) -> dict[str, Any]:
        """What the bag says of itself from the start."""
        keys = ('number', 'seed', 'task', 'operator', 'demonstrator', 'with_policy', 'round')
        meta = {key: getattr(self, key) for key in keys}
        if self.operator in SYNTHETIC:
            meta['demonstrator_style'] = asdict(DEMONSTRATORS[self.demonstrator])
        return meta


@dataclass(frozen=True)
class EpisodeResult:
    """What became of an episode."""

    number: int
    seed: int
    outcome: str  # 'success', 'failure' or 'unlabeled'
    reason: str  # failure kind, as the task judges it
    termination: str  # 'stopped', 'timeout', 'cancelled', 'error', 'discarded', or REDO
    ticks: int
    interventions: int  # take-overs, both arms together counting once
    human_ticks: int  # ticks with a person on at least one arm
    wall_s: float  # from the first tick to the last [s]
    bag: str = ''
    is_repeatable: bool = True  # False when a participant had to be dropped
    # of a synthetic operator:
    attention_s: float = 0.0  # looking, coming and acting
    calls: int = 0  # upon which the operator came
    switches: int = 0  # from something else to the robot

    def row(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)


class Rig(Protocol):
    """What can run an episode: the loop in one process, or the ROS graph."""

    def episode(self, plan: EpisodePlan) -> EpisodeResult:
        """Reset, run, record and judge one episode."""

    def is_asked(self, wish: str) -> bool:
        """Whether a person has asked for something that is done between episodes; once each."""

    def settle(self) -> None:
        """Wait until the disk has every episode: the next may start while the last is written."""

    def load(self, checkpoint: str) -> None:
        """Act with another checkpoint from now on; ValueError leaves the old one in place."""


class Tally:
    """Count who acted, tick by tick."""

    def __init__(self) -> None:
        self.ticks = self.human_ticks = self.interventions = 0
        self._was_human = False

    def add(self, authority: Sequence[Authority]) -> None:
        """Take the authority of one tick, arm by arm."""
        is_human = any(arm.who is Who.HUMAN for arm in authority)
        self.ticks += 1
        self.human_ticks += is_human
        self.interventions += is_human and not self._was_human
        self._was_human = is_human


@dataclass(frozen=True)
class Ending:
    """Why an episode has ended: by the task's judgement, a person's word, or the clock."""

    event: str  # 'judged', 'limit', or what the person said: stop, success, failure, discard
    outcome: Outcome  # as the task judged it, running where it had not come to an end

    @property
    def transition(self) -> str:
        """The event in the table of phases."""
        return 'stop' if self.event in ('judged', 'limit') else self.event

    @property
    def label(self) -> str:
        """How it went: a person's word counts more than the task's judgement."""
        if self.event in ('success', 'failure'):
            return self.event
        return 'unlabeled' if self.outcome.state == 'running' else self.outcome.state

    @property
    def termination(self) -> str:
        """The termination reason that the bag keeps."""
        if self.event == 'judged':
            return termination_of(self.outcome.state, self.outcome.reason)
        return {'limit': 'timeout', 'discard': 'discarded'}.get(self.event, 'stopped')


def termination_of(state: str, reason: str) -> str:
    """Return the termination reason of an episode that the task itself ended."""
    return 'timeout' if reason == 'time out' else 'stopped' if state != 'running' else 'cancelled'

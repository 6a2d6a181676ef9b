"""When a synthetic operator looks at the robot, and what that costs: seconds, calls, switches."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Protocol

import numpy as np

LOOK_S = 1.0  # that one who looks from time to time looks at least
LAPSE_S = 2.0  # mean of the times for which one who watches does not look


class Look(Enum):
    """What a person does at a tick who has no arm."""

    AWAY = 'away'
    SEES = 'sees'  # and takes over if it goes wrong
    COMES = 'comes'  # to take over


class Eyes(Protocol):
    """When somebody looks, tick after tick of an episode."""

    is_there: bool  # does nothing else, lapses included
    heeds: bool  # a call, and stays until nobody calls any more

    def look(self, now_ns: int, is_called: bool) -> Look:
        """Return what is done at this tick; is_called: the gate asks for a person."""


class Watching:
    """Looks all the time, but for lapses, and judges for itself."""

    is_there, heeds = True, False

    def __init__(self, person: 'Person', random: np.random.Generator):
        share = person.inattention
        self._has_lapses = share > 0
        self._mean_s = {True: LAPSE_S, False: LAPSE_S * (1 - share) / max(share, 1e-9)}
        self._random = random
        self._is_lapse = bool(random.random() < share)
        self._until_ns: int | None = None

    def look(self, now_ns: int, is_called: bool) -> Look:
        """Be away in lapses."""
        if self._until_ns is None:
            self._until_ns = now_ns + self._drawn_ns()
        while self._has_lapses and now_ns >= self._until_ns:
            self._is_lapse = not self._is_lapse
            self._until_ns += self._drawn_ns()
        return Look.AWAY if self._is_lapse else Look.SEES

    def _drawn_ns(self) -> int:
        return int(1e9 * self._random.exponential(self._mean_s[self._is_lapse]))


class WhenCalled:
    """Trusts the gate: comes when it calls, and looks at no other time."""

    is_there, heeds = False, True

    def __init__(self, person: 'Person', random: np.random.Generator):
        pass

    def look(self, now_ns: int, is_called: bool) -> Look:
        """Come when called."""
        return Look.COMES if is_called else Look.AWAY


class Periodically:
    """Looks for LOOK_S every so often, for the first time at a random moment."""

    is_there, heeds = False, False

    def __init__(self, person: 'Person', random: np.random.Generator):
        self._every_ns = int(1e9 * person.every_s)
        self._first_ns = int(random.uniform(0, self._every_ns))
        self._began_ns: int | None = None

    def look(self, now_ns: int, is_called: bool) -> Look:
        """See what there is to be seen just then."""
        if self._began_ns is None:
            self._began_ns = now_ns
        since_ns = now_ns - self._began_ns - self._first_ns
        is_time = since_ns >= 0 and since_ns % self._every_ns < LOOK_S * 1e9
        return Look.SEES if is_time else Look.AWAY


class AtRandom:
    """Comes at moments that have nothing to do with the robot: what any gate has to beat."""

    is_there, heeds = False, False

    def __init__(self, person: 'Person', random: np.random.Generator):
        self._mean_s, self._random = person.every_s, random
        self._next_ns: int | None = None

    def look(self, now_ns: int, is_called: bool) -> Look:
        """Come once at each moment that was drawn."""
        if self._next_ns is None:
            self._next_ns = now_ns + self._drawn_ns()
        if now_ns < self._next_ns:
            return Look.AWAY
        self._next_ns = now_ns + self._drawn_ns()
        return Look.COMES

    def _drawn_ns(self) -> int:
        return int(1e9 * self._random.exponential(self._mean_s))


LOOKS: dict[str, Callable[['Person', np.random.Generator], Eyes]] = {
    'always': Watching,
    'called': WhenCalled,
    'periodic': Periodically,
    'random': AtRandom,
}


@dataclass(frozen=True)
class Person:
    """What a synthetic operator is like who corrects a policy."""

    looks: str = 'always'  # of LOOKS
    reaction_s: float = 0.3  # from what is seen, or from the call, to the hands
    inattention: float = 0.0  # share of the time for which one who watches does not look
    imprecision_rad: float = 0.0  # deviation of the hands from what they want, slowly wandering
    every_s: float = 5.0  # from look to look of 'periodic'; the mean of 'random'

    def __post_init__(self) -> None:
        """Raise ValueError for a person there cannot be."""
        if self.looks not in LOOKS:
            raise ValueError(f'looks {self.looks!r}: expected one of {", ".join(LOOKS)}')
        if not 0.0 <= self.inattention < 1.0:
            raise ValueError(f'inattention {self.inattention}: a share, at least 0, below 1')
        if min(self.reaction_s, self.imprecision_rad) < 0 or self.every_s <= LOOK_S:
            raise ValueError(
                f'reaction_s {self.reaction_s}, imprecision_rad {self.imprecision_rad}, every_s '
                f'{self.every_s}: expected at least 0, at least 0, above {LOOK_S:g}'
            )

    def eyes(self, seed: int) -> Eyes:
        """Return when this person looks in the episode of a seed."""
        return LOOKS[self.looks](self, np.random.default_rng(seed))


WATCHER = Person()


@dataclass(frozen=True)
class Spent:
    """
    What an episode took of a person's attention.

    Watching, coming and acting count; who does nothing else meanwhile attends all the time, and
    who is there from the first tick on has not switched.
    """

    attention_s: float = 0.0
    calls: int = 0  # upon which the person came, and took over
    switches: int = 0  # from something else to the robot

    def __add__(self, other: 'Spent') -> 'Spent':
        """Return both together."""
        mine, others = asdict(self), asdict(other)
        return Spent(**{key: mine[key] + others[key] for key in mine})

    def charged_s(self, switch_s: float) -> float:
        """Return the seconds of attention, with so many for each switch."""
        return self.attention_s + switch_s * self.switches


class Meter:
    """Counts what an operator spends, tick by tick."""

    def __init__(self, dt_s: float):
        self._dt_s = dt_s
        self._ticks = self._calls = self._switches = 0
        self._was_at_it = True  # nobody switches before the first tick

    def tick(self, is_at_it: bool, has_been_called: bool) -> None:
        """Take a tick: whether the person attends, and whether a call was just followed."""
        self._ticks += is_at_it
        self._calls += has_been_called
        self._switches += is_at_it and not self._was_at_it
        self._was_at_it = is_at_it

    @property
    def spent(self) -> Spent:
        """What the ticks so far took."""
        return Spent(round(self._ticks * self._dt_s, 6), self._calls, self._switches)

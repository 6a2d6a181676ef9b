"""Ways of spending a person's attention, and what they are charged."""

from collections.abc import Sequence
from dataclasses import dataclass

from il_ros.sim.attention import WATCHER, Person, Spent

SWITCH_S = 5.0  # of attention that it costs to turn from something else to the robot [s]
DEMONSTRATES = 'always'  # instead of correcting


@dataclass(frozen=True)
class Arm:
    """A way of spending a person's attention."""

    person: Person = WATCHER
    operator: str = 'correct'  # or DEMONSTRATES
    is_gated: bool = False  # the gate holds the robot and calls
    is_matched: bool = False  # a round has as many episodes as the gated one's attention lasts

    @property
    def is_there(self) -> bool:
        """Whether the person is at the robot from the first tick to the last."""
        return self.operator == DEMONSTRATES or self.person.looks == 'always'


def charged_s(spent: Sequence[Spent], arm: Arm) -> float:
    """Return the attention that a round's episodes took, switches charged [s]."""
    came = SWITCH_S if arm.is_there and spent else 0.0  # once for all of them
    return came + sum(each.charged_s(SWITCH_S) for each in spent)


REACTION_S, INATTENTION, IMPRECISION_RAD = 1.0, 0.1, 0.002
TRAITS = (REACTION_S, INATTENTION, IMPRECISION_RAD)
# In the order in which they are run: the gated one's attention is what others may take.
ARMS = {
    'gated': Arm(Person('called', *TRAITS), is_gated=True),
    'watching': Arm(Person('always', *TRAITS)),
    'demonstrations': Arm(Person('always', *TRAITS), DEMONSTRATES, is_matched=True),
    'periodic': Arm(Person('periodic', *TRAITS, every_s=10.0), is_matched=True),
    'random': Arm(Person('random', *TRAITS, every_s=15.0), is_matched=True),
}
LABELS = {
    'gated': 'HG-DAgger, the gate calls',
    'watching': 'HG-DAgger, a person watches',
    'demonstrations': 'plain demonstrations',
    'periodic': 'HG-DAgger, looks every 10 s',
    'random': 'HG-DAgger, called at random',
}

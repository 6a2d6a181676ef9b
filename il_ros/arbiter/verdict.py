"""What is decided about one arm at one tick."""

from dataclasses import dataclass

from il_ros.arbiter.state import State
from il_ros.spec import Authority, Who


@dataclass(frozen=True)
class Verdict:
    """Who has one arm at one tick, and where to; without a target it brakes and stands."""

    who: Who
    why: str
    target: State | None = None
    operator: str = ''
    is_plea: bool = False  # a person is wanted
    source: str = ''  # of the person

    def authority(
        self, before: Authority, now_ns: int, version: str, slow: str, score: float
    ) -> Authority:
        """
        Return the verdict as published.

        version: of the policy's newest plan, executed or not. slow: what slows the arm down, ''
        nothing. score: what the gate thresholds.
        """
        same = (self.who, self.operator) == (before.who, before.operator)
        since_ns = before.since_ns if same else now_ns
        why = f'{self.why}; {slow}' if slow else self.why
        return Authority(self.who, why, since_ns, self.operator, version, score)

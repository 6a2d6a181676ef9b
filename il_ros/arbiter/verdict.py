"""What is decided about one arm at one tick."""

from dataclasses import dataclass

from il_ros.arbiter.state import State
from il_ros.spec import Who


@dataclass(frozen=True)
class Verdict:
    """Who has one arm at one tick, and where to; without a target it brakes and stands."""

    who: Who
    why: str
    target: State | None = None
    operator: str = ''
    is_plea: bool = False  # a person is wanted
    source: str = ''  # of the person
    awaits_ns: int = -1  # the earliest observation that a plan may be from; -1: none is awaited

"""Bounds: what the arbiter compares a score with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What counts as much of a score, and as little; from roll-outs of one checkpoint."""

    high: float  # above it a person is called
    low: float  # at or below it all is well again
    episodes: int  # that they are taken from
    rate: float  # of the false alarms per successful episode, or of all calls per episode, asked
    calls_per_hour: float | None = None  # where it was this that was asked for

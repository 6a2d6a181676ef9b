"""Synthetic demonstrators: the same task done by different people, selected by number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """How one demonstrator works."""

    number: int
    hand_over_height_m: float = 0.22  # above the table
    approach_rad: float = 0.0  # the side from which the receiver comes, about the vertical
    speed: float = 1.0  # times the reference's
    pause_s: float = 0.0  # the longest pause between two movements; 0: pause-free
    noise_rad: float = 0.0  # standard deviation of a slow wandering of every joint


DEMONSTRATORS: tuple[Style, ...] = (
    Style(0),  # the reference: pause-free, no noise
    Style(1, hand_over_height_m=0.26, speed=0.9),
    Style(2, hand_over_height_m=0.20, approach_rad=0.25, speed=1.1),
    Style(3, approach_rad=-0.25, noise_rad=0.004),
    Style(4, hand_over_height_m=0.24, speed=0.8, pause_s=0.4, noise_rad=0.004),
    Style(5, hand_over_height_m=0.19, approach_rad=0.15, speed=1.15, pause_s=0.2, noise_rad=0.006),
    Style(6, pause_s=0.8),  # the reference, but pausing: a control, who takes no turns
)
PEOPLE = 6  # that take turns


def turns(count: int) -> tuple[int, ...]:
    """Return the numbers of the first `count` demonstrators; ValueError where there are fewer."""
    if not 1 <= count <= PEOPLE:
        raise ValueError(f'{count} demonstrators: there are 1 to {PEOPLE}')
    return tuple(range(count))

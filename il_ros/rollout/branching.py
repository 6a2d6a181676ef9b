"""Moments of an episode to go on from, as often as wanted: what comes of it, whoever acts."""

from copy import deepcopy
from dataclasses import dataclass
from itertools import count

from il_ros.arbiter.arbiter import Arbiter
from il_ros.observation.builder import ObservationBuilder
from il_ros.policy.pilot import Pilot
from il_ros.rollout.hands import OperatorHands
from il_ros.rollout.loop import Loop, through_wire
from il_ros.sim.world import Saved
from il_ros.spec import Outcome


@dataclass(frozen=True, eq=False)
class Moment:
    """A tick of a loop that has not been decided yet; good until the world's next reset."""

    at_s: float  # since the episode's start
    world: Saved
    arbiter: Arbiter
    pilot: Pilot
    builder: ObservationBuilder


def run_with_moments(loop: Loop, seed: int, every_s: float) -> tuple[Outcome, list[Moment]]:
    """Let the loop's policy run an episode; return how it ended, and a moment every so often."""
    assert loop.pilot is not None
    every = max(1, round(every_s / loop.spec.dt_s))  # ticks
    loop.reset(seed)
    loop.hands = None
    moments: list[Moment] = []
    for tick in count():
        if tick % every == 0:
            moments.append(here(loop, tick * loop.spec.dt_s))
        step = loop.tick()
        if step.outcome.is_over:
            break
        loop.world.step(through_wire(loop.spec, step.decision.command))
    return step.outcome, moments


def here(loop: Loop, at_s: float) -> Moment:
    """Return the moment that the loop is at."""
    assert loop.pilot is not None
    parts = (deepcopy(loop.arbiter), loop.pilot.branch(0), deepcopy(loop.builder))
    return Moment(at_s, loop.world.save(), *parts)


def policy_goes_on(loop: Loop, moment: Moment, seed: int) -> bool:
    """Whether the policy succeeds from there, with the draws that seed stands for."""
    go_to(loop, moment)
    loop.pilot, loop.hands = moment.pilot.branch(seed), None
    return loop.go_on().state == 'success'


def expert_goes_on(loop: Loop, moment: Moment, task: str, seed: int) -> bool:
    """Whether the expert succeeds that takes over there, at once, with the noise of seed."""
    go_to(loop, moment)
    loop.pilot, loop.hands = None, OperatorHands(loop.spec, task)
    loop.hands.reset(seed)
    return loop.go_on().state == 'success'


def go_to(loop: Loop, moment: Moment) -> None:
    """Bring the loop back to a moment of the episode."""
    loop.world.restore(moment.world)
    loop.arbiter, loop.builder = deepcopy(moment.arbiter), deepcopy(moment.builder)

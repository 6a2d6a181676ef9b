"""An episode in which the gate may call a person, as it went, with moments to judge it by."""

from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from il_ros.arbiter.gate import Gate
from il_ros.rollout.branching import Moment, here
from il_ros.rollout.hands import OperatorHands
from il_ros.rollout.loop import Loop, through_wire
from il_ros.sim.attention import Person
from il_ros.spec import Outcome, Step


@dataclass(frozen=True, eq=False)
class Told:
    """An episode; a row of each array is a tick."""

    outcome: Outcome
    steps: list[Step]
    score: np.ndarray  # (n,) of the newest plan, NaN before there is one
    is_called: np.ndarray  # (n,) bool: a person is asked for
    moments: list[Moment]  # from which the policy would go on without a gate, and without help


def run_called(loop: Loop, task: str, seed: int, person: Person, every_s: float) -> Told:
    """
    Run an episode in which the loop's gate calls a person; save a moment every so often.

    The loop's policy and gate are its own; its hands become those of the person.
    """
    assert loop.pilot is not None
    loop.hands = OperatorHands(
        loop.spec,
        task,
        always=False,
        person=person,
        is_called=lambda: bool(loop.arbiter.request),
    )
    loop.reset(seed)
    every = max(1, round(every_s / loop.spec.dt_s))  # ticks
    steps: list[Step] = []
    calls: list[bool] = []
    moments: list[Moment] = []
    for tick in count():
        if tick % every == 0:
            moments.append(left_alone(here(loop, tick * loop.spec.dt_s)))
        steps.append(loop.tick())
        calls.append(bool(loop.arbiter.request))
        if steps[-1].outcome.is_over:
            break
        loop.world.step(through_wire(loop.spec, steps[-1].decision.command))
    score = np.array([step.decision.authority[0].gate_score for step in steps])
    return Told(steps[-1].outcome, steps, score, np.array(calls), moments)


def left_alone(moment: Moment) -> Moment:
    """Return a moment from which nobody has an arm, or may ask for a person."""
    arbiter = deepcopy(moment.arbiter)
    arbiter.gate = Gate()
    arbiter.persons.forget()
    return replace(moment, arbiter=arbiter)

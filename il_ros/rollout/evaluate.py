"""Evaluation in process: many seeds over several processes, each with a world of its own."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.policy.pilot import check_checkpoint, load_pilot
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.hands import LateHands, OperatorHands
from il_ros.rollout.loop import Hands, Loop, cameras_of
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

EXPERT = 'expert'  # what to evaluate: this word, or a checkpoint folder
TAKE_OVER_S = (0.5, 10.0)  # when the expert takes over; later, an episode of 20 s is too short


@dataclass(frozen=True)
class Trial:
    """One evaluated episode."""

    seed: int
    state: str
    reason: str
    elapsed_s: float
    moment_s: float | None = None  # when a failure came about
    cost: float = 0.0


def make_loop(what: str, robot: str, task: str, after: str = '', imitate: int = 0) -> Loop:
    """
    Return a loop in which the expert or a checkpoint acts alone.

    With `after`, a checkpoint, that one acts until the expert takes over at a random moment.
    """
    spec = load_robot(robot)
    acting = after or ('' if what == EXPERT else what)
    pilot = load_pilot(Path(acting), spec, 'cpu') if acting else None
    cameras = cameras_of(spec, pilot.config.cameras if pilot is not None else ())
    hands: Hands | None = None
    if what == EXPERT:
        hands = LateHands(spec, task, TAKE_OVER_S) if after else OperatorHands(spec, task)
    world = World(spec, make(TASKS, task), cameras)
    return Loop(world, Arbiter(spec, load_sources()), pilot, hands, imitate=imitate)


def evaluate(
    what: str,
    robot: str,
    task: str,
    seeds: Sequence[int],
    processes: int = 0,
    after: str = '',
    imitate: int = 0,
) -> Iterator[Trial]:
    """
    Yield one Trial a seed, in the order of seeds.

    processes 0 takes one a core; each runs one torch thread, batch 1, so that the result does not
    depend on how many there are. imitate: which demonstrator, for a policy that was told of them.
    """
    for acting in {what, after} - {EXPERT, ''}:
        check_checkpoint(acting, load_robot(robot))  # here, where the error is seen
    workers = min(processes or len(os.sched_getaffinity(0)), len(seeds))
    if workers <= 1:
        _begin(what, robot, task, after, imitate)
        yield from map(_trial, seeds)
        return
    context = multiprocessing.get_context('spawn')
    given = (what, robot, task, after, imitate)
    with ProcessPoolExecutor(workers, context, _begin, given) as pool:
        yield from pool.map(_trial, seeds)


def trial_of(loop: Loop, seed: int) -> Trial:
    """Run one episode and return what became of it."""
    outcome = loop.run(seed)
    told = (outcome.state, outcome.reason, outcome.elapsed_s, outcome.moment_s, outcome.cost)
    return Trial(seed, *told)


_trial_of: Callable[[int], Trial]


def _begin(what: str, robot: str, task: str, after: str, imitate: int) -> None:
    """Make this process's loop, once."""
    import torch

    global _trial_of
    torch.set_num_threads(1)
    _trial_of = partial(trial_of, make_loop(what, robot, task, after, imitate))


def _trial(seed: int) -> Trial:
    return _trial_of(seed)

"""Going on from a saved moment: the same as if nothing had been saved, and who is worth what."""

import numpy as np
from learning import episodes, tiny

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.policy.pilot import Pilot
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.branching import expert_goes_on, go_to, here, policy_goes_on
from il_ros.rollout.loop import Loop, through_wire
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.studies.intervention_value import is_lost, is_needed, last_recoverable
from il_ros.trainer.run import prepare

SPEC = load_robot('sim')


def loop_of(head):
    """Return a loop in which a policy that learned nothing acts."""
    policy = prepare(tiny(head=head, E=4), episodes(SPEC), SPEC).policy
    world = World(SPEC, make(TASKS, 'transfer'))
    return Loop(world, Arbiter(SPEC, load_sources()), Pilot(policy, SPEC, 'abc'))


def commands(loop, ticks):
    """Return the next commands (ticks, A), acting on them."""
    rows = []
    for _ in range(ticks):
        rows.append(loop.tick().decision.command)
        loop.world.step(through_wire(SPEC, rows[-1]))
    return np.stack(rows)


def test_an_episode_goes_on_from_a_moment_as_it_did_and_as_often_as_wanted():
    loop = loop_of('l2')
    loop.reset(3)
    commands(loop, 42)  # in the middle of a plan, and of a motion
    moment = here(loop, 42 * SPEC.dt_s)
    went_on = commands(loop, 30)
    for _ in range(2):
        go_to(loop, moment)
        loop.pilot = moment.pilot.branch(0)
        assert np.array_equal(commands(loop, 30), went_on)


def test_branches_of_a_policy_with_chance_draw_by_their_seed():
    loop = loop_of('flow')
    loop.reset(3)
    commands(loop, 42)
    moment = here(loop, 42 * SPEC.dt_s)
    found = []
    for seed in (1, 1, 2):
        go_to(loop, moment)
        loop.pilot = moment.pilot.branch(seed)
        found.append(commands(loop, 10))
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])
    assert np.array_equal(found[0][:2], found[2][:2])  # of the plan that was under way


def test_an_expert_saves_what_a_policy_that_learned_nothing_cannot():
    loop = loop_of('l2')
    loop.reset(0)
    commands(loop, 25)
    moment = here(loop, 0.5)
    assert expert_goes_on(loop, moment, 'transfer', 0)
    assert not policy_goes_on(loop, moment, 0)
    assert expert_goes_on(loop, moment, 'transfer', 1)


def test_the_last_recoverable_moment_is_found_by_halving():
    for last in (None, 0, 3, 9):
        asked = []

        def is_recoverable(moment, last=last, asked=asked):
            asked.append(moment)
            return last is not None and moment <= last

        assert last_recoverable(range(10), is_recoverable) == last
        assert len(asked) <= 5


def test_needed_is_where_the_policy_fails_and_the_expert_does_not():
    moments = [([0, 4], [4, 4]), ([0, 4], [0, 4]), ([4, 4], None), ([5, 10], [6, 10])]
    rows = [{'policy': policy, 'expert': expert} for policy, expert in moments]
    assert [is_needed(row) for row in rows] == [True, False, False, True]
    assert [is_lost(row) for row in rows] == [False, True, False, False]

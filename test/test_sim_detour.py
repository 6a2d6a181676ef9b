"""Detour: both ways are open, half of each is the post, and the expert goes on from anywhere."""

from dataclasses import replace

import numpy as np
import pytest

from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS, PEOPLE
from il_ros.sim.tasks.detour import DROPPED, HIT, NEVER_LIFTED, TIME_OUT, WAYS, Detour
from il_ros.sim.world import World

SPEC = load_robot('sim')
GRIPPERS = [arm.gripper.start for arm in SPEC.arms]
BEHIND = DEMONSTRATORS[0]
BEFORE = replace(DEMONSTRATORS[1], speed=BEHIND.speed)


@pytest.fixture(scope='module')
def world():
    """Yield a world with the task in it."""
    world = World(SPEC, Detour())
    yield world
    world.close()


def expert_of(world, style=BEHIND):
    return world.task.expert(SPEC, style, 0)


def off_post(world):
    """Return where the bar's middle (2,) is, seen from the post."""
    bar, post, _ = world.objects()[:, :2]
    return bar - post


def until(world, ahead, style=BEHIND, seed=11_000):
    """Let an expert work until the bar is ahead [m] of the post."""
    world.reset(seed)
    expert = expert_of(world, style)
    while off_post(world)[0] > ahead:
        world.step(expert.act(world.joints(), world.objects()))


def finish(world, style=BEHIND):
    """Let a fresh expert work from here to the end; return the outcome and which side it took."""
    expert, sides = expert_of(world, style), []
    while not world.outcome().is_over:
        world.step(expert.act(world.joints(), world.objects()))
        if abs(off_post(world)[0]) < 0.03:
            sides.append(np.sign(off_post(world)[1]))
    return world.outcome(), (set(sides) or {0.0}).pop()


def commands_of(world, style, seed, ticks):
    """Return what a demonstrator commands from seed on (ticks, A)."""
    world.reset(seed)
    expert, rows = expert_of(world, style), []
    for _ in range(ticks):
        rows.append(expert.act(world.joints(), world.objects()))
        world.step(rows[-1])
    return np.array(rows)


def play_mean(world, seed, ticks):
    """Play the mean of what goes before the post and what goes behind it."""
    ways = [commands_of(world, style, seed, ticks) for style in (BEFORE, BEHIND)]
    world.reset(seed)
    for command in np.mean(ways, axis=0):
        world.step(command)


@pytest.mark.parametrize('style', DEMONSTRATORS, ids=lambda style: str(style.number))
def test_each_demonstrator_keeps_to_one_side(world, style):
    for seed in range(11_000, 11_003):
        world.reset(seed)
        outcome, side = finish(world, style)
        assert outcome.state == 'success' and side == WAYS[style.number % PEOPLE].side


def test_as_many_go_before_the_post_as_behind_it():
    assert sorted(way.side for way in WAYS) == [-1, -1, -1, 1, 1, 1]
    assert len(WAYS) == PEOPLE


@pytest.mark.parametrize('seed', range(11_000, 11_003))
def test_the_mean_of_both_ways_is_the_post(world, seed):
    play_mean(world, seed, 200)
    outcome = world.outcome()
    assert (outcome.state, outcome.reason) == ('failure', HIT)
    assert 0.8 < outcome.moment_s == outcome.elapsed_s < 3.0


def test_a_bar_let_fall_was_dropped_when_it_was_let_go(world):
    until(world, 0.15)
    command = world.joints().position
    command[GRIPPERS] = 1.0
    while not world.outcome().is_over:
        world.step(command)
    outcome = world.outcome()
    assert outcome.reason == DROPPED and outcome.moment_s < outcome.elapsed_s


def test_a_bar_held_still_is_a_time_out(world):
    until(world, 0.15)
    while not world.outcome().is_over:
        world.step(None)
    assert world.outcome().reason == TIME_OUT


def test_a_bar_nobody_lifts_was_never_lifted(world):
    world.reset(11_000)
    while not world.outcome().is_over:
        world.step(None)
    assert world.outcome().reason == NEVER_LIFTED


@pytest.mark.parametrize('begun', [BEFORE, BEHIND], ids=['before', 'behind'])
@pytest.mark.parametrize('ahead', [0.11, 0.08, 0.0, -0.06])
def test_a_way_begun_is_gone_on_with_whoever_takes_over(world, begun, ahead):
    until(world, ahead, begun)
    other = BEHIND if begun is BEFORE else BEFORE
    outcome, side = finish(world, other)
    assert outcome.state == 'success'
    if ahead > -0.03:
        assert side == WAYS[begun.number].side


@pytest.mark.parametrize('ticks', [52, 64])
def test_a_bar_that_came_too_near_goes_aside_first(world, ticks):
    play_mean(world, 11_002, ticks)
    assert abs(off_post(world)[1]) < 0.05 and not world.outcome().is_over
    assert finish(world)[0].state == 'success'


@pytest.mark.parametrize('arm', ['left', 'right'])
def test_a_hand_that_lost_the_bar_takes_it_again(world, arm):
    until(world, 0.16)
    lost, command = SPEC.arm(arm), world.joints().position
    command[GRIPPERS] = 0.0
    command[lost.gripper] = 1.0
    for tick in range(50):
        if tick > 15:  # open first, then up and back
            command[lost.joints] += 0.004 * np.array([0, -1, 0, 0, 0, 0])
        world.step(command)
    assert not world.outcome().is_over
    assert finish(world)[0].state == 'success'

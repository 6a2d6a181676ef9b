"""Wire and tightrope: a touch costs a tick, or all; the expert keeps clear and comes back."""

import json

import numpy as np
import pytest

from il_ros.cli.main import main
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.tasks import TASKS
from il_ros.sim.tasks.wire import HAND, LET_GO, TIME_OUT, TOUCHED, Wire
from il_ros.sim.tasks.wire_scene import SPACING, bend
from il_ros.sim.world import World

SPEC = load_robot('sim')
ARM = SPEC.arm(HAND)


@pytest.fixture(scope='module', params=['wire:2', 'tightrope:2'])
def world(request):
    """Yield a world with a short wire in it."""
    world = World(SPEC, make(TASKS, request.param))
    yield world
    world.close()


def go_on(world, ticks=10_000):
    """Let a fresh expert work on; return the outcome."""
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    for _ in range(ticks):
        if world.outcome().is_over:
            break
        world.step(expert.act(world.joints(), world.objects()))
    return world.outcome()


def lift(world, ticks=25):
    """Let a fresh expert begin, then raise the hand until the ring hangs on the wire."""
    go_on(world, 15)
    command = world.joints().position
    command[ARM.gripper] = 0.0
    for _ in range(ticks):
        if world.outcome().is_over:
            break
        command[ARM.joints][1] -= 0.004  # the shoulder
        world.step(command)
    return world.outcome()


def test_a_wire_has_as_many_bends_as_its_name_says():
    rng = np.random.default_rng(0)
    for bends in (1, 5, 16):
        task, curve = make(TASKS, f'wire:{bends}'), bend(bends, rng)
        assert task.length == bends and len(curve.knots) == bends + 1
        assert curve.end - curve.begin == pytest.approx(bends * SPACING)
    assert make(TASKS, 'wire').length == Wire().length


@pytest.mark.parametrize(
    ('name', 'says'),
    [
        ('wire:0', '1 to 16'),
        ('tightrope:17', '1 to 16'),
        ('wire:long', "'long' is no whole number"),
        ('transfer:3', 'takes no number'),
        ('wier:3', "did you mean 'wire'"),
    ],
)
def test_a_name_that_cannot_be_says_so(name, says):
    with pytest.raises(ValueError, match=says):
        make(TASKS, name)


def test_a_wire_is_smooth_and_straight_beyond_its_ends():
    curve = bend(6, np.random.default_rng(3))
    ys = np.arange(curve.begin - 0.05, curve.end + 0.05, 0.001)
    line = np.array([curve.at(y) for y in ys])
    slopes = np.diff(line[:, [0, 2]], axis=0) / 0.001
    assert np.abs(slopes).max() < 1.0 and np.abs(np.diff(slopes, axis=0)).max() < 0.1
    assert np.ptp(line[:50, [0, 2]], axis=0).max() == 0.0


@pytest.mark.parametrize('style', DEMONSTRATORS, ids=lambda style: str(style.number))
def test_the_demonstrators_touch_nothing(world, style):
    world.reset(12_000 + style.number)
    expert = world.task.expert(SPEC, style, 0)
    while not world.outcome().is_over:
        world.step(expert.act(world.joints(), world.objects()))
    assert (world.outcome().state, world.outcome().cost) == ('success', 0.0)


def test_what_is_shown_of_the_wire_is_where_it_is(world):
    world.reset(12_000)
    go_on(world, 30)
    ring, *points, end = world.objects()[:, :3]
    for point, ahead in zip(points, (0.0, 0.02, 0.04, 0.06), strict=True):
        assert point[1] - ring[1] == pytest.approx(ahead)
    assert np.abs(points[0] - ring).max() < 0.005
    assert end[1] == pytest.approx(SPACING)


def test_a_touch_costs_its_ticks_or_ends_it(world):
    world.reset(12_001)
    outcome = lift(world)
    assert outcome.cost > 0
    if world.task.ends_at_touch:
        assert (outcome.state, outcome.reason, outcome.cost) == ('failure', TOUCHED, 1.0)
        assert outcome.moment_s == outcome.elapsed_s
    else:
        assert outcome.state == 'running' and outcome.moment_s is None


def test_after_a_touch_the_expert_keeps_clear_again():
    world = World(SPEC, make(TASKS, 'wire:3'))
    world.reset(12_001)
    lift(world)
    paid = go_on(world, 15).cost
    assert paid > 0
    outcome = go_on(world)
    assert outcome.state == 'success' and outcome.cost == paid
    world.close()


def test_a_ring_let_go_fails_when_it_was_let_go(world):
    world.reset(12_002)
    go_on(world, 20)
    command = world.joints().position
    command[ARM.gripper] = 1.0
    while not world.outcome().is_over:
        world.step(command)
    outcome = world.outcome()
    assert outcome.state == 'failure'
    if outcome.reason != TOUCHED:  # on the tightrope it touches as it falls
        assert outcome.reason == LET_GO and outcome.moment_s < outcome.elapsed_s


def test_a_ring_held_still_is_a_time_out(world):
    world.reset(12_003)
    while not world.outcome().is_over:
        world.step(None)
    assert world.outcome().reason == TIME_OUT and world.outcome().cost == 0.0


def test_cost_is_part_of_what_is_saved(world):
    world.reset(12_001)
    here = world.save()
    assert lift(world).cost > 0
    world.restore(here)
    assert go_on(world).cost == 0.0


@pytest.mark.parametrize(('task', 'has_cost'), [('wire:1', True), ('detour', False)])
def test_evaluate_tells_the_mean_cost_of_a_task_that_has_one(task, has_cost, capsys):
    words = ['evaluate', 'expert', '--task', task, '--seeds', '1000000:1000001']
    assert main([*words, '--processes', '1', '--json']) == 0
    found = json.loads(capsys.readouterr().out)
    assert found['success'] == 1.0
    assert found.get('cost') == (0.0 if has_cost else None)

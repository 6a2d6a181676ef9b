"""What every task of TASKS promises, in the manner of dm_control's suite_test."""

import hashlib
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

SPEC = load_robot('sim')
REFERENCE = DEMONSTRATORS[0]


@pytest.fixture(scope='module', params=list(TASKS))
def world(request):
    """Yield a world with one task in it."""
    world = World(SPEC, make(TASKS, request.param))
    yield world
    world.close()


def expert_of(world, seed=0, style=REFERENCE):
    """Return the task's scripted expert."""
    return world.task.expert(SPEC, style, seed)


def rollout(world, seed, ticks):
    """Return what the expert does from seed on: commands, positions, objects, as one array."""
    world.reset(seed)
    expert, rows = expert_of(world), []
    for _ in range(ticks):
        joints, objects = world.joints(), world.objects()
        command = expert.act(joints, objects)
        rows.append(np.concatenate([command, joints.position, joints.velocity, objects.ravel()]))
        world.step(command)
    return np.array(rows)


def solved(world, seed, style=REFERENCE):
    """Run the expert to the end of the episode; return its commands (n, A)."""
    world.reset(seed)
    expert, commands = expert_of(world, seed, style), []
    while not world.outcome().is_over:
        commands.append(expert.act(world.joints(), world.objects()))
        world.step(commands[-1])
    assert world.outcome().state == 'success', (seed, world.outcome())
    return np.array(commands)


@cache
def shown(world, seed):
    """Return what the reference demonstrator commands in an episode (n, A): the same each time."""
    return solved(world, seed)


def test_a_task_describes_itself(world):
    task = world.task
    assert task.name in TASKS and task.time_limit_s > 0
    assert len(set(task.object_names)) == len(task.object_names) > 0
    assert len(set(task.failures)) == len(task.failures) > 0


def test_the_start_fits_the_robot_and_is_finite(world):
    for seed in range(10):
        world.reset(seed)
        joints, objects = world.joints(), world.objects()
        for vector in (joints.position, joints.velocity, joints.effort):
            assert vector.shape == (SPEC.size,) and np.isfinite(vector).all()
        assert (joints.position >= SPEC.lower).all() and (joints.position <= SPEC.upper).all()
        assert joints.stamp_ns == world.now_ns and not joints.velocity.any()
        assert objects.shape == (len(world.task.object_names), 7)
        np.testing.assert_allclose(np.linalg.norm(objects[:, 3:], axis=1), 1.0, atol=1e-6)
        assert world.outcome().state == 'running'


def test_the_start_is_random_and_rests(world):
    starts = []
    for seed in range(5):
        world.reset(seed)
        before = world.objects()
        for _ in range(10):
            world.step(None)
        after = world.objects()
        np.testing.assert_allclose(after[:, :3], before[:, :3], atol=2e-3)  # nothing falls
        np.testing.assert_allclose(after[:, 3:], before[:, 3:], atol=1e-2)  # a grip settles
        starts.append(before)
    assert len({start.tobytes() for start in starts}) == len(starts)


def test_the_same_seed_gives_the_same_bytes_in_a_used_and_in_a_fresh_world(world):
    solved(world, 7)
    used = rollout(world, 3, 150)
    fresh = World(SPEC, make(TASKS, world.task.name))
    np.testing.assert_array_equal(rollout(fresh, 3, 150), used)
    fresh.close()


def test_the_same_seed_gives_the_same_bytes_in_another_process(world):
    program = (
        'import sys; sys.path.insert(0, "test"); import test_sim_tasks as t\n'
        f'world = t.World(t.SPEC, t.make(t.TASKS, {world.task.name!r}))\n'
        'print(t.hashlib.sha256(t.rollout(world, 5, 150).tobytes()).hexdigest())'
    )
    command = [sys.executable, '-c', program]
    there = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert there == hashlib.sha256(rollout(world, 5, 150).tobytes()).hexdigest()


def test_what_is_handed_out_shares_no_memory_with_the_world(world):
    world.reset(0)
    for vector in (world.joints().position, world.joints().velocity, world.objects()):
        vector[:] = 99.0
    assert np.abs(world.joints().position).max() < 99.0
    assert np.abs(world.objects()).max() < 99.0
    command = world.joints().position
    world.step(command)
    command[:] = 99.0
    held = world.joints().position
    world.step(None)
    np.testing.assert_allclose(world.joints().position, held, atol=1e-3)


def test_the_expert_solves_it_smoothly_and_within_every_limit(world):
    for seed in range(10_000, 10_003):
        commands = shown(world, seed)
        assert (commands >= SPEC.lower).all() and (commands <= SPEC.upper).all()
        rates = np.diff(commands, axis=0) / SPEC.dt_s
        bends = np.diff(rates, axis=0) / SPEC.dt_s
        jerks = np.diff(bends, axis=0) / SPEC.dt_s
        assert (np.abs(rates) <= SPEC.velocity).all()
        assert (np.abs(bends) <= SPEC.acceleration).all()
        assert (np.abs(jerks) <= SPEC.jerk).all()


def test_the_reference_demonstrator_makes_no_pause(world):
    assert REFERENCE.number == 0 and REFERENCE.pause_s == 0 and REFERENCE.noise_rad == 0
    still = np.abs(np.diff(shown(world, 10_001), axis=0)).max(axis=1) < 1e-4
    longest = max((len(run) for run in ''.join('01'[int(s)] for s in still).split('0')), default=0)
    assert longest * SPEC.dt_s < 0.2


@pytest.mark.parametrize('style', DEMONSTRATORS, ids=lambda style: str(style.number))
def test_every_demonstrator_solves_it_in_a_way_of_its_own(world, style):
    other = shown(world, 10_004)
    if style is not REFERENCE:
        commands = solved(world, 10_004, style)
        n = min(len(commands), len(other))
        assert np.abs(commands[:n] - other[:n]).max() > 0.02


def test_the_expert_needs_no_memory(world):
    """A policy over the present state: forgetting everything each tick does not stop it."""
    world.reset(10_005)
    expert = expert_of(world)
    while not world.outcome().is_over:
        expert.reset()
        world.step(expert.act(world.joints(), world.objects()))
    assert world.outcome().state == 'success'


def test_progress_rises_along_a_good_execution(world):
    world.reset(10_006)
    expert, seen = expert_of(world), []
    while not world.outcome().is_over:
        joints, objects = world.joints(), world.objects()
        seen.append(expert.progress(joints, objects))
        world.step(expert.act(joints, objects))
    assert min(seen) >= 0.0 and max(seen) <= 1.0
    assert seen[-1] > 0.9 and seen[0] < 0.3
    assert np.diff(seen).min() > -0.02


def test_doing_nothing_fails_in_a_way_the_task_has_a_name_for_and_at_a_moment(world):
    world.reset(0)
    ticks = 0
    while not world.outcome().is_over:
        world.step(None)
        ticks += 1
    outcome = world.outcome()
    assert outcome.state == 'failure' and outcome.reason in world.task.failures
    assert ticks == round(world.task.time_limit_s / SPEC.dt_s)
    assert 0 <= outcome.moment_s <= outcome.elapsed_s <= world.task.time_limit_s + SPEC.dt_s
    world.step(None)
    assert world.outcome() == outcome  # over is over


def test_a_saved_state_goes_on_bit_for_bit(world):
    for ticks in (0, 90, 180, 230):  # resting, in contact, in the air, between two hands
        world.reset(10_007)
        expert = expert_of(world)
        for _ in range(ticks):
            world.step(expert.act(world.joints(), world.objects()))
        here, at_ns = world.save(), world.now_ns
        rows = []
        for _ in range(2):
            assert world.now_ns == at_ns
            again = expert_of(world)
            for _ in range(60):
                world.step(again.act(world.joints(), world.objects()))
            rows.append((world.joints().position.tobytes(), world.objects().tobytes()))
            rows[-1] += (world.outcome(), world.now_ns)
            world.restore(here)
        assert rows[0] == rows[1]

"""Insertion: every way to fail can be reached, and the expert goes on from wherever it is left."""

import numpy as np
import pytest
from playing import to_the_end, wait, work

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.geometry import matrix
from il_ros.sim.tasks.insertion import (
    DEPTH,
    JAMMED,
    KINDS,
    PEG,
    SOCKET,
    TIME_OUT,
    Insertion,
    inserted,
)
from il_ros.sim.tasks.insertion_sight import Stage, look
from il_ros.sim.world import World

SPEC = load_robot('sim')
KINEMATICS = Kinematics(SPEC)
ARMS = {'peg': SPEC.arm('right'), 'socket': SPEC.arm('left')}
UPRIGHT = [0.0, 0.0, 0.0, 1.0]


@pytest.fixture(scope='module')
def world():
    """Yield a world with the task in it."""
    world = World(SPEC, Insertion())
    yield world
    world.close()


def expert_of(world):
    """Return the reference demonstrator."""
    return world.task.expert(SPEC, DEMONSTRATORS[0], 0)


def sight_of(world):
    """Return what the expert sees now."""
    return look(KINEMATICS, SPEC, world.joints(), world.objects())


def until(world, stage, more=0, seed=11_000):
    """Let the expert work until the task is in a stage, and some ticks more."""
    world.reset(seed)
    work(world, expert_of(world), lambda: sight_of(world).stage is stage, more)


def finish(world):
    """Let a fresh expert work from here to the end; return the outcome."""
    return to_the_end(world, expert_of(world))


def let_fall(world, *kinds, ticks=30):
    """Hold the arms and open the hands that have these parts."""
    command = world.joints().position
    for kind in kinds:
        command[ARMS[kind].gripper] = 1.0
    for _ in range(ticks):
        world.step(command)


def test_a_part_that_nobody_lifted_was_never_grasped(world):
    until(world, Stage.PICK)
    assert wait(world).reason == 'peg never grasped'
    world.reset(11_000)
    expert = expert_of(world)
    while not world.outcome().is_over:
        command = expert.act(world.joints(), world.objects())
        command[ARMS['socket'].all] = SPEC.home[ARMS['socket'].all]
        world.step(command)
    assert world.outcome().reason == 'socket never grasped'


@pytest.mark.parametrize('kind', KINDS)
def test_a_part_that_was_let_fall_was_dropped_then(world, kind):
    until(world, Stage.MEET, more=40)
    at_s = world.outcome().elapsed_s
    let_fall(world, kind)
    ended = wait(world)
    assert ended.reason == f'{kind} dropped'
    assert 0.0 <= ended.moment_s - at_s < 0.5


def test_both_parts_in_hand_and_apart_at_the_end_is_a_time_out(world):
    until(world, Stage.MEET, more=40)
    ended = wait(world)
    assert ended.reason == TIME_OUT and ended.moment_s == world.task.time_limit_s


def test_a_peg_that_is_held_against_the_rim_is_jammed(world, monkeypatch):
    """The expert is shown the socket where it is not, until they touch; soon time is up."""
    until(world, Stage.MEET)
    expert, bodies, pushed = expert_of(world), world.task._bodies, 0
    while pushed < 10:
        objects = world.objects()
        objects[1, 2] += 0.012
        world.step(expert.act(world.joints(), objects))
        pushed = pushed + 1 if world._scene.client.getContactPoints(*bodies) else 0
    at_s = world.outcome().elapsed_s - (pushed - 1) * SPEC.dt_s
    monkeypatch.setattr(world.task, 'time_limit_s', at_s + 1.0)  # long pushed, pegs slip
    ended = wait(world)
    assert ended.reason == JAMMED and ended.moment_s == pytest.approx(at_s)


def test_a_part_off_the_table_ends_the_episode(world):
    world.reset(0)
    objects = world.objects()
    objects[1, :3] = [0.0, -0.6, 0.05]
    world.task.place(world._scene, objects)
    assert wait(world).elapsed_s < 2.0


def test_peg_in_socket_on_the_table_is_no_success(world):
    world.reset(0)
    objects = np.array([[0.05, 0.0, SOCKET[2], *UPRIGHT], [0.0, 0.0, SOCKET[2], *UPRIGHT]])
    world.task.place(world._scene, objects)
    for _ in range(50):
        world.step(None)
    assert inserted(world.objects()) > DEPTH and not world.outcome().is_over


@pytest.mark.parametrize('end', [-1.0, 1.0])
def test_how_much_of_the_peg_is_in(end):
    """At either end of the socket, whichever way the peg points."""
    for quaternion in (UPRIGHT, [0.0, 0.0, 1.0, 0.0]):
        for depth in (-0.01, 0.0, 0.02, 0.04):
            at = end * (SOCKET[0] + PEG[0] - depth)
            poses = np.array([[at, 0.0, 0.2, *quaternion], [0.0, 0.0, 0.2, *UPRIGHT]])
            assert inserted(poses) == pytest.approx(max(depth, 0.0))


def test_a_peg_beside_or_across_the_socket_is_not_in():
    beside = np.array([[0.05, 0.04, 0.2, *UPRIGHT], [0.0, 0.0, 0.2, *UPRIGHT]])
    assert inserted(beside) == 0.0
    across = np.array([[0.0, 0.0, 0.2, 0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)], beside[1]])
    assert inserted(across) == 0.0


@pytest.mark.parametrize(
    ('stage', 'kinds'),
    [
        (Stage.SECOND, ('peg',)),
        (Stage.MEET, ('peg',)),
        (Stage.MEET, ('socket',)),
        (Stage.MEET, ('peg', 'socket')),
        (Stage.INSERT, ('peg', 'socket')),
    ],
)
def test_the_expert_picks_up_what_was_dropped(world, stage, kinds):
    until(world, stage, more=12)
    let_fall(world, *kinds)
    assert finish(world).state == 'success'


def test_a_peg_taken_by_its_leading_end_is_put_down_and_taken_again(world):
    until(world, Stage.PICK)
    expert, gripper = expert_of(world), ARMS['peg'].gripper
    while world.joints().position[gripper][0] > 0.7:  # over the peg, closing
        world.step(expert.act(world.joints(), world.objects()))
    objects = world.objects()
    objects[0, :3] += 0.065 * matrix(objects[0, 3:])[:, 0]  # the hand is over its other end now
    world.task.place(world._scene, objects)
    lift = world.joints().position
    lift[gripper] = 0.0
    for _ in range(20):
        world.step(lift)
    lift[ARMS['peg'].joints] += 0.3 * (SPEC.home - lift)[ARMS['peg'].joints]
    for _ in range(20):
        world.step(lift)
    assert sight_of(world).parts['right'].is_awkward
    assert finish(world).state == 'success'


@pytest.mark.parametrize(
    'poses',
    [
        [[0.05, 0.15, PEG[2], 0.0, 0.0, 0.6, 0.8], [-0.05, -0.15, SOCKET[2], 0.0, 0.0, -0.6, 0.8]],
        [[0.20, 0.0, PEG[2], 0.0, 0.0, 1.0, 0.0], [-0.25, 0.0, SOCKET[2], 0.0, 0.0, 1.0, 0.0]],
        [[0.15, 0.0, PEG[2], 0.6, 0.0, 0.0, 0.8], [-0.15, 0.0, 0.03, 0.6, 0.0, 0.0, 0.8]],
    ],
)
def test_the_expert_takes_displaced_parts(world, poses):
    """Turned far, turned about, turned over."""
    until(world, Stage.PICK)
    world.task.place(world._scene, np.array(poses))
    for _ in range(25):
        world.step(None)
    assert finish(world).state == 'success'


@pytest.mark.parametrize('seed', range(3))
def test_the_expert_comes_back_from_far_away(world, seed):
    rng = np.random.default_rng(seed)
    until(world, Stage.PICK)
    here = world.joints().position
    there = np.clip(SPEC.home + rng.uniform(-0.7, 0.7, SPEC.size), SPEC.lower, SPEC.upper)
    for share in np.linspace(0.0, 1.0, 60):
        world.step(here + share * (there - here))
    assert finish(world).state == 'success'


def test_a_saved_state_with_the_peg_in_the_hole_goes_on_bit_for_bit(world):
    """Walls that are shapes of one link would not: see insertion._tube."""
    until(world, Stage.INSERT, more=8)
    here, ends = world.save(), []
    for _ in range(2):
        expert = expert_of(world)
        for _ in range(25):
            world.step(expert.act(world.joints(), world.objects()))
        ends.append((world.objects().tobytes(), world.joints().position.tobytes()))
        world.restore(here)
    assert ends[0] == ends[1]

"""Transfer: every way to fail can be reached, and the expert goes on from wherever it is left."""

import numpy as np
import pytest

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.geometry import matrix
from il_ros.sim.tasks.transfer import DROPPED, MISSED, NEVER_GRASPED, TIME_OUT, Transfer
from il_ros.sim.tasks.transfer_sight import Stage, look
from il_ros.sim.world import World

SPEC = load_robot('sim')
KINEMATICS = Kinematics(SPEC)
GRIPPERS = [SPEC.arm('left').gripper.start, SPEC.arm('right').gripper.start]


@pytest.fixture(scope='module')
def world():
    """Yield a world with the task in it."""
    world = World(SPEC, Transfer())
    yield world
    world.close()


def sight_of(world):
    """Return what the expert sees now."""
    return look(KINEMATICS, SPEC, world.joints(), world.objects())


def until(world, stage, seed=11_000):
    """Let the expert work until the task is in a stage; return the expert."""
    world.reset(seed)
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    while sight_of(world).stage is not stage:
        world.step(expert.act(world.joints(), world.objects()))
    return expert


def go_on(world, ticks):
    """Let the expert of the world's task work on from the present state."""
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    for _ in range(ticks):
        world.step(expert.act(world.joints(), world.objects()))


def finish(world):
    """Let a fresh expert work from here to the end; return the outcome."""
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    while not world.outcome().is_over:
        world.step(expert.act(world.joints(), world.objects()))
    return world.outcome()


def open_hands(world, ticks=25):
    """Hold the arms and open both grippers."""
    command = world.joints().position
    command[GRIPPERS] = 1.0
    for _ in range(ticks):
        world.step(command)


def wait(world):
    """Hold to the end of the episode; return the reason it fails for."""
    while not world.outcome().is_over:
        world.step(None)
    return world.outcome().reason


def test_a_block_that_nobody_lifted_was_never_grasped(world):
    until(world, Stage.PICK)
    assert wait(world) == NEVER_GRASPED


def test_a_block_in_the_hand_at_the_end_is_a_time_out(world):
    until(world, Stage.BIN)
    assert wait(world) == TIME_OUT


def test_a_block_the_giver_let_fall_was_dropped(world):
    until(world, Stage.CARRY)
    go_on(world, 40)
    lost_s = world.outcome().elapsed_s
    open_hands(world)
    assert wait(world) == DROPPED
    assert lost_s <= world.outcome().moment_s < lost_s + 0.5


def test_a_block_the_receiver_let_fall_missed_the_bin(world):
    until(world, Stage.BIN)
    go_on(world, 15)
    open_hands(world)
    assert wait(world) == MISSED


def test_a_block_off_the_table_ends_the_episode(world):
    world.reset(0)
    objects = world.objects()
    objects[0, :3] = [0.0, -0.6, 0.05]
    world.task.place(world._scene, objects)
    ticks = 0
    while not world.outcome().is_over:
        world.step(None)
        ticks += 1
    assert ticks < 100 and world.outcome().reason == NEVER_GRASPED


def test_success_needs_the_block_let_go_and_at_rest(world):
    until(world, Stage.DONE)
    assert not world.outcome().is_over  # it is over the bin, falling
    assert finish(world).state == 'success'


@pytest.mark.parametrize('stage', [Stage.CARRY, Stage.HAND, Stage.BIN])
def test_the_expert_picks_up_what_was_dropped(world, stage):
    until(world, stage)
    go_on(world, 20)
    open_hands(world)
    assert finish(world).state == 'success'


def test_a_block_taken_by_the_wrong_end_is_put_down_and_taken_again(world):
    until(world, Stage.PICK)
    while world.joints().position[GRIPPERS].min() > 0.7:  # over the block, closing
        go_on(world, 1)
    objects = world.objects()
    objects[0, :3] += 0.06 * matrix(objects[0, 3:])[:, 0]  # the hand is over its other end now
    world.task.place(world._scene, objects)
    command = world.joints().position
    command[GRIPPERS[1]] = 0.0
    for _ in range(25):
        world.step(command)
    assert sight_of(world).stage is Stage.PUT
    assert finish(world).state == 'success'


LYING_ON_ITS_SIDE = [np.sin(np.pi / 4), 0.0, 0.0, np.cos(np.pi / 4)]
ON_ITS_END = [0.0, np.sin(np.pi / 4), 0.0, np.cos(np.pi / 4)]
ASKEW = [0.0, 0.0, np.sin(0.7), np.cos(0.7)]


@pytest.mark.parametrize(
    'pose',
    [
        [0.10, -0.10, 0.03, *LYING_ON_ITS_SIDE],
        [0.20, 0.05, 0.051, *ON_ITS_END],
        [0.05, 0.15, 0.03, *ASKEW],
        [-0.15, -0.05, 0.03, *ASKEW],  # out of the giver's reach: the receiver takes it
    ],
)
def test_the_expert_takes_a_displaced_block(world, pose):
    until(world, Stage.PICK)
    go_on(world, 40)
    objects = world.objects()
    objects[0] = pose
    world.task.place(world._scene, objects)
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

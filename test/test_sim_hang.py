"""Hang: every way to fail can be reached, and the expert goes on from wherever it is left."""

import numpy as np
import pytest
from playing import to_the_end, wait, work

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.tasks import garment
from il_ros.sim.tasks.hang import CLOSE, DROPPED, MISSED, NEVER_GRASPED, TIME_OUT, Hang
from il_ros.sim.tasks.hang_sight import Stage, look
from il_ros.sim.world import World

SPEC = load_robot('sim')
KINEMATICS = Kinematics(SPEC)
GRIPPERS = {arm.name: arm.gripper for arm in SPEC.arms}


@pytest.fixture(scope='module')
def world():
    """Yield a world with the task in it."""
    world = World(SPEC, Hang())
    yield world
    world.close()


def expert_of(world):
    """Return the reference demonstrator."""
    return world.task.expert(SPEC, DEMONSTRATORS[0], 0)


def sight_of(world):
    """Return what the expert sees now."""
    return look(KINEMATICS, SPEC, world.joints(), world.objects(), 0.018)


def until(world, stage, more=0, seed=11_000):
    """Let the expert work until the task is in a stage, and some ticks more."""
    world.reset(seed)
    work(world, expert_of(world), lambda: sight_of(world).stage is stage, more)


def finish(world):
    """Let a fresh expert work from here to the end; return the outcome."""
    return to_the_end(world, expert_of(world))


def let_fall(world, *arms, ticks=40):
    """Hold the arms and open these hands."""
    command = world.joints().position
    for arm in arms:
        command[GRIPPERS[arm]] = 1.0
    for _ in range(ticks):
        world.step(command)


def ends(poses):
    """Return both ends of every piece (6, 2, 3) of a garment."""
    return np.array([[garment.outer_end(row), garment.inner_end(row)] for row in poses])


def test_a_garment_that_nobody_lifted_was_never_grasped(world):
    until(world, Stage.PICK)
    assert wait(world).reason == NEVER_GRASPED


def test_a_garment_let_fall_on_the_way_was_dropped_then(world):
    until(world, Stage.CARRY, more=40)
    at_s = world.outcome().elapsed_s
    let_fall(world, 'left', 'right')
    ended = wait(world)
    assert ended.reason == DROPPED and 0.0 <= ended.moment_s - at_s < 0.5


def test_a_garment_let_fall_at_the_peg_missed_it(world):
    until(world, Stage.CARRY)
    expert = expert_of(world)
    while np.linalg.norm(world.objects()[:2, :3].mean(axis=0) - world.objects()[-1, :3]) > CLOSE:
        world.step(expert.act(world.joints(), world.objects()))
    world.step(None)
    let_fall(world, 'left', 'right')
    assert wait(world).reason == MISSED


def test_a_garment_in_the_hands_at_the_end_is_a_time_out(world):
    until(world, Stage.CARRY, more=60)
    ended = wait(world)
    assert ended.reason == TIME_OUT and ended.moment_s == world.task.time_limit_s


def test_a_garment_off_the_table_ends_the_episode(world):
    world.reset(0)
    objects = world.objects()
    objects[:-1, 1] -= 0.6
    world.task.place(world._scene, objects)
    assert wait(world).elapsed_s < 2.0


def test_success_needs_the_garment_let_go_and_at_rest(world):
    until(world, Stage.RELEASE)
    for _ in range(30):
        world.step(None)
    assert not world.outcome().is_over  # it hangs, but in the hands
    assert finish(world).state == 'success'
    assert not [body for body in world.task._garment.bodies if world._scene.body.touching(body)]


@pytest.mark.parametrize(
    ('stage', 'more', 'arms'),
    [
        (Stage.SECOND, 2, ('left', 'right')),
        (Stage.CARRY, 15, ('left', 'right')),
        (Stage.CARRY, 15, ('left',)),
        (Stage.CARRY, 15, ('right',)),
    ],
)
def test_the_expert_picks_up_what_was_dropped(world, stage, more, arms):
    until(world, stage, more)
    let_fall(world, *arms)
    assert finish(world).state == 'success'


@pytest.mark.parametrize('yaw', [-0.6, 0.0, 0.6])
def test_the_expert_takes_a_displaced_garment(world, yaw):
    until(world, Stage.PICK, more=40)
    laid = garment.Garment(world._client, np.array([0.03, -0.08]), yaw)
    objects = np.vstack([laid.poses(), world.objects()[-1]])
    for body in laid.bodies:
        world._client.removeBody(body)
    world.task.place(world._scene, objects)
    assert finish(world).state == 'success'


@pytest.mark.parametrize('seed', range(2))
def test_the_expert_comes_back_from_far_away(world, seed):
    rng = np.random.default_rng(seed)
    until(world, Stage.PICK)
    here = world.joints().position
    there = np.clip(SPEC.home + rng.uniform(-0.5, 0.5, SPEC.size), SPEC.lower, SPEC.upper)
    for share in np.linspace(0.0, 1.0, 60):
        world.step(here + share * (there - here))
    assert finish(world).state == 'success'


def test_the_ties_of_a_garment_hold(world):
    """Where two pieces meet they stay together, in the hands and on the peg."""
    until(world, Stage.CARRY)
    expert, widest = expert_of(world), 0.0
    while not world.outcome().is_over:
        world.step(expert.act(world.joints(), world.objects()))
        rows = ends(world.objects()[:-1]).reshape(3, 2, 2, 3)  # row, side, end
        widest = max(widest, np.linalg.norm(rows[:, 0, 1] - rows[:, 1, 1], axis=-1).max())
    assert world.outcome().state == 'success' and widest < 0.015


def test_a_garment_is_shown_where_it_was(world):
    """Its seams, too, which nobody told of."""
    until(world, Stage.DONE, more=20)
    bodies = world.task._garment.bodies
    before = [world._client.getBasePositionAndOrientation(body)[0] for body in bodies]
    objects, joints = world.objects(), world.joints().position
    world.reset(11_000)
    world.show(joints, objects)
    after = [world._client.getBasePositionAndOrientation(b)[0] for b in world.task._garment.bodies]
    np.testing.assert_allclose(after, before, atol=0.004)  # what a tie gives
    np.testing.assert_allclose(world.objects()[:, :3], objects[:, :3], atol=1e-9)


def test_a_saved_state_on_the_peg_goes_on_bit_for_bit(world):
    until(world, Stage.DONE, more=5)
    here, seen = world.save(), []
    for _ in range(2):
        expert = expert_of(world)
        for _ in range(25):
            world.step(expert.act(world.joints(), world.objects()))
        seen.append((world.objects().tobytes(), world.joints().position.tobytes()))
        world.restore(here)
    assert seen[0] == seen[1]

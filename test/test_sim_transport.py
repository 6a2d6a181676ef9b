"""Transport: every way to fail can be reached, and the expert goes on from wherever it is left."""

import pytest

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.sim.demonstrators import DEMONSTRATORS, PEOPLE
from il_ros.sim.tasks.transfer import DROPPED, MISSED, NEVER_GRASPED, TIME_OUT
from il_ros.sim.tasks.transfer_sight import Stage
from il_ros.sim.tasks.transport import LID_ON, LITTER_LEFT, LITTER_MISSED, Transport
from il_ros.sim.tasks.transport_jobs import WAYS, Job, Way, When, jobs
from il_ros.sim.tasks.transport_sight import GIVER, RECEIVER, look
from il_ros.sim.world import World

SPEC = load_robot('sim')
KINEMATICS = Kinematics(SPEC)
GRIPPERS = {arm.name: arm.gripper for arm in SPEC.arms}
SEED = 11_000


class Brief(Transport):
    """The task with hardly more time than its expert needs: waiting for the end is quick."""

    time_limit_s = 17.0


@pytest.fixture(scope='module')
def world():
    """Yield a world with the task in it."""
    world = World(SPEC, Brief())
    yield world
    world.close()


def sight_of(world):
    """Return what the expert sees now."""
    return look(KINEMATICS, SPEC, world.joints(), world.objects())


def until(world, is_so, number=0):
    """Let a demonstrator work from the start until something is so."""
    world.reset(SEED)
    expert = world.task.expert(SPEC, DEMONSTRATORS[number], 0)
    while not is_so(sight_of(world)):
        assert not world.outcome().is_over
        world.step(expert.act(world.joints(), world.objects()))


def go_on(world, ticks):
    """Let the reference demonstrator work on from the present state."""
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    for _ in range(ticks):
        world.step(expert.act(world.joints(), world.objects()))


def finish(world):
    """Let the reference demonstrator work from here to the end; return the outcome."""
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    while not world.outcome().is_over:
        world.step(expert.act(world.joints(), world.objects()))
    return world.outcome()


def open_hand(world, arm):
    """Hold the arms and open one gripper; return for how long the episode has lasted [s]."""
    command = world.joints().position
    command[GRIPPERS[arm]] = 1.0
    lost_s = world.outcome().elapsed_s
    for _ in range(25):
        world.step(command)
    return lost_s


def put(world, name, at):
    """Put one object at (3,) [m], as it is turned."""
    objects = world.objects()
    objects[Transport.object_names.index(name), :3] = at
    world.task.place(world._scene, objects)


def wait(world):
    """Hold to the end of the episode; return the outcome."""
    while not world.outcome().is_over:
        world.step(None)
    return world.outcome()


def is_high(thing):
    """Whether a thing is well above the table."""
    return thing.at[2] > 0.12


# -- how it fails -----------------------------------------------------------------------------


def test_a_box_that_nobody_opened(world):
    world.reset(SEED)
    assert wait(world).reason == LID_ON


def test_an_item_that_nobody_took_out_of_the_open_box(world):
    until(world, lambda sight: is_high(sight.lid))
    assert wait(world).reason == NEVER_GRASPED


def test_an_item_the_giver_let_fall(world):
    until(world, lambda sight: sight.passing.block[2] > 0.15)
    lost_s = open_hand(world, GIVER)
    outcome = wait(world)
    assert outcome.reason == DROPPED and abs(outcome.moment_s - lost_s) < 0.3


def test_an_item_the_receiver_let_fall(world):
    until(world, lambda sight: sight.stage is Stage.BIN and sight.passing.giver.clearance == 1.0)
    lost_s = open_hand(world, RECEIVER)
    outcome = wait(world)
    assert outcome.reason == MISSED and abs(outcome.moment_s - lost_s) < 0.3


def test_an_item_in_the_hand_at_the_end(world):
    until(world, lambda sight: sight.stage is Stage.BIN)
    assert wait(world).reason == TIME_OUT


def test_litter_that_is_left(world):
    until(world, lambda sight: sight.stage is Stage.DONE, number=5)
    assert wait(world).reason == LITTER_LEFT


def test_litter_let_fall_beside_its_bin(world):
    until(world, lambda sight: sight.litter.holder == GIVER and sight.litter.at[2] > 0.07, 5)
    lost_s = open_hand(world, GIVER)
    outcome = wait(world)
    assert outcome.reason == LITTER_MISSED and abs(outcome.moment_s - lost_s) < 0.3


@pytest.mark.parametrize(('name', 'reason'), [('item', LID_ON), ('litter', LITTER_LEFT)])
def test_what_is_off_the_table_ends_the_episode(world, name, reason):
    world.reset(SEED)
    put(world, name, [0.0, -0.6, 0.05])
    outcome = wait(world)
    assert outcome.reason == reason and outcome.elapsed_s < 2.0


def test_both_have_to_be_let_go_in_their_bins(world):
    until(world, lambda sight: sight.stage is Stage.DONE)
    assert not world.outcome().is_over  # the item is over its bin, falling
    assert finish(world).state == 'success'


# -- from wherever it is left ------------------------------------------------------------------


def dropped_lid(sight):
    """The lid has just left the box."""
    return sight.lid.holder == GIVER and sight.lid.at[2] > 0.11


def dropped_item(sight):
    """The item is on its way to the hand-over."""
    return sight.passing.block[2] > 0.15


def dropped_litter(sight):
    """The litter is on its way to its bin."""
    return sight.litter.holder == RECEIVER and sight.litter.at[2] > 0.07


@pytest.mark.parametrize(
    ('when', 'arm'), [(dropped_lid, GIVER), (dropped_item, GIVER), (dropped_litter, RECEIVER)]
)
def test_the_expert_picks_up_what_was_dropped(world, when, arm):
    until(world, when)
    open_hand(world, arm)
    assert finish(world).state == 'success'


def test_the_expert_opens_the_box_again(world):
    until(world, lambda sight: not sight.is_covered and not sight.lid.holder)
    put(world, 'lid', world.objects()[3, :3] + [0.02, -0.02, 0.07])
    assert sight_of(world).is_covered
    assert finish(world).state == 'success'


def test_litter_out_of_one_arms_reach_is_the_others(world):
    world.reset(SEED)
    for x, arm in ((-0.15, RECEIVER), (0.12, GIVER)):
        put(world, 'litter', [x, 0.1, 0.02])
        for way in WAYS:
            work = jobs(sight_of(world), Way(way.tidies))
            assert work[arm] is Job.PICK


# -- the ways of demonstrators -----------------------------------------------------------------


def test_no_two_demonstrators_go_the_same_way():
    assert len(WAYS) == PEOPLE == len(set(WAYS))


@pytest.mark.parametrize('number', range(len(WAYS)))
def test_demonstrators_begin_in_their_own_way(world, number):
    world.reset(SEED)
    way, work = WAYS[number], jobs(sight_of(world), WAYS[number])
    tidies = {arm for arm, job in work.items() if job is Job.PICK}
    assert tidies == ({way.tidies} if way.when is When.FIRST else set())
    assert work[GIVER] is (Job.PICK if tidies == {GIVER} else Job.OPEN)


def test_the_lid_is_laid_on_the_demonstrators_own_side(world):
    for number in (0, 5):
        until(world, lambda sight: not sight.is_covered and not sight.lid.holder, number)
        assert sight_of(world).lid.at[1] * WAYS[number].lid_to > 0.25


def test_a_giver_waits_for_a_receiver_that_still_tidies(world):
    until(world, lambda sight: sight.passing.block[2] > 0.15)
    put(world, 'litter', [-0.02, -0.05, 0.02])
    assert jobs(sight_of(world), WAYS[0])[RECEIVER] is Job.PICK
    go_on(world, 60)
    assert sight_of(world).passing.block[0] > 0.08
    assert finish(world).state == 'success'

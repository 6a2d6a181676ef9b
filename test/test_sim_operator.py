"""The synthetic operator takes over when a policy gets nowhere, only then, and lets go again."""

import numpy as np
import pytest

from il_ros.robot.load import load_robot
from il_ros.sim.attention import Person
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.operator import SyntheticOperator
from il_ros.sim.tasks.transfer import Transfer
from il_ros.sim.world import World

SPEC = load_robot('sim')


@pytest.fixture(scope='module')
def world():
    """Yield a world with a task in it."""
    world = World(SPEC, Transfer())
    yield world
    world.close()


def expert():
    """Return the reference demonstrator."""
    return Transfer().expert(SPEC, DEMONSTRATORS[0], 0)


def session(world, policy, operator, seed=12_000):
    """Run an episode; return the ticks at which the operator had control, (n,) bool."""
    world.reset(seed)
    operator.reset()
    engaged = []
    while not world.outcome().is_over:
        joints, objects = world.joints(), world.objects()
        target, is_engaged = operator.act(joints, objects)
        engaged.append(is_engaged)
        world.step(target if is_engaged else policy(len(engaged), joints, objects))
    return np.array(engaged)


def good_until(tick, then, again=10_000):
    """Return a policy that is the expert, but `then` does what it likes from tick to `again`."""
    teacher = expert()

    def policy(now, joints, objects):
        is_bad = tick <= now < again
        return then(joints) if is_bad else teacher.act(joints, objects)

    return policy


def frozen(joints):
    """Do nothing."""
    return None


def test_a_good_policy_is_left_alone(world):
    engaged = session(world, good_until(10_000, frozen), SyntheticOperator(SPEC, expert()))
    assert not engaged.any() and world.outcome().state == 'success'


def test_a_policy_that_stands_still_is_relieved_after_patience_and_reaction(world):
    operator = SyntheticOperator(SPEC, expert(), Person(reaction_s=0.4), patience_s=1.0)
    engaged = session(world, good_until(30, frozen), operator)
    first = int(engaged.argmax())  # 1.4 s after the last progress that one can see
    assert engaged.any() and 30 + 60 <= first <= 30 + 75


def test_control_comes_back_after_a_clear_piece_of_progress(world):
    operator = SyntheticOperator(SPEC, expert(), patience_s=1.0)
    engaged = session(world, good_until(30, frozen), operator)
    changes = np.flatnonzero(np.diff(engaged.astype(int)))
    assert len(changes) >= 3  # the policy stands still again, and is relieved again
    assert world.outcome().state == 'success'


def test_a_drop_is_noticed_sooner_than_a_stall(world):
    def let_fall(joints):
        command = joints.position.copy()
        for arm in SPEC.arms:
            command[arm.gripper] = 1.0
        return command

    operator = SyntheticOperator(SPEC, expert(), Person(reaction_s=0.2), patience_s=5.0)
    engaged = session(world, good_until(170, let_fall, 200), operator)
    assert 170 < int(engaged.argmax()) < 170 + 60
    assert world.outcome().state == 'success'


def test_hands_off_rest_where_the_robot_is(world):
    operator = SyntheticOperator(SPEC, expert())
    world.reset(12_001)
    for _ in range(100):
        joints = world.joints()
        target, engaged = operator.act(joints, world.objects())
        assert not engaged and np.abs(target - joints.position).max() < 0.05
        world.step(None if engaged else SPEC.home)


def test_always_is_how_demonstrations_are_recorded(world):
    operator = SyntheticOperator(SPEC, expert(), always=True)
    engaged = session(world, lambda *_: None, operator)
    assert engaged.all() and world.outcome().state == 'success'
    operator.reset()
    world.reset(12_002)
    assert operator.act(world.joints(), world.objects())[1]

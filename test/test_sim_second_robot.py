"""A robot of seven joints an arm does what the first one does: only its YAML counts joints."""

import numpy as np
import pytest

from il_ros.registry import make
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.rollout.evaluate import evaluate
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

FIRST, SECOND = load_robot('sim'), load_robot('sim7')
KINEMATICS = Kinematics(SECOND)
ARMS = [arm.name for arm in SECOND.arms]


def somewhere(seed, spread=0.6):
    """Return joint positions (N,) around home, within the limits."""
    rng = np.random.default_rng(seed)
    off = rng.uniform(-spread, spread, SECOND.size)
    return np.clip(SECOND.home + off, SECOND.lower, SECOND.upper)


def put(arm, joints):
    """Return positions (N,): home, but one arm at joints (n,)."""
    position = SECOND.home.copy()
    position[SECOND.arm(arm).joints] = joints
    return position


def test_it_has_seven_joints_an_arm_other_lengths_and_the_same_hands_at_home():
    assert SECOND.size == 16 and len(SECOND.joint_names[SECOND.arms[0].joints]) == 7
    first = Kinematics(FIRST)
    for arm in ARMS:
        assert np.linalg.norm(KINEMATICS.base(arm) - first.base(arm)) > 0.02
        here, there = KINEMATICS.pose(arm, SECOND.home), first.pose(arm, FIRST.home)
        np.testing.assert_allclose(here, there, atol=2e-3)


@pytest.mark.parametrize('arm', ARMS)
def test_a_place_has_one_configuration_however_the_arm_got_there(arm):
    for seed in range(20):
        target = KINEMATICS.pose(arm, somewhere(seed, 0.3))
        one, left = KINEMATICS.solve(arm, target, SECOND.home, 60, SECOND.home)
        two, _ = KINEMATICS.solve(arm, target, somewhere(seed + 100, 0.3), 60, SECOND.home)
        assert left < 1e-3
        np.testing.assert_allclose(one, two, atol=5e-3)
        np.testing.assert_allclose(KINEMATICS.pose(arm, put(arm, one)), target, atol=1e-3)


def test_of_six_joints_none_is_free_to_rest():
    first = Kinematics(FIRST)
    target = first.pose('left', FIRST.home + 0.1)
    bare = first.solve('left', target, FIRST.home)
    for one, two in zip(
        bare, first.solve('left', target, FIRST.home, rest=FIRST.home), strict=True
    ):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize('task', ['transfer', 'detour'])
def test_a_seed_has_one_scene_for_all_robots(task):
    worlds = [World(spec, make(TASKS, task)) for spec in (FIRST, SECOND)]
    for world in worlds:
        world.reset(7)
    one, two = (world.objects() for world in worlds)
    np.testing.assert_array_equal(one, two)
    for world in worlds:
        world.close()


def test_the_expert_does_the_task_with_it():
    [trial] = evaluate('expert', 'sim7', 'transfer', [3], processes=1)
    assert trial.state == 'success'

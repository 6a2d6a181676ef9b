"""The world keeps the robot's limits, refuses what is no command, and counts time one way."""

import numpy as np
import pybullet
import pytest

from il_ros.registry import make
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.sim.bullet import connect
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

SPEC = load_robot('sim')


@pytest.fixture(scope='module')
def world():
    """Yield a world with a block out of everybody's way."""
    world = World(SPEC, make(TASKS, 'transfer'))
    yield world
    world.close()


def test_an_empty_world_says_what_to_do():
    with pytest.raises(RuntimeError, match='reset it first'):
        World(SPEC, make(TASKS, 'transfer')).joints()


def test_commands_are_reached_one_period_later(world):
    world.reset(0)
    target = world.joints().position
    for _ in range(50):
        target = target + 0.01 * (np.arange(SPEC.size) % 2)  # 0.5 rad/s
        target = np.clip(target, SPEC.lower, SPEC.upper)
        world.step(target)
        np.testing.assert_allclose(world.joints().position, target, atol=0.01)


def test_position_velocity_and_effort_stay_within_the_urdfs_limits(world):
    rng = np.random.default_rng(0)
    world.reset(0)
    start = world.joints().position
    for tick in range(200):
        if tick % 20 == 0:
            jump = rng.uniform(-0.4, 0.4, SPEC.size)  # 0.8 rad in a tick: 40 rad/s
            for arm in SPEC.arms:
                jump[arm.gripper] = rng.choice([-9.0, 9.0])  # far out of its range
        world.step(start + jump)
        now = world.joints()
        assert (now.position >= SPEC.lower - 0.02).all()
        assert (now.position <= SPEC.upper + 0.02).all()
        assert (np.abs(now.velocity) <= 1.01 * SPEC.velocity).all()
        assert (np.abs(now.effort) <= 1.001 * SPEC.effort).all()


def test_a_command_beyond_the_limits_goes_to_the_limit(world):
    world.reset(0)
    high = world.joints().position
    high[SPEC.arm('left').joints][0] = 99.0
    for _ in range(80):
        world.step(high)
    np.testing.assert_allclose(world.joints().position[0], SPEC.upper[0], atol=0.01)


@pytest.mark.parametrize(
    ('command', 'message'),
    [
        (np.zeros(13), r'shape \(13,\), expected \(14,\)'),
        (np.full(14, np.nan), 'not finite for'),
        (np.where(np.arange(14) == 9, np.inf, 0.0), "not finite for .'right_elbow'"),
    ],
)
def test_what_is_no_command_is_refused_and_the_arms_hold(world, command, message):
    world.reset(0)
    world.step(SPEC.home)
    before, at_ns = world.joints(), world.now_ns
    with pytest.raises(ValueError, match=message):
        world.step(command)
    assert world.now_ns == at_ns
    for _ in range(25):
        world.step(None)
    np.testing.assert_allclose(world.joints().position, before.position, atol=0.02)
    assert np.abs(world.joints().velocity).max() < 0.01


def test_a_stream_that_stops_means_hold(world):
    world.reset(0)
    target = SPEC.home.copy()
    for _ in range(20):
        target[0] += 0.01
        world.step(target)
    for _ in range(25):
        world.step(None)
    np.testing.assert_allclose(world.joints().position[0], target[0], atol=1e-3)


def test_time_goes_on_over_resets_and_back_only_with_restore(world):
    ends = []
    for seed in (1, 1, 2):
        world.reset(seed)
        assert world.now_ns % 1_000_000_000 == 0  # so that cameras see the same ticks
        stamps = [world.now_ns]
        for _ in range(3):
            world.step(None)
            stamps.append(world.joints().stamp_ns)
        assert set(np.diff(stamps)) == {SPEC.dt_ns}
        assert not ends or ends[-1] < stamps[0]
        ends.append(stamps[-1])
    saved = world.save()
    world.step(None)
    world.restore(saved)
    assert world.now_ns == ends[-1]
    world.reset(3)
    with pytest.raises(ValueError, match='saved before the last reset'):
        world.restore(saved)


def test_many_saved_states_take_no_room(world):
    """A labeller saves at each step: what is no longer referred to must be freed."""
    world.reset(0)
    numbers = {world.save().bullet.id for _ in range(20)}
    kept = [world.save() for _ in range(20)]
    assert len(numbers) == 1 and len({saved.bullet.id for saved in kept}) == 20


def test_the_grippers_stand_where_kinematics_says(world):
    """Physics and kinematics read one URDF: a held block is at the grasp point of both."""
    world.reset(0)
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    while expert.progress(world.joints(), world.objects()) < 0.5:
        world.step(expert.act(world.joints(), world.objects()))
    at = Kinematics(SPEC).pose('right', world.joints().position)[:3, 3]
    assert np.linalg.norm(world.objects()[0, :3] - at) < 0.04  # it is held 3 cm off its centre


def test_fingers_of_a_hand_move_alike(world):
    """PyBullet knows no <mimic>: pushed from one side, both fingers must still be symmetric."""
    world.reset(0)
    expert = world.task.expert(SPEC, DEMONSTRATORS[0], 0)
    for _ in range(200):
        world.step(expert.act(world.joints(), world.objects()))
        client, body = world._client, world._scene.body.id
        rows = {
            client.getJointInfo(body, i)[1].decode(): client.getJointState(body, i)[0]
            for i in range(client.getNumJoints(body))
        }
        for side in ('left', 'right'):
            assert abs(rows[f'{side}_gripper'] - rows[f'{side}_gripper_mimic']) < 0.002


def test_a_pybullet_without_numpy_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(pybullet, 'isNumpyEnabled', lambda: 0)
    with pytest.raises(RuntimeError, match='install numpy first'):
        connect()


def test_a_window_without_a_screen_is_refused(monkeypatch):
    """PyBullet would end the process."""
    monkeypatch.delenv('DISPLAY', raising=False)
    with pytest.raises(ValueError, match='needs a screen: DISPLAY is not set'):
        connect(has_window=True)

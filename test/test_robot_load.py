"""A robot's YAML and URDF become a RobotSpec, or a message that says what to change where."""

import re

import numpy as np
import pytest
import yaml

from il_ros.robot.load import load_robot, robots
from il_ros.share import share

SIM = share('config', 'robots', 'sim.yaml')


def variant(tmp_path, change):
    """Write a copy of the sim's YAML with change(mapping) made; return its path."""
    given = yaml.safe_load(SIM.read_text())
    given['urdf'] = str(share('resource', 'robots', 'sim.urdf'))
    change(given)
    path = tmp_path / 'robot.yaml'
    path.write_text(yaml.safe_dump(given))
    return path


def test_the_box_is_two_arms_of_six_joints_and_a_gripper():
    spec = load_robot('sim')
    assert spec.size == 14 and spec.dt_ns == 20_000_000
    assert [arm.name for arm in spec.arms] == ['left', 'right']
    left, right = spec.arms
    assert (left.joints, left.gripper) == (slice(0, 6), slice(6, 7))
    assert (right.joints, right.gripper) == (slice(7, 13), slice(13, 14))
    assert spec.joint_names[right.all][0] == 'right_waist'
    assert {camera.name for camera in spec.cameras} == {
        'cam_high',
        'cam_low',
        'cam_left_wrist',
        'cam_right_wrist',
    }


def test_limits_are_the_urdfs_and_grippers_open_from_0_to_1():
    spec = load_robot('sim')
    left = spec.arm('left')
    assert spec.lower[left.joints][0] == -2.6 and spec.effort[left.joints][1] == 25.0
    np.testing.assert_allclose(spec.lower[left.gripper], 0.0)
    np.testing.assert_allclose(spec.upper[left.gripper], 1.0)
    np.testing.assert_allclose(spec.velocity[left.gripper], 0.2 / 0.045)  # [m/s] over the travel
    np.testing.assert_allclose(spec.to_wire(spec.lower)[left.gripper], 0.010)
    np.testing.assert_allclose(spec.from_wire(spec.to_wire(spec.home)), spec.home)
    assert (spec.home >= spec.lower).all() and (spec.home <= spec.upper).all()


def test_a_gripper_whose_joint_falls_as_it_opens_still_opens_from_0_to_1(tmp_path):
    def mirrored(given):
        given['arms'][0].update(gripper_closed=0.055, gripper_open=0.010)

    spec = load_robot(variant(tmp_path, mirrored))
    gripper = spec.arm('left').gripper
    np.testing.assert_allclose([spec.lower[gripper], spec.upper[gripper]], [[0], [1]], atol=1e-12)
    assert (spec.velocity > 0).all()


@pytest.mark.parametrize('name', robots())
def test_every_shipped_robot_is_whole(name):
    spec = load_robot(name)
    assert (spec.velocity > 0).all() and (spec.acceleration > 0).all() and (spec.jerk > 0).all()
    carried = [joint for topic in spec.command_topics for joint in topic.joints]
    assert sorted(carried) == sorted(spec.joint_names)  # each joint is commanded, by one topic


def test_the_ros2_control_example_has_a_topic_and_a_controller_per_arm():
    spec = load_robot('ros2_control_example')
    assert spec.joint_state_topics == ('follower_left/joint_states', 'follower_right/joint_states')
    controllers = yaml.safe_load(share('config', 'controllers.yaml').read_text())
    for topic in spec.command_topics:
        namespace, controller, _ = topic.topic.split('/')
        given = controllers[f'/{namespace}'][controller]['ros__parameters']
        assert tuple(given['joints']) == topic.joints
        assert given['interpolate_from_desired_state'] is True
        assert given['cmd_timeout'] > given['constraints']['goal_time']


CHANGES = {
    "unknown key 'jerks' (did you mean 'jerk'?)": lambda g: g['arms'][0].update(jerks=[1]),
    "unknown key 'control_hs' (did you mean 'control_hz'?)": lambda g: g.update(control_hs=50),
    'home has 3 numbers, expected 7': lambda g: g['arms'][1].update(home=[0, 0, 0]),
    "'left_wais' has no limits (did you mean 'left_waist'?)": lambda g: g['arms'][0][
        'joints'
    ].__setitem__(0, 'left_wais'),
    'no such file': lambda g: g.update(urdf='nowhere.urdf'),
    'no arms': lambda g: g.update(arms=[]),
    'gripper_open equals gripper_closed': lambda g: g['arms'][0].update(gripper_open=0.010),
    "unknown joints ['elbow']": lambda g: g['command_topics'][0].update(joints=['elbow']),
    "missing 1 required positional argument: 'home'": lambda g: g['arms'][0].pop('home'),
}


@pytest.mark.parametrize('message', CHANGES)
def test_a_mistake_is_named_with_its_file(tmp_path, message):
    path = variant(tmp_path, CHANGES[message])
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        load_robot(path)
    assert str(path) in str(error.value)


def test_an_unknown_robot_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"did you mean 'sim'\?"):
        load_robot('simm')


@pytest.mark.parametrize(
    ('change', 'why'),
    [
        ({'tabel': 0.0}, "unknown key 'tabel' (did you mean 'table'?)"),
        ({'approach_s': 0.0}, 'approach_s 0; expected more than 0'),
        ({'workspace': {'left': [0, 1, 0, 1]}}, 'is not x, y and z, each from .. to [m]'),
        ({'workspace': {'lft': [0, 1, 0, 1, 0, 1]}}, "workspace of ['lft']; the arms are"),
        ({'workspace': [0, 1]}, 'expected arm: [x, x, y, y, z, z]'),
    ],
)
def test_what_arms_shall_keep_away_from_is_checked(tmp_path, change, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        load_robot(variant(tmp_path, lambda given: given['safety'].update(change)))


def test_without_safety_only_the_limits_of_joints_are_kept(tmp_path):
    assert load_robot('sim').safety.table == 0.0
    assert load_robot(variant(tmp_path, lambda given: given.pop('safety'))).safety is None

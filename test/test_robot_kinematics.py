"""The Jacobian is the derivative of the pose, and solving meets what can be reached."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.robot.urdf import mimics, parse, without_frames

SPEC = load_robot('sim')
KINEMATICS = Kinematics(SPEC)
ARMS = [arm.name for arm in SPEC.arms]


def somewhere(seed, spread=0.6):
    """Return joint positions (N,) around home, within the limits."""
    rng = np.random.default_rng(seed)
    return np.clip(SPEC.home + rng.uniform(-spread, spread, SPEC.size), SPEC.lower, SPEC.upper)


@pytest.mark.parametrize('arm', ARMS)
def test_the_jacobian_is_the_derivative_of_the_pose(arm):
    position, step = somewhere(1), 1e-6
    jacobian = KINEMATICS.jacobian(arm, position)
    here = KINEMATICS.pose(arm, position)
    assert jacobian.shape == (6, 6)
    for column, joint in enumerate(range(*SPEC.arm(arm).joints.indices(SPEC.size))):
        moved = position.copy()
        moved[joint] += step
        there = KINEMATICS.pose(arm, moved)
        linear = (there[:3, 3] - here[:3, 3]) / step
        angular = pin.log3(there[:3, :3] @ here[:3, :3].T) / step
        np.testing.assert_allclose(jacobian[:, column], [*linear, *angular], atol=1e-5)


@pytest.mark.parametrize('arm', ARMS)
def test_reachable_poses_are_met_within_the_limits(arm):
    for seed in range(100):
        target = KINEMATICS.pose(arm, somewhere(seed))
        joints, error = KINEMATICS.solve(arm, target, SPEC.home)
        place = SPEC.arm(arm).joints
        assert (joints >= SPEC.lower[place]).all() and (joints <= SPEC.upper[place]).all()
        reached = SPEC.home.copy()
        reached[place] = joints
        np.testing.assert_allclose(KINEMATICS.pose(arm, reached), target, atol=1e-3)
        assert error < 1e-3


def test_a_pose_out_of_reach_is_approached_and_the_error_says_so():
    target = np.eye(4)
    target[:3, 3] = [1.5, 0.0, 0.2]  # the left arm stands at x = -0.469 and is 0.77 m long
    joints, error = KINEMATICS.solve('left', target, SPEC.home, iterations=60)
    assert np.isfinite(joints).all() and error > 0.5


def test_arms_face_each_other_and_links_have_places():
    left, right = (KINEMATICS.base(arm) for arm in ARMS)
    np.testing.assert_allclose(left[:2], -right[:2], atol=1e-9)
    grasp = KINEMATICS.link('left_grasp', SPEC.home)
    np.testing.assert_allclose(grasp, KINEMATICS.pose('left', SPEC.home), atol=1e-12)
    with pytest.raises(ValueError, match="no link 'cam_top'"):
        KINEMATICS.link('cam_top', SPEC.home)


def test_a_urdf_without_a_grasp_link_is_refused_with_the_remedy():
    renamed = replace(SPEC, urdf=SPEC.urdf.replace('left_grasp', 'left_tool'))
    with pytest.raises(ValueError, match='no link left_grasp; add one between the finger pads'):
        Kinematics(renamed)


def test_frames_are_left_out_of_the_physics_and_nothing_else_is():
    kept = parse(without_frames(SPEC.urdf), 'sim')
    links = {link.get('name') for link in kept.findall('link')}
    assert not [name for name in links if name.endswith(('_frame', '_grasp'))]
    assert {'world', 'left_finger', 'right_finger_mimic'} <= links
    assert len(kept.findall('joint')) == len(links) - 1
    assert {m.driver for m in mimics(kept)} == {'left_gripper', 'right_gripper'}

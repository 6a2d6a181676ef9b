"""How much room arms have: distances that are known, and a bound on how fast they change."""

from dataclasses import replace

import numpy as np
import pytest

from il_ros.robot.clearance import Clearance
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.spec import Safety

SPEC = load_robot('sim')
LEFT, RIGHT, BOTH = range(3)  # the groups


def lowered(by):
    """Return the pose (N,) in which the right gripper, pointing down, is at a height [m]."""
    kinematics = Kinematics(SPEC)
    pose = kinematics.pose('right', SPEC.home)
    pose[2, 3] = by
    joints, error = kinematics.solve('right', pose, SPEC.home)
    assert error < 1e-3
    position = SPEC.home.copy()
    position[SPEC.arm('right').joints] = joints
    return position


def test_groups_are_each_arm_and_each_pair_of_arms():
    clearance = Clearance(SPEC, Safety())
    assert clearance.groups == [(0,), (1,), (0, 1)]
    assert clearance.at(SPEC.home).shape == (3,)


def test_the_room_above_the_table_is_that_below_the_finger_tips():
    """A pad ends 15 mm beyond the grasp point; the gripper at home points straight down."""
    clearance = Clearance(SPEC, Safety(table=0.02, table_distance=0.01))
    room = clearance.at(lowered(0.06))[RIGHT]
    assert room == pytest.approx(0.06 - 0.015 - 0.03, abs=2e-3)
    assert 'right_finger' in clearance.nearest(RIGHT) and 'table' in clearance.nearest(RIGHT)
    assert clearance.at(lowered(0.03))[RIGHT] < 0


def test_the_end_of_a_workspace_is_that_of_the_grasp_point():
    x, y, z = Kinematics(SPEC).pose('right', SPEC.home)[:3, 3]
    box = (x - 0.3, x + 0.3, y - 0.3, y + 0.004, z - 0.3, z + 0.3)
    clearance = Clearance(SPEC, Safety(workspace={'right': box}))
    assert clearance.at(SPEC.home)[RIGHT] == pytest.approx(0.004, abs=1e-6)
    assert clearance.nearest(RIGHT) == 'right_grasp to the end of its workspace'


def test_arms_that_meet_leave_no_room():
    position = SPEC.home.copy()
    far = Clearance(SPEC, Safety(distance=0.0)).at(position)[BOTH]
    assert Clearance(SPEC, Safety(distance=0.03)).at(position)[BOTH] == pytest.approx(far - 0.03)
    for arm in SPEC.arms:
        position[arm.joints] = [0, 0.6, -0.6, 0, 0, 0]
    assert Clearance(SPEC, Safety()).at(position)[BOTH] < 0


def test_an_opening_gripper_counts_on_both_its_sides():
    """The mimicking finger moves along, though it is no joint of the robot."""
    clearance, room = Clearance(SPEC, Safety(distance=0.0)), []
    for opening in (0.0, 1.0):
        position = SPEC.home.copy()
        position[SPEC.arm('left').gripper] = opening
        clearance.at(position)
        placements = clearance._rooms[LEFT]._found.oMg
        room.append([placements[i].translation[1] for i in (7, 8)])
    np.testing.assert_allclose(np.subtract(*room), [-0.045, 0.045], atol=1e-9)


def test_no_room_changes_faster_than_the_reach_says():
    """Between any two poses; the guard's bounds rest on it."""
    rng = np.random.default_rng(0)
    clearance = Clearance(SPEC, SPEC.safety)
    for _ in range(300):
        one = rng.uniform(SPEC.lower, SPEC.upper)
        other = one + rng.normal(0, 0.1, SPEC.size) * (rng.random(SPEC.size) < 0.3)
        most = clearance.reach @ np.abs(other - one)
        assert (np.abs(clearance.at(other) - clearance.at(one)) <= most + 1e-6).all()


def test_a_workspace_needs_a_grasp_link():
    urdf = SPEC.urdf.replace('left_grasp', 'left_grip')
    with pytest.raises(ValueError, match='no link left_grasp'):
        Clearance(replace(SPEC, urdf=urdf), SPEC.safety)

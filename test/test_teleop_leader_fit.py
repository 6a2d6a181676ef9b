"""A leader's map from poses that a person held it in, as the robot stood."""

from dataclasses import replace

import numpy as np
import pytest

from il_ros.cli.calibrate_steps import mirrored
from il_ros.robot.load import load_robot
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_fit import NotMoved, fit_leader
from il_ros.teleop.leader_map import LeaderMap

SPEC = load_robot('sim')
CONFIG = load_leader('sim')  # offsets, signs, and a wrist of half the scale
MAP = LeaderMap(SPEC, CONFIG)


def fitted(unsure, seed=0, poses=6):
    """Return the fit of hands that are so unsure [rad], in the poses that the verb asks for."""
    random = np.random.default_rng(seed)
    stood = np.array(mirrored(SPEC, poses))
    said = np.array([MAP.to_leader(p + random.normal(0, unsure, SPEC.size)) for p in stood])
    return fit_leader(SPEC, CONFIG, said, stood)


def test_a_map_is_found_exactly_by_exact_hands_and_nearly_by_real_ones():
    for arm, fit in zip(CONFIG.arms, fitted(0.0).values(), strict=True):
        np.testing.assert_allclose(fit.offset, arm.offset, atol=1e-9)
        assert fit.sign == tuple(map(float, arm.sign))
        np.testing.assert_allclose(fit.scale, arm.scale, atol=1e-9)
        assert (fit.gripper_closed, fit.gripper_open) == pytest.approx((0.8, 0.1))
    for seed in range(20):
        for arm, fit in zip(CONFIG.arms, fitted(0.02, seed).values(), strict=True):
            assert fit.sign == tuple(map(float, arm.sign)) and fit.worst < 0.1
            np.testing.assert_allclose(fit.offset, arm.offset, atol=0.06)
            assert fit.scale == tuple(map(float, arm.scale))


def test_a_scale_that_the_file_does_not_know_is_found():
    plain = replace(CONFIG, arms=tuple(replace(arm, scale=()) for arm in CONFIG.arms))
    stood = np.array(mirrored(SPEC, 6))
    said = np.array([MAP.to_leader(pose) for pose in stood])
    assert fit_leader(SPEC, plain, said, stood)['left'].scale[5] == pytest.approx(0.5)


def test_a_joint_that_was_not_moved_is_named():
    stood = np.array(mirrored(SPEC, 4))
    said = np.array([MAP.to_leader(pose) for pose in stood])
    said[:, 1] = 0.4
    with pytest.raises(NotMoved, match=r"'leader_left_2' moved by 0\.000 while the robot moved"):
        fit_leader(SPEC, CONFIG, said, stood)


def test_every_pose_differs_in_every_joint_and_is_within_its_limits():
    for count in (2, 6):
        poses = np.array(mirrored(SPEC, count))
        assert (np.ptp(poses, axis=0) > 0.3).all()
        assert ((poses >= SPEC.lower) & (poses <= SPEC.upper)).all()

"""What is measured of counts and delays, against known ones."""

import numpy as np
import pytest

from il_ros.robot.latency import (
    NotSeen,
    camera_latency,
    coarse,
    excitation,
    motion_latency,
    seen_motion,
)

DT_S = 0.02
WAY = np.concatenate([np.zeros(20), excitation(10.0, DT_S), np.zeros(30)])
TIME = np.arange(len(WAY)) * DT_S


def pictures(late_s, hz, noise, random):
    """Return stamps and pictures of a grating that moves with WAY, seen late_s before them."""
    stamps = np.arange(0.3, TIME[-1] - 0.3, 1.0 / hz) + random.uniform(0, 0.2 / hz)
    column = np.arange(96)
    found = []
    for stamp in stamps:
        shift = 6.0 * np.interp(stamp - late_s, TIME, WAY)  # [px]
        row = 120 + 60 * np.sin((column + shift) / 7.0)
        image = np.repeat(np.tile(row, (64, 1))[..., None], 3, axis=2)
        found.append(coarse((image + random.normal(0, noise, image.shape)).clip(0, 255)))
    return stamps, found


@pytest.mark.parametrize(('hz', 'noise'), [(30.0, 0.0), (30.0, 12.0), (15.0, 6.0)])
def test_a_cameras_delay_is_found_to_a_few_milliseconds(hz, noise):
    random, errors = np.random.default_rng(0), []
    for late_s in (0.0, 0.015, 0.08, 0.2):
        stamps, found = pictures(late_s, hz, noise, random)
        motion = seen_motion(found)
        errors.append(camera_latency(stamps, motion, TIME, 0.08 * WAY) - late_s)
    assert np.abs(errors).max() < 0.005


def test_a_picture_without_the_arms_is_no_measurement():
    random = np.random.default_rng(0)
    stamps, found = pictures(0.0, 30.0, 0.0, random)
    noise = [coarse(random.normal(120, 9, (64, 96, 3))) for _ in found]
    for dull in (noise, [found[0] for _ in found]):
        with pytest.raises(NotSeen, match='does not go with the motion'):
            camera_latency(stamps, seen_motion(dull), TIME, WAY)


def test_joints_that_lag_and_hang_are_as_late_as_they_are():
    asked = 0.08 * WAY
    for late_s in (0.0, 0.033, 0.12):
        hanging = np.interp(TIME - late_s, TIME, asked) - 0.03
        uneven = np.sort(np.random.default_rng(1).choice(len(TIME) - 60, 300, replace=False)) + 20
        told = (TIME[uneven], asked[uneven])  # as by a machine that is busy
        assert motion_latency(*told, TIME, hanging) == pytest.approx(late_s, abs=0.002)

"""What a policy is given of objects: how they are to each other."""

import numpy as np
import pytest

from il_ros.observation.features import NEAR_M, feature
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.sim.geometry import standing

SPEC = load_robot('sim')
KINEMATICS = Kinematics(SPEC)
ONE = [0.1, 0.2, 0.3, 0.0, 0.0, np.sin(0.4), np.cos(0.4)]  # turned by 0.8 about the vertical


def seen(*objects):
    """Return 'between' of one row of objects (7,)."""
    rest = np.zeros((1, SPEC.size))
    return feature('between', KINEMATICS, rest, rest, np.array([objects]))[0]


def test_between_is_where_the_second_is_as_the_first_sees_it():
    at = standing(np.array([0.1, 0.2, 0.3, 0.8])) @ [0.0, 0.004, 0.1, 1.0]
    place, axes = np.split(seen(ONE, [*at[:3], *ONE[3:]])[:9], [3])
    np.testing.assert_allclose(place, [0.0, 0.004, 0.1], atol=1e-6)
    np.testing.assert_allclose(axes.reshape(3, 2), np.eye(3)[:, :2], atol=1e-6)


def test_between_is_the_same_wherever_both_are():
    other = [0.15, 0.2, 0.3, 0.0, 0.0, 0.0, 1.0]
    shift = np.array([0.3, -0.1, 0.2, 0.0, 0.0, 0.0, 0.0])
    moved = [shift + row for row in (ONE, other)]
    np.testing.assert_allclose(seen(*moved), seen(ONE, other), atol=1e-5)


@pytest.mark.parametrize('off', [0.001, 0.2])
def test_between_is_fine_near_and_coarse_far(off):
    """How much a millimetre more changes what is seen, on a scale on which 20 cm are 4.4."""
    by = [seen(ONE, [*ONE[:2], ONE[2] + z, *ONE[3:]])[11] for z in (off, off + 0.001)]
    assert by[1] - by[0] == pytest.approx(0.001 / np.hypot(off, NEAR_M), rel=0.1)


def test_between_tells_of_every_pair():
    assert len(seen(ONE, ONE, ONE, ONE)) == 6 * 18 and len(seen(ONE)) == 0

"""The way home: straight where it is free, round where it is not, slow, and refused in words."""

from dataclasses import replace

import numpy as np
import pytest

from il_ros.robot.clearance import Clearance
from il_ros.robot.load import load_robot
from il_ros.robot.ways import LOOK, SPEED, NoWay, path, stops

SPEC = load_robot('sim')
CLEARANCE = Clearance(SPEC, SPEC.safety)


def starts(count):
    """Yield poses (N,) far from home in which the arms are free."""
    random = np.random.default_rng(0)
    while count:
        pose = SPEC.home + random.normal(0, 0.9, SPEC.size)
        pose = pose.clip(SPEC.lower, SPEC.upper)
        if (CLEARANCE.at(pose) >= 0).all():
            count -= 1
            yield pose


def test_ways_home_are_free_from_end_to_end():
    """Of 40 starts far away; some cannot go straight, and one in a hundred finds no way."""
    lengths = []
    for start in starts(40):
        try:
            way = stops(SPEC, start, SPEC.home)
        except NoWay:
            continue
        np.testing.assert_array_equal(way[-1], SPEC.home)
        for one, other in zip([start, *way[:-2]], way[:-1], strict=True):
            finer = int(np.ceil(np.abs(other - one).max() / LOOK * 2.3))
            for part in np.linspace(0, 1, finer + 1):
                assert (CLEARANCE.at(one + part * (other - one)) >= -2e-3).all()
        lengths.append(len(way))
    assert len(lengths) >= 38 and set(lengths) == {2, 3}


def test_grippers_open_when_the_arms_are_there():
    start = next(starts(1))
    start[SPEC.arm('left').gripper] = 0.2
    *before, arrived, home = stops(SPEC, start, SPEC.home)
    assert all(pose[SPEC.arm('left').gripper] == 0.2 for pose in (*before, arrived))
    changed = np.flatnonzero(arrived != home)
    assert set(changed) <= {arm.gripper.start for arm in SPEC.arms}


def test_a_path_begins_and_ends_at_rest_and_is_slow():
    start = next(starts(1))
    way = np.vstack([start, path(SPEC, start, SPEC.home)])
    np.testing.assert_allclose(way[-1], SPEC.home)
    speed = np.abs(np.diff(way, axis=0)) / SPEC.dt_s
    assert SPEED * 0.9 < speed.max() <= SPEED * 1.001
    assert max(speed[0].max(), speed[-1].max()) < 0.01


def test_a_home_that_cannot_be_reached_names_what_is_in_the_way():
    """Such as one that lies outside of the workspace."""
    narrow = replace(SPEC.safety, workspace={'right': (-0.45, 0.6, -0.45, -0.05, -0.02, 0.75)})
    start = SPEC.home.copy()
    start[SPEC.arm('right').joints.start] += 0.5  # there y is -0.15 m, at home 0
    with pytest.raises(NoWay, match='right_grasp to the end of its workspace would come too near'):
        stops(replace(SPEC, safety=narrow), start, SPEC.home)

"""Joint states of one topic or one per arm, ticks out of any rate, images that are too old."""

import numpy as np
import pytest
from graph import changed

from il_ros import wire
from il_ros.observation.builder import ObservationBuilder
from il_ros.observation.joints import JointMerger
from il_ros.observation.ticks import Ticks
from il_ros.robot.load import load_robot
from il_ros.spec import JointSample

SPEC = load_robot('sim')
DT = SPEC.dt_ns
STILL = np.zeros(SPEC.size)
LEFT, RIGHT = ([SPEC.joint_names[i] for i in range(SPEC.size)[arm.all]] for arm in SPEC.arms)


def message(stamp_ns, names=SPEC.joint_names, **fields):
    """A JointState of some of the robot's joints, at home."""
    data = wire.joints_msg(SPEC, JointSample(stamp_ns, SPEC.home, STILL + 0.5, STILL))
    place = [SPEC.joint_names.index(name) for name in names]
    full = wire.from_bytes(wire.JOINT_STATES, data)
    parts = {part: getattr(full, part)[place] for part in ('position', 'velocity', 'effort')}
    return changed(data, **{'name': list(names), **parts, **fields})


def test_one_topic_per_arm_is_one_sample_as_old_as_its_oldest_part():
    merger = JointMerger(SPEC)
    assert merger.add(message(5, LEFT)) is None
    assert merger.missing() == RIGHT
    sample = merger.add(message(7, RIGHT))
    assert sample.stamp_ns == 5 and merger.missing() == []
    np.testing.assert_allclose(sample.position, SPEC.home)
    assert merger.add(message(9, LEFT)).stamp_ns == 7


def test_joints_come_by_name_in_any_order_and_others_are_no_matter():
    merger, names = JointMerger(SPEC), [*reversed(SPEC.joint_names)]
    data = message(1, names)
    one = wire.from_bytes(wire.JOINT_STATES, data)
    more = {
        part: np.append(getattr(one, part), 9.0) for part in ('position', 'velocity', 'effort')
    }
    sample = merger.add(changed(data, name=[*names, 'head'], **more))
    np.testing.assert_allclose(sample.position, SPEC.home)


@pytest.mark.parametrize(
    'nothing', [np.zeros(0), np.full(SPEC.size, np.nan)], ids=['left out', 'NaN']
)
def test_a_velocity_that_is_not_measured_is_zero(nothing):
    sample = JointMerger(SPEC).add(message(1, velocity=nothing, effort=nothing))
    assert not sample.velocity.any() and not sample.effort.any()


@pytest.mark.parametrize(
    ('fields', 'why'),
    [
        ({'name': ['a'] * 14}, 'none of'),
        ({'position': np.zeros(13)}, '14 names, but 13 of position'),
        ({'velocity': np.zeros(2)}, '14 names, but 2 of velocity'),
        ({'position': np.zeros(0)}, '14 names, but 0 of position'),
        ({'position': np.append(SPEC.home[:-1], np.inf)}, "'right_gripper'. are not finite"),
    ],
)
def test_joints_that_are_not_the_robots_are_refused(fields, why):
    with pytest.raises(wire.WrongJoints, match=why):
        JointMerger(SPEC).add(message(1, **fields))


def ticks_of(stamps):
    ticks = Ticks(SPEC)
    return [int(stamp) for stamp in stamps if ticks.is_tick(int(stamp))]


def test_every_sample_of_a_robot_at_its_control_rate_is_a_tick():
    jitter = np.random.default_rng(0).uniform(-0.2, 0.2, 500) * DT
    for rate in (0.6, 0.99, 1.0, 1.015):
        stamps = 10**18 + np.arange(500) * DT / rate + jitter
        assert len(ticks_of(stamps)) >= 498, rate


@pytest.mark.parametrize('rate', [1.2, 2.0, 3.7, 10.0])
def test_a_faster_robot_is_thinned_out_to_its_control_rate(rate):
    stamps = np.arange(2000) * DT / rate
    gaps = np.diff(ticks_of(stamps))
    assert gaps.mean() == pytest.approx(DT, rel=0.05) and gaps.min() >= 0.5 * DT


def test_ticks_go_on_when_the_clock_was_set_back():
    stamps = [10**12, 10**12 + DT, 5 * 10**11, 5 * 10**11 + DT]
    assert ticks_of(stamps) == stamps


def builder(max_age_s):
    made = ObservationBuilder(SPEC, ('position',), ('cam_high',), max_age_s)
    made.add_joints(JointSample(10**9, SPEC.home, STILL, STILL))
    return made


def test_an_image_that_is_too_old_is_none_and_named():
    made, image = builder(0.5), np.zeros((128, 128, 3), np.uint8)
    assert made.missing(10**9) == ['camera/cam_high']
    made.add_image('cam_high', 10**9 - 500_000_001, image)
    assert made.missing(10**9) == ['camera/cam_high (older than 0.5 s)']
    assert made.at(10**9) is None
    made.add_image('cam_high', 10**9 - 500_000_000, image)
    assert made.at(10**9).image_age_s == {'cam_high': 0.5}


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r'camera/cam_high: image of \(64, 128\).*\(128, 128\)'):
        builder(0.5).add_image('cam_high', 0, np.zeros((64, 128, 3), np.uint8))

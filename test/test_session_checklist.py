"""The check list of a robot: what is wrong is named with what to do about it."""

from dataclasses import replace

import numpy as np

from il_ros.robot.load import load_robot
from il_ros.session import checklist
from il_ros.session.checklist import Heard
from il_ros.spec import Calibration

SPEC = load_robot('sim')


def heard(hz, age_s=0.003, name='joint_states', wanted_hz=50.0):
    came = [round(i * 1e9 / hz) for i in range(100)] if hz else []
    return Heard(name, wanted_hz, came, [age_s] * len(came))


def picture(seed=0):
    """Return a picture (96, 128, 3) of blocks: something to recognise."""
    blocks = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))


def test_rates_are_those_that_are_wanted():
    assert checklist.rate(heard(49.0), '').state == 'ok'
    slow = checklist.rate(heard(20.0), '')
    assert slow.state == 'broken' and slow.says == 'too slow: 20.0 Hz of 50' and slow.remedy
    gone = checklist.rate(heard(0.0), 'start the driver')
    assert (gone.state, gone.says, gone.remedy) == ('broken', 'nothing heard', 'start the driver')
    assert checklist.rate(heard(0.0), '', 'note').state == 'note'


def test_clocks_of_other_machines_are_compared_with_ours():
    [fine] = checklist.clocks([heard(50.0), heard(25.0, 0.04, 'cam_high')])
    assert fine.state == 'ok' and '3.0 to 40.0 ms' in fine.says
    ahead, behind = checklist.clocks([heard(50.0, -0.2), heard(25.0, 3.0, 'cam_high'), heard(50)])
    assert 'joint_states: -200.0 ms' in ahead.says and 'ahead of this one' in ahead.says
    assert 'cam_high' in behind.says and 'behind' in behind.says and 'chrony' in behind.remedy


def test_joints_outside_of_their_limits_are_named():
    assert checklist.limits(SPEC, SPEC.home).state == 'ok'
    position = SPEC.home.copy()
    position[2] = SPEC.upper[2] + 0.3
    found = checklist.limits(SPEC, position)
    assert found.state == 'broken' and 'left_elbow by 0.30' in found.says
    assert 'calibrate joints' in found.remedy


def test_what_was_not_measured_yet_is_told():
    found = checklist.calibration(SPEC)
    assert found.state == 'note' and found.remedy == 'il-ros calibrate joints --robot YAML'
    joints = Calibration(joints={'left_elbow': (1.0, 0.0)})
    found = checklist.calibration(replace(SPEC, calibration=joints))
    assert 'latency, images not measured' in found.says and 'calibrate latency' in found.remedy


def test_a_camera_that_was_moved_is_seen_by_its_picture_from_home():
    before = picture()
    assert checklist.camera('cam', before, before, 0.0).state == 'ok'
    noisy = (before + np.random.default_rng(1).normal(0, 20, before.shape)).clip(0, 255)
    assert checklist.camera('cam', noisy.astype(np.uint8), before, 0.0).state == 'ok'
    found = checklist.camera('cam', np.roll(before, 6, axis=1), before, 0.0)
    assert found.state == 'broken' and 'moved by 6.' in found.says.replace('5.9', '6.')
    assert checklist.camera('cam', picture(5), before, 0.0).state == 'broken'
    assert checklist.camera('cam', before, before, 0.4).remedy == 'il-ros home'
    assert checklist.camera('cam', before, None, 0.0).remedy == 'il-ros calibrate images'
    assert 'was 128x96' in checklist.camera('cam', before[:, :64], before, 0.0).says


def test_a_stop_that_is_not_answered_or_not_kept_is_broken():
    assert checklist.stop(0.02, 0.01).state == 'ok'
    assert checklist.stop(None, 0.0).state == checklist.stop(0.02, 0.4).state == 'broken'

"""A driver that counts otherwise than the URDF: read aright, remembered, and refused elsewhere."""

import re
from dataclasses import replace

import numpy as np
import pytest
from learning import episodes, tiny
from small_bags import SmallBag
from test_robot_load import variant

from il_ros import calibration, checkpoint, wire
from il_ros.calibration import KEY, OtherCalibration, as_recorded, card, misfit
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.from_bag import decode_bag
from il_ros.robot.calibration import accepting, calibration_file, name_in, write_calibration
from il_ros.robot.load import load_robot
from il_ros.session.recordings import check_recordings
from il_ros.spec import Calibration, JointSample
from il_ros.trainer.run import as_tensors, prepare

SPEC = load_robot('sim')
ELBOW, GRIP = SPEC.joint_names.index('left_elbow'), SPEC.joint_names.index('right_gripper')


def calibrated(offset=0.3, **more):
    """Return the sim with an elbow that is counted backwards and a gripper from elsewhere."""
    joints = {'left_elbow': (-1.0, offset), 'right_gripper': (-1.0, 0.06)}
    return replace(SPEC, calibration=Calibration(joints, {'cam_high': 0.08}, **more))


def test_positions_velocities_and_efforts_cross_the_wire_as_the_driver_counts_them():
    spec, rows = calibrated(), np.random.default_rng(0).uniform(0.1, 0.9, (3, SPEC.size))
    data = wire.joints_msg(spec, JointSample(5, *rows))
    said = wire.from_bytes(wire.JOINT_STATES, data)
    assert said.position[ELBOW] == pytest.approx(0.3 - rows[0, ELBOW])
    assert said.position[GRIP] == pytest.approx(0.06 - (0.010 + 0.045 * rows[0, GRIP]))
    assert said.velocity[ELBOW] == -rows[1, ELBOW] and said.effort[ELBOW] == -rows[2, ELBOW]
    read = wire.read_joints(spec, data)
    for back, row in zip((read.position, read.velocity, read.effort), rows, strict=True):
        np.testing.assert_allclose(back, row, atol=1e-12)
    np.testing.assert_allclose(spec.to_joint(rows[0]), SPEC.to_wire(rows[0]))  # the URDF's stay


def test_what_differs_is_named_and_what_was_measured_twice_is_the_same():
    then = card(calibrated())
    assert then['hash'] == card(calibrated())['hash'] != card(SPEC)['hash']
    assert misfit(then, calibrated(0.305)) == misfit(None, SPEC) == ''
    said = misfit(then, calibrated(0.35))
    assert 'left_elbow was counted from 0.3, now from 0.35 (+0.050)' in said
    assert f'--accept {then["hash"]}' in said and 'gripper' not in said
    assert 'left_elbow was counted the other way round' in misfit(then, SPEC)
    late = replace(calibrated().calibration, latency_s={'cam_high': 0.02})
    said = misfit(then, replace(SPEC, calibration=late))
    assert 'cam_high was late by 80 ms, now by 20 ms' in said
    assert misfit(then, calibrated(0.35, accepts=(then['hash'],))) == ''


def test_a_bag_is_read_as_the_robot_was_calibrated_then_and_mixed_only_when_accepted(tmp_path):
    bag = SmallBag(calibrated())
    bag.meta = {**bag.meta, KEY: card(calibrated())}
    folder = bag.write(tmp_path / 'episode_000000')
    now = calibrated(0.5)
    for spec in (calibrated(), now, SPEC):
        found = decode_bag(folder, spec)
        np.testing.assert_allclose(found.position, bag.position, atol=1e-9)
        np.testing.assert_allclose(found.command, bag.command, atol=1e-9)
    with pytest.raises(OtherCalibration, match=r'episode_000000: .*left_elbow was counted from'):
        load_episodes(tmp_path, now)
    with pytest.raises(OtherCalibration, match='il-ros calibrate --robot YAML --accept'):
        check_recordings(now, [tmp_path / 'none_yet', tmp_path])
    with pytest.raises(
        OtherCalibration, match=r"is of robot 'sim' and read as 'mine'; .* sim\. If"
    ):
        load_episodes(tmp_path, replace(now, name='mine'))
    accepted = replace(now, calibration=accepting(now.calibration, card(calibrated())['hash']))
    check_recordings(accepted, [tmp_path])
    [found] = load_episodes(tmp_path, accepted)
    np.testing.assert_allclose(found.position, bag.position, atol=1e-9)


def test_a_joint_that_the_urdf_has_elsewhere_now_is_named():
    """Other link lengths: the same angles are other poses. Shapes and spaces are no difference."""
    place = re.search(r'<joint name="left_elbow".*?xyz="([^"]+)"', SPEC.urdf, re.DOTALL)
    x, *rest = place[1].split()
    longer = ' '.join([str(float(x) + 0.02), *rest])
    begin, end = place.span(1)
    other = replace(SPEC, urdf=SPEC.urdf[:begin] + longer + SPEC.urdf[end:])
    assert 'the URDF has left_elbow in another place or' in misfit(card(SPEC), other)
    assert misfit(card(SPEC), replace(SPEC, urdf=SPEC.urdf.replace('\n', '\n  '))) == ''


def test_grippers_ends_that_have_changed_since_are_those_of_then():
    wide = replace(calibrated(), joint_scale=calibrated().joint_scale * 2)
    then = as_recorded(wide, {KEY: card(calibrated())})
    np.testing.assert_allclose(then.wire_scale, calibrated().wire_scale)
    np.testing.assert_allclose(then.wire_offset, calibrated().wire_offset)
    assert 'right_gripper had -0.045 a unit' in misfit(card(calibrated()), wide)


def test_a_checkpoint_of_another_calibration_is_refused_before_anything_moves(tmp_path):
    config = tiny()
    run = prepare(config, episodes(SPEC), SPEC)
    made_for = checkpoint.robot_card(calibrated(), (), 'transfer')
    weights = run.average.policy.state_dict()
    checkpoint.save(tmp_path, config, made_for, weights, as_tensors(run.statistics), {})
    found = checkpoint.load(tmp_path)
    checkpoint.check_fits(found, calibrated(0.295))
    checkpoint.check_fits(found, calibrated(0.9, accepts=(found.robot[KEY]['hash'],)))
    with pytest.raises(checkpoint.CheckpointError, match=r'left_elbow was counted from 0\.3, now'):
        checkpoint.check_fits(found, calibrated(0.9))
    older = {name: part for name, part in found.robot.items() if name != KEY}
    checkpoint.check_fits(replace(found, robot=older), SPEC)


def test_a_calibration_is_a_file_of_its_own_and_one_line_in_the_robots(tmp_path):
    """The user's file keeps its comments and its order: nothing but the line is added."""
    robot = variant(tmp_path, lambda given: None)
    before = '# mine\n' + robot.read_text().rstrip('\n')
    robot.write_text(before)
    file = calibration_file(robot)
    for _ in range(2):
        write_calibration(file, calibrated(images={'cam_high': '/x/a.png'}).calibration, 'today')
        name_in(robot, file)
    assert robot.read_text().startswith(before + '\ncalibration: robot.calibration.yaml #')
    found = load_robot(robot)
    assert card(found) == card(calibrated())
    assert found.calibration.images == {'cam_high': str(tmp_path / 'a.png')}
    file.write_text(file.read_text().replace('left_elbow', 'left_elbo'))
    with pytest.raises(ValueError, match=r"no joint 'left_elbo' \(did you mean 'left_elbow'"):
        load_robot(robot)
    file.unlink()
    with pytest.raises(ValueError, match='no such calibration; write it by "il-ros calibrate'):
        load_robot(robot)
    with pytest.raises(ValueError, match='expected the 8 digits'):
        accepting(Calibration(), 'all')


def test_a_card_survives_yaml_and_json():
    """It is kept in a checkpoint's YAML and in a bag's JSON."""
    import json

    import yaml

    made = calibration.card(calibrated())
    assert yaml.safe_load(yaml.safe_dump(made)) == json.loads(json.dumps(made)) == made

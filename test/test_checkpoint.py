"""A checkpoint folder: whole or refused, and refused in words that help."""

import json
from dataclasses import replace

import pytest
import torch
import yaml
from learning import episodes, robot, tiny

from il_ros import checkpoint
from il_ros.checkpoint import CheckpointError
from il_ros.policy.config import read_config
from il_ros.policy.pilot import check_checkpoint, load_pilot
from il_ros.trainer.run import as_tensors, prepare

SPEC = robot()


@pytest.fixture
def folder(tmp_path):
    """Return a checkpoint of an untrained policy that sees one camera."""
    return saved(tmp_path / 'checkpoint', cameras=('cam_high',))


def saved(folder, **differences):
    """Save an untrained policy and return the folder."""
    config = tiny(**differences)
    run = prepare(config, episodes(SPEC, cameras=config.cameras), SPEC)
    checkpoint.save(
        folder,
        config,
        checkpoint.robot_card(SPEC, config.cameras, 'transfer'),
        run.average.policy.state_dict(),
        as_tensors(run.statistics),
        {'bags': ['a', 'b']},
    )
    return folder


def test_what_is_saved_is_loaded(folder):
    """Configuration, robot, weights, statistics and provenance."""
    found = checkpoint.load(folder)
    assert read_config(folder) == tiny(cameras=('cam_high',))
    assert found.robot['joint_names'] == list(SPEC.joint_names)
    assert found.robot['cameras'] == {'cam_high': [128, 128]}
    assert found.robot['task'] == 'transfer'
    assert found.provenance['bags'] == checkpoint.read_provenance(folder)['bags'] == ['a', 'b']
    assert found.statistics['action.mean'].shape == (SPEC.size,)
    assert checkpoint.is_checkpoint(folder)


def test_nothing_else_is_left_in_the_folder(folder):
    """No temporary file, no pickle; the hashes are those of the files."""
    names = {path.name for path in folder.iterdir()}
    assert names == {*checkpoint.HASHED, checkpoint.HASHES}
    assert yaml.safe_load((folder / 'config.yaml').read_text())['policy']['head'] == 'diffusion'


def test_the_version_is_of_what_acts(tmp_path, folder):
    """The same policy has the same version; another configuration or weight has another."""
    same = saved(tmp_path / 'same', cameras=('cam_high',))
    other = saved(tmp_path / 'other', cameras=('cam_high',), E=2)
    versions = [checkpoint.load(path).version for path in (folder, same, other)]
    assert versions[0] == versions[1] != versions[2]


def test_saving_over_a_checkpoint_replaces_it_whole(folder):
    """Also the hashes."""
    before = checkpoint.load(folder).version
    saved(folder, cameras=('cam_high',), seed=1)
    assert checkpoint.load(folder).version != before


def test_an_evaluation_is_added_and_does_not_change_the_version(folder):
    """It comes later than the weights."""
    before = checkpoint.load(folder).version
    checkpoint.add_evaluation(folder, {'success': 0.5})
    checkpoint.add_evaluation(folder, {'success': 0.9})
    assert json.loads((folder / 'evaluation.json').read_text()) == {'success': 0.9}
    assert checkpoint.load(folder).version == before
    with pytest.raises(CheckpointError, match='no such checkpoint'):
        checkpoint.add_evaluation(folder / 'nowhere', {})


@pytest.mark.parametrize('name', [*checkpoint.HASHED, checkpoint.HASHES])
def test_a_missing_file_is_named(folder, name):
    """With what to do."""
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=rf'{name}.*(copy|finish)'):
        checkpoint.load(folder)


def test_a_missing_folder_is_named(tmp_path):
    """It is no checkpoint folder."""
    with pytest.raises(CheckpointError, match='nowhere: no such checkpoint folder'):
        load_pilot(tmp_path / 'nowhere', SPEC)


def test_other_statistics_are_refused(folder):
    """By their hash."""
    path = folder / 'statistics.safetensors'
    path.write_bytes(path.read_bytes()[:-4] + b'\0\0\0\1')
    with pytest.raises(CheckpointError, match=r'statistics hash .* but hashes\.json says'):
        load_pilot(folder, SPEC)


def other_robots():
    """Yield a robot that is not the checkpoint's, and what has to be said of it."""
    names = SPEC.joint_names
    renamed = ('left_hip', *names[1:])
    yield replace(SPEC, joint_names=renamed), rf"joints \['{names[0]}'\] are not there"
    yield replace(SPEC, joint_names=names[:7]), r'14 joints expected, the robot has 7'
    yield replace(SPEC, joint_names=names[::-1]), r'in another order'
    yield replace(SPEC, cameras=SPEC.cameras[1:]), r"camera 'cam_high' is missing"
    wide = replace(SPEC.cameras[0], width=640)
    yield replace(SPEC, cameras=(wide,)), r"camera 'cam_high' has \[640, 128\] pixels"
    yield replace(SPEC, control_hz=100.0), r'control at 50 Hz expected, not 100 Hz'


@pytest.mark.parametrize(('spec', 'message'), list(other_robots()))
def test_another_robot_is_refused(folder, spec, message):
    """Naming what differs, before anything moves."""
    with pytest.raises(CheckpointError, match=message):
        load_pilot(folder, spec)
    with pytest.raises(CheckpointError, match=message):
        check_checkpoint(folder, spec)


def rewritten(folder, edit):
    """Change a checkpoint's configuration, with the hash that goes with it."""
    path, hashes = folder / 'config.yaml', folder / 'hashes.json'
    parts = yaml.safe_load(path.read_text())
    edit(parts['policy'])
    path.write_text(yaml.safe_dump(parts))
    known = json.loads(hashes.read_text())
    known['config.yaml'] = checkpoint._hash(path.read_bytes())
    hashes.write_text(json.dumps(known))


def test_a_configuration_of_another_version_is_refused(folder):
    """An unknown key is named."""
    rewritten(folder, lambda policy: policy.update(hed='l2'))
    with pytest.raises(CheckpointError, match=r"unknown key 'hed' \(did you mean 'head'"):
        load_pilot(folder, SPEC)


def test_weights_of_another_network_are_refused(folder):
    """They do not belong to the configuration."""
    rewritten(folder, lambda policy: policy.update(width=48))
    with pytest.raises(CheckpointError, match='do not belong together'):
        load_pilot(folder, SPEC)


def test_weights_survive_bit_for_bit(folder):
    """From a training to a pilot."""
    pilot = load_pilot(folder, SPEC, 'cpu')
    run = prepare(tiny(cameras=('cam_high',)), episodes(SPEC, cameras=('cam_high',)), SPEC)
    mine = run.average.policy.state_dict()
    assert all(torch.equal(t, mine[name]) for name, t in pilot.policy.state_dict().items())

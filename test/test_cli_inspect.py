"""`il-ros inspect`: the figures of what was written, one JSON object, repairs told on stderr."""

import argparse
import json
from dataclasses import dataclass

import pytest
import torch
from small_bags import SmallBag

from il_ros import checkpoint
from il_ros.checkpoint import CheckpointError
from il_ros.cli import inspect
from il_ros.recorder.bag import BagWriter
from il_ros.recorder.label import discard
from il_ros.recorder.read import NotABag
from il_ros.robot.load import load_robot


@pytest.fixture(scope='module')
def spec():
    """The robot in the box."""
    return load_robot('sim')


def run(*words):
    """Run the verb as the command line does."""
    parser = argparse.ArgumentParser()
    inspect.add_arguments(parser)
    return inspect.main(parser.parse_args([str(word) for word in words]))


def figures(capsys, *words):
    """Return the JSON object that the verb printed, which must be all of stdout."""
    assert run(*words, '--json') == 0
    return json.loads(capsys.readouterr().out)


def episode(spec, folder, **meta):
    """Write 100 ticks: commands 40..43 lost, the left arm a policy's in 50..89."""
    bag = SmallBag(spec, n=100)
    bag.meta |= {'outcome': 'success', 'operator': 'always', **meta}
    bag.who[50:90, 0] = 'policy'
    bag.silent = {('command', k) for k in range(40, 44)}
    return bag.write(folder)


def test_a_bags_figures_are_those_that_were_written(spec, tmp_path, capsys):
    """Counts, rates, drops, labels, who acted."""
    found = figures(capsys, episode(spec, tmp_path / 'bag'))
    assert found['kind'] == 'bag' and found['messages'] == 496
    assert found['duration_s'] == pytest.approx(1.98)
    command = found['topics']['/command']
    assert (command['count'], command['lost']) == (96, 4)
    assert found['topics']['/joint_states']['hz'] == pytest.approx(50)
    assert found['authority'] == {'left': {'human': 60, 'policy': 40}, 'right': {'human': 100}}
    assert (found['outcome'], found['grade'], found['repaired']) == ('success', 'SUSPECT', False)


def test_a_folders_figures_are_sums_without_what_was_discarded(spec, tmp_path, capsys):
    """Two kept, one discarded."""
    for i in range(3):
        episode(spec, tmp_path / f'episode_{i:06d}')
    discard(tmp_path / 'episode_000001')
    found = figures(capsys, tmp_path)
    assert (found['kind'], found['episodes'], found['discarded']) == ('folder', 2, 1)
    assert found['messages'] == 992 and found['duration_s'] == pytest.approx(3.96)
    assert (found['topics']['/command']['count'], found['topics']['/command']['lost']) == (192, 8)
    assert found['topics']['/authority']['hz'] == pytest.approx(50)
    assert found['authority']['left'] == {'human': 120, 'policy': 80}
    assert found['outcomes'] == {'success': 2}


def killed(spec, folder):
    """Write a bag whose recorder dies before it is closed."""
    bag = SmallBag(spec, n=30)
    writer = BagWriter(folder, meta=bag.meta, flush_s=0.0)
    for stamp, topic, data in bag.messages():
        writer.write(topic, data, stamp)
    writer.abandon()
    return folder


@pytest.mark.parametrize('is_folder', [False, True])
def test_a_killed_bag_is_repaired_and_stderr_says_so_once(spec, tmp_path, capsys, is_folder):
    """Stdout stays one JSON object; the second time there is nothing to repair."""
    bag = killed(spec, tmp_path / 'episode_000000')
    path = tmp_path if is_folder else bag
    run(path, '--json')
    out, err = capsys.readouterr()
    assert f'{bag}: repaired, 150 messages' in err
    found = json.loads(out)
    assert found['messages'] == 150 and found['repaired'] == 1
    run(path, '--json')
    assert capsys.readouterr().err == ''


def test_a_person_reads_the_same_figures(spec, tmp_path, capsys):
    """Bag and folder, as text."""
    bag = episode(spec, tmp_path / 'episode_000000', demonstrator=2)
    run(bag)
    text = capsys.readouterr().out
    for words in (
        'task transfer, robot sim, seed 7, operator always, demonstrator 2',
        '2.0 s, 496 messages',
        'outcome success, ended by: unknown',
        '- command: 4 of 100 messages lost',
        'left arm: human 60 steps (60%), policy 40 steps (40%)',
    ):
        assert words in text
    run(tmp_path)
    text = capsys.readouterr().out
    assert '1 episodes, 2.0 s, 496 messages' in text and 'grades: SUSPECT 1' in text
    line = next(line for line in text.splitlines() if line.startswith('/command'))
    assert line.split()[2:] == ['96', '48.0', '4']


@dataclass(frozen=True)
class Config:
    """As much of a training's configuration as the text names."""

    head: str = 'l2'
    encoder: str = 'latest'
    inputs: tuple[str, ...] = ('position', 'objects')
    cameras: tuple[str, ...] = ()
    T: int = 24
    E: int = 8
    H: int = 1


def saved_checkpoint(spec, folder):
    """Write a checkpoint of 15 numbers, never validated."""
    weights = {'a': torch.zeros(3, 4), 'b': torch.zeros(3)}
    training = {'steps': 100, 'validation': float('nan')}
    provenance = {'bags': ['x', 'y'], 'training': training}
    card = checkpoint.robot_card(spec, (), 'transfer')
    checkpoint.save(folder, Config(), card, weights, {'m': torch.zeros(1)}, provenance)
    return folder


def test_a_checkpoints_figures(spec, tmp_path, capsys):
    """What it is, what it was made of, what it reached; NaN is no JSON."""
    folder = saved_checkpoint(spec, tmp_path / 'checkpoint')
    found = figures(capsys, folder)
    assert (found['kind'], found['parameters'], found['bags']) == ('checkpoint', 15, 2)
    assert found['training'] == {'steps': 100, 'validation': None}
    assert found['version'] == checkpoint.load(folder).version and found['evaluation'] is None
    checkpoint.add_evaluation(folder, {'n': 50, 'success': 0.9, 'low': 0.79, 'high': 0.96})
    run(folder)
    text = capsys.readouterr().out
    for words in ('15 parameters', 'robot sim: 14 joints, 50 Hz; task transfer', 'head l2'):
        assert words in text
    assert 'success 0.900 [0.790, 0.960] of 50 episodes' in text


def test_what_cannot_be_inspected_says_why(spec, tmp_path):
    """Nothing there, nothing in it, a damaged checkpoint."""
    with pytest.raises(NotABag, match='nowhere: no such folder'):
        run(tmp_path / 'nowhere')
    with pytest.raises(NotABag, match='no bags in it'):
        run(tmp_path)
    folder = saved_checkpoint(spec, tmp_path / 'checkpoint')
    (folder / checkpoint.WEIGHTS).write_bytes(b'rubbish')
    with pytest.raises(CheckpointError, match=r'weights\.safetensors'):
        run(folder)

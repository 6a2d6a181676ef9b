"""The trainer: learns, resumes, refuses, and leaves a checkpoint that acts."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from learning import POLICY, episode, episodes, robot, tiny
from safetensors.torch import load_file

from il_ros import checkpoint
from il_ros.checkpoint import CheckpointError
from il_ros.dataset.windows import NoWindows
from il_ros.policy.config import load
from il_ros.policy.pilot import load_pilot
from il_ros.policy.registry import HEADS
from il_ros.share import share
from il_ros.sim.tasks import TASKS
from il_ros.spec import Observation
from il_ros.trainer import train
from il_ros.trainer.loop import Diverged
from il_ros.trainer.order import held_out, indices_at
from il_ros.trainer.pace import learning_rate, threads_of

SPEC = robot()


def weights(folder):
    """Return a checkpoint's weights."""
    return load_file(folder / 'weights.safetensors')


def rows(folder):
    """Return the rows of a training's log."""
    with (folder / 'training' / 'log.csv').open(newline='') as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize('head', HEADS)
def test_training_learns_and_its_checkpoint_acts(tmp_path, head):
    """Held-out loss falls to a part of what it was; the pilot plans near what was done."""
    config = tiny(head=head, steps=400, batch=64, width=128, lr=3e-3, save_every=50, T=4)
    data = episodes(SPEC, count=2)
    told = []
    twice = [*data, *data]  # so that the one that is held out can be known
    found = train(config, twice, SPEC, tmp_path, progress=lambda *a: told.append(a))
    losses = [float(row['validation']) for row in rows(tmp_path) if row['validation']]
    assert losses[-1] < 0.3 * losses[0]
    assert found['validation'] == pytest.approx(losses[-1], rel=1e-3)
    assert found['steps'] == told[-1][0] == told[-1][1] == 400
    assert found['samples_s'] > 0 and found['seconds'] > 0
    pilot = load_pilot(tmp_path, SPEC)
    one = data[1]
    seen = {'position': one.position[20], 'velocity': one.velocity[20]}
    targets = pilot.act(Observation(0, seen)).targets
    spread = np.abs(one.command - one.command.mean(0)).mean()
    assert np.abs(targets - one.command[20:24]).mean() < 0.6 * spread
    assert list((tmp_path / 'training').glob('events.out.tfevents.*'))


def test_a_policy_with_cameras_trains_and_acts(tmp_path):
    """What is to be done shows in the picture alone: a white half says which way to go."""
    data = [sighted(seed) for seed in range(6)]
    config = tiny(
        head='l2',
        cameras=('cam_high',),
        inputs=('velocity',),
        steps=120,
        lr=3e-3,
        T=2,
        E=1,
        val_fraction=0.0,
    )
    train(config, data, SPEC, tmp_path)
    pilot = load_pilot(tmp_path, SPEC)
    for one in data[:2]:
        seen = Observation(
            0, {'velocity': one.velocity[0]}, {'cam_high': one.images['cam_high'][0]}
        )
        pilot.reset(0)
        np.testing.assert_allclose(pilot.act(seen).targets[0], one.command[0], atol=0.15)


def sighted(seed, ticks=30, size=24):
    """Return an episode that stays at +0.5 when the image is white on the left, else at -0.5."""
    base = episode(SPEC, ticks, seed)
    side = seed % 2
    target = np.full((ticks, SPEC.size), 0.5 - side)
    images = np.zeros((ticks, size, size, 3), dtype=np.uint8)
    half = slice(0, size // 2) if side == 0 else slice(size // 2, size)
    images[:, :, half] = 255
    still = np.zeros_like(base.velocity)
    return replace(
        base, velocity=still, command=target, proposal=target, images={'cam_high': images}
    )


@pytest.mark.parametrize('head', HEADS)
def test_resuming_ends_where_an_uninterrupted_training_does(tmp_path, head):
    """Bit for bit: weights, averages, moments, order and noise all go on."""
    config = tiny(head=head, lr_schedule='constant')
    train(config, episodes(SPEC), SPEC, tmp_path / 'whole')
    train(replace(config, steps=10), episodes(SPEC), SPEC, tmp_path / 'halves')
    found = train(config, episodes(SPEC), SPEC, tmp_path / 'halves')
    assert found['steps'] == 20
    whole, halves = weights(tmp_path / 'whole'), weights(tmp_path / 'halves')
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
    steps = [int(row['step']) for row in rows(tmp_path / 'halves')]
    assert steps == [5, 10, 15, 20]


class Interrupted(Exception):
    """Stands for a power cut."""


def test_a_training_that_was_cut_off_goes_on_from_its_last_state(tmp_path):
    """What was logged after that state is done again, and there once."""

    def cut(step, steps, row):
        if step == 15:
            raise Interrupted

    config = tiny(lr_schedule='cosine')
    with pytest.raises(Interrupted):
        train(config, episodes(SPEC), SPEC, tmp_path / 'cut', progress=cut)
    assert not checkpoint.is_checkpoint(tmp_path / 'cut')
    train(config, episodes(SPEC), SPEC, tmp_path / 'cut')
    train(config, episodes(SPEC), SPEC, tmp_path / 'whole')
    cut_off, whole = weights(tmp_path / 'cut'), weights(tmp_path / 'whole')
    assert all(torch.equal(whole[name], cut_off[name]) for name in whole)
    assert [int(row['step']) for row in rows(tmp_path / 'cut')] == [5, 10, 15, 20]


def test_a_finished_training_is_not_repeated(tmp_path):
    """The same checkpoint is left again."""
    first = train(tiny(), episodes(SPEC), SPEC, tmp_path)
    version = checkpoint.load(tmp_path).version
    again = train(tiny(), episodes(SPEC), SPEC, tmp_path)
    assert again['steps'] == first['steps'] and again['validation'] == first['validation']
    assert checkpoint.load(tmp_path).version == version


def test_another_training_in_the_same_folder_is_refused(tmp_path):
    """Naming what differs; starting afresh is possible."""
    train(tiny(), episodes(SPEC), SPEC, tmp_path)
    with pytest.raises(ValueError, match=r'another training: lr was 0\.001, is 0\.002'):
        train(tiny(lr=2e-3), episodes(SPEC), SPEC, tmp_path)
    with pytest.raises(ValueError, match='windows was 120, is 160'):
        train(tiny(), episodes(SPEC, count=5), SPEC, tmp_path)
    assert train(tiny(lr=2e-3), episodes(SPEC), SPEC, tmp_path, resume=False)['steps'] == 20


def test_a_training_can_start_from_a_checkpoint(tmp_path):
    """With its weights and its statistics; another network is refused."""
    train(tiny(), episodes(SPEC), SPEC, tmp_path / 'first')
    start = str(tmp_path / 'first')
    none = tiny(start_from=start, steps=1, lr=1e-12, weight_decay=0.0)
    train(none, episodes(SPEC, count=2), SPEC, tmp_path / 'second')
    first, second = (checkpoint.load(tmp_path / name) for name in ('first', 'second'))
    for name, weight in first.weights.items():
        torch.testing.assert_close(weight, second.weights[name])
    for name, value in first.statistics.items():
        assert torch.equal(value, second.statistics[name])
    with pytest.raises(CheckpointError, match='its network is another one'):
        train(tiny(start_from=start, width=48), episodes(SPEC), SPEC, tmp_path / 'third')


def test_a_training_that_diverges_says_so(tmp_path):
    """And leaves no checkpoint."""
    with pytest.raises(Diverged, match='at step 5; try a smaller lr'):
        train(tiny(head='l2', lr=1e30, clip=1e30), episodes(SPEC), SPEC, tmp_path)
    assert not checkpoint.is_checkpoint(tmp_path)


def test_threads_suit_the_training():
    """As configured; else all, but one for states in bf16."""
    assert threads_of(tiny(threads=3), 8) == 3
    assert threads_of(tiny(threads=0), 8) == 8
    assert threads_of(tiny(threads=0, precision='bf16'), 8) == 1
    assert threads_of(tiny(threads=0, precision='bf16', cameras=('cam_high',)), 8) == 8


def test_a_time_limit_ends_a_training(tmp_path):
    """By the clock it is given; the learning rate has come to zero by then."""
    ticks = iter(np.arange(0.0, 1e4, 1.0))
    config = tiny(steps=1000, seconds=12.0)
    found = train(config, episodes(SPEC), SPEC, tmp_path, clock=lambda: float(next(ticks)))
    assert found['steps'] == 12 and found['seconds'] == 12.0
    assert float(rows(tmp_path)[-1]['lr']) < 0.1 * config.lr


def test_bf16_learns_nearly_the_same(tmp_path):
    """Weights stay fp32 and are near those of a training in fp32."""
    losses = {}
    for precision in ('fp32', 'bf16'):
        train(tiny(precision=precision), episodes(SPEC), SPEC, tmp_path / precision)
        losses[precision] = float(rows(tmp_path / precision)[-1]['validation'])
    assert losses['fp32'] != losses['bf16'] == pytest.approx(losses['fp32'], rel=0.02)
    assert {t.dtype for t in weights(tmp_path / 'bf16').values()} == {torch.float32}


def test_one_episode_is_enough_and_leaves_nothing_to_validate_on(tmp_path):
    """The held-out loss is then none; the report stays valid JSON."""
    found = train(tiny(), episodes(SPEC, count=1), SPEC, tmp_path)
    assert found['validation'] is None
    assert 'NaN' not in json.dumps(found)


@pytest.mark.parametrize('silent', [0, 1, 2])
def test_only_what_teaches_something_is_held_out(silent, tmp_path):
    """As after a round in which the person rarely had to take over: what there is is learned."""
    data = episodes(SPEC, count=3)
    data[silent].who[:] = POLICY
    found = train(tiny(), data, SPEC, tmp_path / 'two')
    assert found['windows'] == len(data[0]) and found['validation'] is not None
    data[silent - 1].who[:] = POLICY
    found = train(tiny(), data, SPEC, tmp_path / 'one')
    assert found['windows'] == len(data[0]) and found['validation'] is None


def test_nothing_to_learn_is_said_before_anything_is_written(tmp_path):
    """No folder is left behind."""
    with pytest.raises(NoWindows, match='no episodes to learn from'):
        train(tiny(), [], SPEC, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_provenance_names_the_bags(tmp_path):
    """In order, with the command and the version."""
    data = episodes(SPEC)
    train(tiny(), data, SPEC, tmp_path, command='il-ros train ...')
    found = checkpoint.read_provenance(tmp_path)
    assert found['bags'] == [str(one.path) for one in data]
    assert found['command'] == 'il-ros train ...' and found['il_ros']


def test_every_window_is_drawn_once_an_epoch():
    """In another order each time, and over the borders of epochs and batches."""
    drawn = np.concatenate([indices_at(step, 8, 20, seed=0) for step in range(5)])
    first, second = drawn[:20], drawn[20:]
    assert sorted(first) == sorted(second) == list(range(20))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(indices_at(3, 8, 20, seed=0), drawn[24:32])


def test_the_same_seed_holds_out_the_same_episodes():
    """As many as are asked for, one of two at least, and the only one never."""
    teaches = np.arange(20) % 2 == 0
    is_held = held_out(teaches, 0.2, seed=3)
    assert is_held.sum() == 2 and not (is_held & ~teaches).any()
    np.testing.assert_array_equal(is_held, held_out(teaches, 0.2, seed=3))
    assert (is_held != held_out(teaches, 0.2, seed=4)).any()
    assert [held_out(teaches[:n], 0.1, seed=3).sum() for n in (0, 1, 2, 3)] == [0, 0, 0, 1]


def test_the_learning_rate_rises_and_falls():
    """Linearly to its peak, then as a cosine to zero, by steps or by seconds."""
    config = tiny(lr=1.0, warmup=10, steps=110)
    rates = [learning_rate(config, step, 0.0) for step in range(110)]
    assert rates[0] == pytest.approx(0.1, rel=0.01) and max(rates) == pytest.approx(rates[9], 0.05)
    assert rates[55] == pytest.approx(0.5, rel=0.02) and rates[-1] < 0.001
    timed = tiny(lr=1.0, warmup=1, steps=10**9, seconds=10.0)
    assert learning_rate(timed, 5, 5.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    'path', sorted(share('config', 'train').glob('*.yaml')), ids=lambda p: p.stem
)
def test_shipped_configurations_load(path):
    """Each is named after its head, or after the task that it is for."""
    assert path.stem in (load(path).head, *TASKS)


def test_a_configuration_that_cannot_work_is_named(tmp_path):
    """A typo, an unknown name, numbers that contradict each other."""
    path = tmp_path / 'mine.yaml'
    path.write_text('hed: l2')
    with pytest.raises(
        ValueError, match=r"mine\.yaml: unknown key 'hed' \(did you mean 'head'\?\)"
    ):
        load(path)
    with pytest.raises(ValueError, match=r"head = 'difusion' \(did you mean 'diffusion'\?\)"):
        tiny(head='difusion')
    with pytest.raises(ValueError, match='E = 9 is beyond the chunk, T = 6'):
        tiny(E=9)
    with pytest.raises(ValueError, match='sample_steps = 50 is more than diffusion_steps = 20'):
        tiny(sample_steps=50)


def torchrun(arguments):
    """Run a script as two processes; one that hangs is ended, its workers with it."""
    command = ['torch.distributed.run', '--standalone', '--nproc-per-node=2', *arguments]
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    with subprocess.Popen(
        [sys.executable, '-m', *command], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, said = process.communicate(timeout=100)
        except subprocess.TimeoutExpired:
            process.terminate()  # torchrun ends its workers, which a kill would leave behind
            raise
    assert process.returncode == 0, said[-2000:]


def test_two_processes_learn_what_one_does(tmp_path):
    """Every head, under torchrun with gloo, half a batch each: only the order of sums differs."""
    script = Path(__file__).parent / 'train_two.py'
    torchrun([str(script), str(tmp_path / 'two')])
    for head in HEADS:
        places = [tmp_path / name / head for name in ('one', 'two')]
        train(tiny(head=head), episodes(SPEC), SPEC, places[0])
        one, two = map(weights, places)
        for name in one:
            torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=1e-5)
        losses = [[float(row['loss']) for row in rows(place)] for place in places]
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)

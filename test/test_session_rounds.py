"""Rounds that learn: what is kept, what is given up, what fails, and what survives a crash."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import learning
import pytest

from il_ros.rollout.statistics import wilson
from il_ros.session import training
from il_ros.session.behind import command_behind
from il_ros.session.bulletin import put_up
from il_ros.session.collect import read_results
from il_ros.session.episode import EpisodeResult
from il_ros.session.learner import alone
from il_ros.session.phases import Phase, Standing
from il_ros.session.rounds import Rounds, run_rounds
from il_ros.session.training import Training, TrainingFailed
from il_ros.trainer import train


@pytest.fixture(scope='module')
def first(tmp_path_factory):
    """A checkpoint that was trained for a moment."""
    spec, out = learning.robot(), tmp_path_factory.mktemp('first') / 'checkpoint'
    train(learning.tiny(), learning.episodes(spec), spec, out)
    return out


class ToldRig:
    """A rig whose policies succeed as often as they are told to; wishes come at moments."""

    def __init__(self, rates, wish_at=None):
        self.rates, self.wish_at = rates, wish_at  # successes of ten; (checkpoint, episode)
        self.acts, self.ran = '', []

    def load(self, checkpoint):
        """Act with it."""
        self.acts = Path(checkpoint).parent.name

    def is_asked(self, wish):
        """Once, where a person is to ask."""
        if self.wish_at != (self.acts, len(self.ran)):
            return False
        self.wish_at = None
        return True

    def settle(self):
        """Nothing is recorded."""

    def episode(self, plan):
        """Succeed or fail."""
        self.ran.append((self.acts, plan.purpose, plan.number))
        outcome = 'success' if plan.number < self.rates.get(self.acts, 5) else 'failure'
        return EpisodeResult(plan.number, plan.seed, outcome, '', 'stopped', 10, 0, 0, 1.0)


def learned(first, root, rounds):
    """Put checkpoints where rounds would leave theirs: nothing is to be trained."""
    for number in range(1, rounds + 1):
        shutil.copytree(first, root / f'round_{number:02d}' / 'checkpoint')
    return learned_before(root, first, rounds)


def test_a_checkpoint_that_succeeds_less_often_is_not_kept(first, tmp_path):
    rig, told = ToldRig({'round_01': 4, 'round_02': 5, 'round_03': 4}), []
    rows = run_rounds(rig, learned(first, tmp_path, 3), lambda event, _: told.append(event))
    assert [row['is_kept'] for row in rows] == [False, True, False]
    assert [row['success'] for row in rows] == [0.4, 0.5, 0.4]
    assert (rows[0]['low'], rows[0]['high']) == wilson(4, 10)
    corrected = [acts for acts, purpose, number in rig.ran if purpose == 'corrections']
    assert corrected[:4] == [rig.ran[0][0]] * 4 and corrected[4:] == ['round_02'] * 2
    assert rig.acts == 'round_02' and told.count('decided') == 3
    again = ToldRig({})
    assert run_rounds(again, learned_before(tmp_path, first, 3), lambda *_: None) == rows
    assert again.ran == [] and again.acts == 'round_02'


def test_an_evaluation_in_which_a_person_had_to_take_over_is_none_that_succeeded():
    ended = EpisodeResult(0, 0, 'success', '', 'stopped', 10, 0, 0, 1.0)
    found = alone([ended, replace(ended, interventions=1, human_ticks=5)])
    assert found['success'] == 0.5 and found['failures'] == {'taken over': 1}


def learned_before(root, first, rounds):
    """Return the rounds of a folder that has them."""
    return Rounds(
        root, first, 'transfer', 'sim', episodes=2, rounds=rounds, evaluation_episodes=10
    )


def test_a_person_has_the_last_checkpoint_back_and_a_restart_remembers(first, tmp_path):
    wanted, told = learned(first, tmp_path, 2), []
    rig = ToldRig({'round_01': 9, 'round_02': 9}, wish_at=('round_01', 23))  # in round 2
    rows = run_rounds(rig, wanted, lambda event, values: told.append((event, values)))
    assert dict(told)['rolled back'] == {'round': 1, 'acting': 0}
    assert [row['is_kept'] for row in rows] == [False, True]
    assert json.loads((tmp_path / 'acting.json').read_text())['kept'] == [0, 2]
    assert json.loads((tmp_path / 'rounds.json').read_text()) == rows


@pytest.mark.parametrize('seen', [3, 10])
def test_a_policy_that_a_person_has_seen_enough_of_is_not_kept(seen, first, tmp_path):
    """In the midst of its evaluation, which ends there, or in the last episode of it."""
    rig = ToldRig({'round_01': 9}, wish_at=('round_01', 2 + 10 + seen))
    (row,) = run_rounds(rig, learned(first, tmp_path, 1), lambda *_: None)
    assert (row['n'], row['is_kept']) == (seen, False) and rig.acts == first.parent.name


def test_rounds_do_not_go_on_from_another_checkpoint(first, tmp_path):
    run_rounds(ToldRig({}), learned(first, tmp_path, 1), lambda *_: None)
    other = tmp_path / 'other'
    train(learning.tiny(seed=1), learning.episodes(learning.robot()), learning.robot(), other)
    with pytest.raises(ValueError, match=f'began with {first} .*, not with {other}'):
        run_rounds(ToldRig({}), learned_before(tmp_path, other, 1), lambda *_: None)


def test_a_training_that_dies_in_the_background_is_told_once_and_collecting_goes_on(
    first, tmp_path, monkeypatch
):
    wide = partial(command_behind, is_idle=False)  # a machine that tests is never idle
    monkeypatch.setattr(training, 'command_behind', lambda words, is_idle: wide(words))
    wanted = Rounds(
        tmp_path,
        first,
        'transfer',
        'sim',
        episodes=2,
        rounds=2,
        data=(tmp_path,),
        in_background=True,
    )
    rig, told = ToldRig({}), []  # it leaves no bags to learn from
    with pytest.raises(TrainingFailed, match=r'round 2 failed: exit code 2; see .*: no bags in'):
        run_rounds(rig, wanted, lambda event, values: told.append((event, values)))
    failures = [values['why'] for event, values in told if event == 'failed']
    assert len(failures) == 2 and 'the training of round 1 failed: exit code 2' in failures[0]
    assert [number for _, _, number in rig.ran] == [0, 1, 0, 1]
    assert rig.acts == first.parent.name and not (tmp_path / 'rounds.json').exists()


def test_a_training_that_is_killed_says_what_may_have_been_short(tmp_path):
    dies = (
        'import os, sys; print("\\rloading", file=sys.stderr, flush=True); os.kill(os.getpid(), 9)'
    )
    dying = Training([sys.executable, '-c', dies], tmp_path / 'checkpoint', one_thread=False)
    with pytest.raises(TrainingFailed, match=r'SIGKILL, as .* memory runs out; see .*: loading$'):
        dying.result()
    assert dying.is_done()


SPIN = """
import os, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
began, end = time.process_time(), time.monotonic() + 1.5
while time.monotonic() < end:
    pass
print(time.process_time() - began)
"""


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != 'linux', reason='it is Linux that shares so')
def test_what_runs_behind_leaves_the_processor_to_another_session():
    """Linux shares between sessions before it looks at priorities."""
    words = [sys.executable, '-c', SPIN]
    how = {'stdout': subprocess.PIPE, 'text': True}
    behind = subprocess.Popen(command_behind(words, is_idle=True), **how)
    before = subprocess.Popen(words, start_new_session=True, **how)
    spent = [float(process.communicate()[0]) for process in (behind, before)]
    assert spent[0] < 0.6 * spent[1]


@pytest.mark.alone
def test_a_session_that_is_killed_goes_on_where_it_was(tmp_path):
    """While a training goes on behind it, and in the middle of a swap."""
    root = tmp_path / 'rounds'
    assert run_until(root, tmp_path, 'train', 'background') == -signal.SIGKILL
    assert not (root / 'round_01' / 'checkpoint' / 'hashes.json').exists()
    assert run_until(root, tmp_path, 'evaluated') == -signal.SIGKILL
    assert json.loads((root / 'acting.json').read_text())['kept'] == [0]
    assert run_until(root, tmp_path, 'never') == 0
    (row,) = json.loads((root / 'rounds.json').read_text())
    assert row['n'] == 1 and row['is_kept']
    for part in ('round_01/bags', 'round_01/evaluation', 'round_00/evaluation'):
        numbers = [result.number for result in read_results(root / part)]
        assert numbers == list(range(len(numbers))) and numbers
        assert len(list((root / part).glob('episode_*'))) == len(numbers)


def run_until(root, folder, event, *how):
    """Run one round in a process that is killed at an event; return its exit code."""
    words = [sys.executable, str(Path(__file__).with_name('rounds_until.py')), str(root)]
    return subprocess.run([*words, str(folder), event, *how], check=False).returncode


def test_what_acts_and_what_is_learned_stands_on_the_topic():
    told = []
    standing = Standing(lambda phase, values: told.append((phase, dict(values))), lambda: 7)
    put_up(standing, 'acts', {'acting': 0, 'checkpoint': 'c', 'back': 0})
    put_up(standing, 'train', {'round': 1})
    assert told[-1] == (
        Phase.IDLE,
        {'since_ns': 0, 'acting': 0, 'checkpoint': 'c', 'back': 0, 'training': 'round 1'},
    )
    put_up(standing, 'await', {'round': 1})
    assert told[-1][0] is Phase.TRAINING and told[-1][1]['since_ns'] == 7
    put_up(standing, 'failed', {'round': 1})
    assert told[-1][0] is Phase.IDLE and told[-1][1]['training'] == 'round 1 failed'
    put_up(standing, 'episode', {'round': 1})
    assert told[-1][0] is Phase.IDLE

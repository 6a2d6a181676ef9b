"""What a person may say when, what an episode's end means, who hears whom, what a program does."""

import json
from dataclasses import replace

import pytest

from il_ros.nodes.diagnostics import Meter
from il_ros.session.collect import read_results
from il_ros.session.episode import REDO, Ending, EpisodeResult
from il_ros.session.peers import unreached
from il_ros.session.phases import Phase, Standing
from il_ros.session.programs import PROGRAMS, Wanted, run_program
from il_ros.session.seeds import TEST, TRAINING
from il_ros.session.steering import Steering
from il_ros.spec import Outcome


@pytest.fixture
def steering():
    return Steering(Standing(lambda phase, values: None))


def test_a_word_counts_in_its_phase_and_is_refused_in_others(steering):
    assert steering.refusal('start') == "'start' refused in phase idle; allowed: ['reset', " + (
        "'train', 'finish']"
    )
    steering.enter('reset')
    steering.enter('wait')
    assert steering.refusal('start') == '' and steering.heard(0.0) == 'start'
    steering.enter('start')
    assert 'refused in phase running' in steering.refusal('reset')


def test_what_was_said_before_a_phase_does_not_count_in_it(steering):
    steering.enter('reset')
    steering.enter('wait')
    for _ in range(3):  # an impatient person
        steering.refusal('start')
    steering.heard(0.0)
    steering.enter('start')
    assert steering.standing.phase is Phase.RUNNING and steering.heard(0.0) == ''


def test_there_must_be_something_to_do_again_and_time_to_pause(steering):
    steering.standing.on('reset', {'number': 0})
    steering.enter('wait')
    assert steering.refusal('redo') == "'redo' refused: no episode comes before this one"
    steering.standing.values['number'] = 1
    assert steering.refusal('redo') == ''
    steering.enter('start')
    assert steering.refusal('pause') == ''
    steering.enter('pause')
    assert 'refused in phase paused' in steering.refusal('pause')
    assert steering.refusal('start') == steering.refusal('discard') == ''


def test_a_rollback_is_taken_in_every_phase_and_done_once(steering):
    assert 'no checkpoint was kept before' in steering.refusal('rollback')
    steering.standing.note({'back': 1})
    steering.enter('reset')
    assert steering.refusal('rollback') == '' and steering.has_wish()
    steering.enter('wait')  # forgets words, not wishes
    assert steering.has_wish()
    steering.enter('rollback')
    assert steering.standing.phase is Phase.IDLE
    assert steering.is_asked('rollback') and not steering.is_asked('rollback')


RUNNING = Outcome(5, 'running')


@pytest.mark.parametrize(
    ('ending', 'transition', 'label', 'termination'),
    [
        (Ending('judged', Outcome(5, 'success')), 'stop', 'success', 'stopped'),
        (Ending('judged', Outcome(5, 'failure', 'dropped')), 'stop', 'failure', 'stopped'),
        (Ending('judged', Outcome(5, 'failure', 'time out')), 'stop', 'failure', 'timeout'),
        (Ending('limit', Outcome(5, 'failure', 'time out')), 'stop', 'failure', 'timeout'),
        (Ending('stop', RUNNING), 'stop', 'unlabeled', 'stopped'),
        (Ending('success', RUNNING), 'success', 'success', 'stopped'),
        (Ending('failure', RUNNING), 'failure', 'failure', 'stopped'),
        (Ending('discard', RUNNING), 'discard', 'unlabeled', 'discarded'),
    ],
)
def test_why_an_episode_ended_and_how_it_went_are_two_things(
    ending, transition, label, termination
):
    assert (ending.transition, ending.label, ending.termination) == (
        transition,
        label,
        termination,
    )


def test_who_is_not_heard_yet_is_named():
    peers = {
        'sim_node': {'reaches': {'/a/joints': 1, '/a/clock': 0}, 'hears': ['/a/command']},
        'policy_node': {'reaches': {}, 'hears': ['/a/joints']},
        'recorder_node': {'reaches': {}, 'hears': ['/a/joints', '/a/command']},
    }
    assert unreached(peers) == ['sim_node /a/joints: 1 of 2 listeners']
    peers['sim_node']['reaches']['/a/joints'] = 3  # a person listens too
    assert unreached(peers) == []


class NotingRig:
    """A rig that notes what is asked of it; its first try is discarded, others as said."""

    def __init__(self, redo_at=()):
        self.plans, self.loaded, self.redo_at = [], [], redo_at

    def is_asked(self, wish):
        """Nobody asks."""
        return False

    def settle(self):
        """Every episode is on no disk."""

    def load(self, checkpoint):
        """Note it."""
        self.loaded.append(checkpoint)

    def episode(self, plan):
        """Note it."""
        self.plans.append(plan)
        how = 'discarded' if len(self.plans) == 1 else 'stopped'
        how = REDO if len(self.plans) in self.redo_at else how
        return EpisodeResult(plan.number, plan.seed, 'success', '', how, 10, 0, 0, 1.0)


WANTED = Wanted('', 'transfer', 'sim', 2, checkpoint='c', demonstrators=2)


@pytest.mark.parametrize(
    ('kind', 'who', 'operator', 'first', 'loaded'),
    [
        ('record', 'always', 'always', TRAINING.start, []),
        ('evaluate', 'always', 'off', TEST.start, ['c']),
        ('evaluate', 'person', 'person', TEST.start, ['c']),
    ],
)
def test_a_program_plans_its_episodes(tmp_path, kind, who, operator, first, loaded):
    rig, told = NotingRig(), []
    wanted = replace(WANTED, root_dir=str(tmp_path), operator=who)
    result = run_program(kind, rig, wanted, lambda event, values: told.append(event))
    assert [p.seed for p in rig.plans] == [first, first, first + 1]  # discarded: once more
    assert {p.operator for p in rig.plans} == {operator}
    assert rig.loaded == loaded and told == ['episode'] * 2 and result['n'] == 2
    assert json.loads((tmp_path / 'results.json').read_text()) == result


def test_an_episode_that_is_taken_back_is_done_again(tmp_path):
    rig = NotingRig(redo_at=(3,))
    wanted = replace(WANTED, root_dir=str(tmp_path), operator='person')
    result = run_program('record', rig, wanted, lambda event, values: None)
    assert [plan.number for plan in rig.plans] == [0, 0, 1, 0, 1] and result['n'] == 2
    assert [row.number for row in read_results(tmp_path)] == [0, 1]


def test_seeds_may_be_given_and_episodes_be_endless(tmp_path):
    rig = NotingRig()

    def say(event, values):
        if len(rig.plans) > 5:
            raise InterruptedError

    wanted = replace(WANTED, root_dir=str(tmp_path), episodes=0, seed=77, operator='person')
    with pytest.raises(InterruptedError):
        run_program('record', rig, wanted, say)
    assert rig.plans[0].seed == 77 and rig.plans[-1].operator == 'person'
    assert set(PROGRAMS) == {'record', 'evaluate', 'hg_dagger'}


def test_a_meter_tells_rates_and_spans_since_it_was_last_asked():
    meter = Meter(10.0)
    for _ in range(50):
        meter.count('tick')
    meter.span('plan', 0.01)
    meter.span('plan', 0.03)
    assert meter.report(11.0) == {
        'tick_hz': '50.0',
        'plan_ms': '20.00',
        'plan_longest_ms': '30.00',
    }
    silent = meter.report(13.0)
    assert silent == {'tick_hz': '0.0', 'plan_ms': 'none', 'plan_longest_ms': 'none'}

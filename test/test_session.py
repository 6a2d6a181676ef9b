"""Sessions without a graph: phases, collections that go on, rounds that learn."""

import json
import shutil
from pathlib import Path

import pytest

from il_ros import wire
from il_ros.arbiter.gate import Gate
from il_ros.checkpoint import peek, read_provenance
from il_ros.dataset.cache import load_episodes
from il_ros.policy.config import TrainConfig
from il_ros.policy.scores.bounds import Bounds
from il_ros.policy.scores.kept import keep, kept
from il_ros.recorder.read import read_bag
from il_ros.robot.load import load_robot
from il_ros.session import seeds
from il_ros.session.collect import RESULTS, Collection, collect, read_results, summary
from il_ros.session.local import LocalRig
from il_ros.session.phases import Phase, Standing, after
from il_ros.session.rounds import Rounds, run_rounds
from il_ros.session.training import train_command
from il_ros.sim.demonstrators import turns
from il_ros.trainer import train
from il_ros.trainer.gauging import fit_scores, with_bounds

ROBOT = 'sim7'  # not the one that is taken where none is named
SPEC = load_robot(ROBOT)


@pytest.fixture(scope='module')
def demonstrations(tmp_path_factory):
    """Two demonstrations in bags, made once."""
    folder = tmp_path_factory.mktemp('demonstrations')
    wanted = Collection(folder, 'transfer', 2, seeds.TRAINING, 'always')
    collect(LocalRig(SPEC, 'transfer'), wanted, lambda result: None)
    return folder


@pytest.fixture(scope='module')
def checkpoint(demonstrations, tmp_path_factory):
    """A policy that has learned for a moment: it acts, badly."""
    out = tmp_path_factory.mktemp('checkpoint') / 'l2'
    config = TrainConfig(head='l2', steps=30, warmup=1, width=336, val_fraction=0.0)
    train(config, load_episodes(demonstrations, SPEC), SPEC, out)
    return out


def test_a_refused_event_names_the_allowed_ones():
    assert after(Phase.IDLE, 'reset') is Phase.RESETTING
    with pytest.raises(ValueError, match=r"'start' refused in phase idle; allowed: \['reset'"):
        after(Phase.IDLE, 'start')


def test_every_change_of_phase_is_announced():
    told = []
    clock = iter((5, 9))
    standing = Standing(lambda phase, values: told.append((phase, values)), lambda: next(clock))
    standing.on('reset', {'number': 3})
    standing.on('start')
    standing.note({'training': 'round 1'})
    running = {'number': 3, 'since_ns': 9}
    assert told == [
        (Phase.RESETTING, {'number': 3, 'since_ns': 5}),
        (Phase.RUNNING, running),
        (Phase.RUNNING, running | {'training': 'round 1'}),
    ]


def test_seed_ranges_are_apart():
    ranges = (seeds.TRAINING, seeds.VALIDATION, seeds.TEST)
    assert not any(set((a[0], a[-1])) & set(b) for a in ranges for b in ranges if a is not b)
    assert seeds.parse('5:8') == range(5, 8) and seeds.parse('5:')[0] == 5


@pytest.mark.parametrize('text', ['5', 'a:b', '8:5', ':'])
def test_what_is_no_range_of_seeds_is_refused(text):
    with pytest.raises(ValueError, match='expected A:B'):
        seeds.parse(text)


def test_a_collection_goes_on_where_it_was(demonstrations, tmp_path):
    first = Collection(tmp_path, 'transfer', 1, seeds.TRAINING, 'always')
    rig = LocalRig(SPEC, 'transfer')
    collect(rig, first, lambda result: None)
    with (tmp_path / RESULTS).open('a') as file:
        file.write('{"number": 1, "seed"')  # what a crash leaves
    told = []
    results = collect(
        rig, Collection(tmp_path, 'transfer', 2, seeds.TRAINING, 'always'), told.append
    )
    assert [r.seed for r in results] == [0, 1] and [r.number for r in told] == [1]
    assert len({r.bag for r in read_results(tmp_path)}) == 2


def test_demonstrators_take_turns():
    wanted = Collection(Path('x'), 'transfer', 5, seeds.TRAINING, 'always', turns(2))
    assert [wanted.plan(number).demonstrator for number in range(5)] == [0, 1, 0, 1, 0]
    for count in (0, 7):
        with pytest.raises(ValueError, match='there are 1 to 6'):
            turns(count)


def test_a_bag_says_who_made_it(demonstrations):
    episodes = load_episodes(demonstrations, SPEC)
    meta = episodes[1].meta
    assert meta['seed'] == 1 and meta['task'] == 'transfer' and meta['demonstrator'] == 0
    assert meta['demonstrator_style']['pause_s'] == 0 and meta['robot'] == ROBOT


def test_a_summary_counts_failures_by_kind(demonstrations):
    result = summary(read_results(demonstrations))
    assert result['n'] == 2 and result['success'] == 1.0 and result['failures'] == {}
    assert result['human_share'] == 1.0


def test_rounds_of_dagger_are_not_done_twice(checkpoint, tmp_path):
    rig = LocalRig(SPEC, 'transfer', with_labels=True)
    run_twice(rig, Rounds(tmp_path, checkpoint, 'transfer', ROBOT, 'dagger', 1, 1, 1))


def run_twice(rig, wanted):
    """Run a round of one episode, and find it done; return the checkpoint that came of it."""
    rows = run_rounds(rig, wanted, lambda event, values: None)
    learned = Path(rows[0]['checkpoint'])
    bags = [Path(bag) for bag in read_provenance(learned)['bags']]
    assert len(bags) == 3 and wanted.root / 'round_01' / 'bags' in [bag.parent for bag in bags]
    assert json.loads((wanted.root / 'rounds.json').read_text()) == rows
    told = []
    again = run_rounds(rig, wanted, lambda event, values: told.append(event))
    assert again == rows and told == ['acts']
    return learned


def test_what_a_round_of_hg_dagger_learned_has_a_gate_of_its_own(checkpoint, tmp_path):
    """And does not have one while it is evaluated alone."""
    first = tmp_path / 'first'
    shutil.copytree(checkpoint, first)
    fit_scores(first, ('distance',), load_episodes(read_provenance(first)['bags'], SPEC), SPEC)
    version = peek(first).version
    always = Bounds(high=-1.0, low=-2.0, episodes=9, rate=0.1, calls_per_hour=80.0)
    keep(first, version, with_bounds(kept(first, version), {'distance': always}))
    rig = LocalRig(SPEC, 'transfer', gate=Gate('distance'))
    wanted = Rounds(tmp_path / 'rounds', first, 'transfer', ROBOT, 'hg_dagger', 1, 1, 2)
    learned = run_twice(rig, wanted)
    (own,) = kept(learned, peek(learned).version).values()
    assert own.bounds.episodes == 2 and own.bounds.calls_per_hour == 80.0 and own.bounds.high > 0
    assert calls(wanted.corrections(1)) and not calls(wanted.evaluation(0))
    assert not calls(wanted.evaluation(1))


def calls(collection):
    """Return why the gate held, tick by tick at which it did."""
    bags = [result.bag for result in read_results(collection.folder)]
    rows = [row for bag in bags for row in read_bag(bag, {wire.AUTHORITY.name})]
    arms = [arm for _, _, _, data in rows for arm in wire.read_authority(data)[1]]
    return [arm.why for arm in arms if arm.why.startswith('gate: distance')]


@pytest.mark.parametrize(
    ('method', 'operator', 'learn_from'),
    [
        ('hg_dagger', 'correct', 'demonstrations'),
        ('hg_dagger', 'person', 'dagger'),  # who may also tell, and not only do
        ('dagger', 'correct', 'dagger'),
    ],
)
def test_rounds_learn_what_a_person_did_and_what_was_told(tmp_path, method, operator, learn_from):
    rounds = Rounds(tmp_path, tmp_path, 'transfer', ROBOT, method, operator=operator)
    command = train_command([tmp_path], tmp_path, tmp_path, ROBOT, rounds.learn_from, 0.0)
    assert f'learn_from={learn_from}' in command


def test_an_unknown_method_is_refused(checkpoint, tmp_path):
    with pytest.raises(ValueError, match='hg_dagger'):
        run_rounds(
            LocalRig(SPEC, 'transfer'),
            Rounds(tmp_path, checkpoint, 'transfer', ROBOT, 'magic'),
            lambda event, values: None,
        )

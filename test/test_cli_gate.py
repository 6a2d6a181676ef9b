"""`il-ros gate`: scores fitted to bags, bounds from roll-outs, and a pilot that tells of both."""

import json
import re
import shutil

import numpy as np
import pytest
from scratch import folder

from il_ros import wire
from il_ros.cli import gate_video
from il_ros.cli.main import main
from il_ros.dataset.cache import load_episodes
from il_ros.policy.load import load_policy
from il_ros.policy.pilot import load_pilot
from il_ros.policy.scores.bounds import Bounds
from il_ros.policy.scores.gauges import load_gauges
from il_ros.policy.scores.kept import Kept, keep, kept
from il_ros.recorder.label import label
from il_ros.recorder.read import find_bags, read_bag
from il_ros.robot.load import load_robot
from il_ros.session.carry_gate import carry_gate
from il_ros.session.collect import Collection, collect
from il_ros.session.local import LocalRig
from il_ros.trainer.gauging import scores_of, with_bounds

SPEC = load_robot('sim')
TRAIN = ('steps=20', 'width=96', 'context=16', 'threads=1', 'save_every=20')


@pytest.fixture(scope='module')
def demos():
    """Return the bags of two demonstrations."""
    out = folder('gate') / 'demos'
    wanted = Collection(out, 'transfer', 2, range(2), 'always')
    collect(LocalRig(SPEC, 'transfer'), wanted, lambda result: None)
    return out


@pytest.fixture(scope='module')
def policy(demos):
    """Return a checkpoint that learned for a moment."""
    out = folder('gate') / 'policy'
    differences = [word for pair in TRAIN for word in ('--set', pair)]
    assert main(['train', '--data', str(demos), '--out', str(out), *differences]) == 0
    return out


def gate(capsys, *words):
    """Run the verb; return what it printed as JSON."""
    assert main(['gate', *map(str, words), '--json']) == 0
    return json.loads(capsys.readouterr().out)['scores']


def test_scores_are_fitted_calibrated_and_told(policy, demos, capsys):
    capsys.readouterr()
    assert list(gate(capsys, policy)) == ['distance']
    fitted = gate(capsys, policy, '--score', 'distance', '--score', 'residual')
    assert fitted['residual']['learned_from'] == 'demonstrations' and fitted['residual']['ms'] > 0
    assert 'high' not in fitted['residual']
    version = load_pilot(policy, SPEC, 'cpu').version
    found = gate(capsys, policy, '--episodes', 2, '--calls-per-hour', 80)
    assert found['distance']['episodes'] == 2  # failed ones, too
    bags = policy / 'rollouts' / version
    for bag in find_bags(bags):
        label(bag, outcome='success')
    found = gate(capsys, policy, '--rollouts', bags, '--false-alarms', 0.4)
    assert found['distance']['episodes'] == 2 and found['distance']['rate'] == 0.4
    highest = []
    network, _ = load_policy(policy, SPEC)
    gauges = load_gauges(policy, network, version, SPEC)
    for episode in load_episodes(bags, SPEC):
        rows = read_bag(episode.path, {wire.SCORE.name})
        told = [wire.read_scores(data)[1] for _, _, _, data in rows]
        again = scores_of(gauges, network, episode, SPEC, version)
        for name, values in again.items():  # what was told then is what is found now
            live = [reading[name].value for reading in told]
            np.testing.assert_allclose(values, live, rtol=1e-3, atol=1e-5)
        highest.append(again['distance'].max())
        assert scores_of(gauges, network, episode, SPEC, 'another') == {}
    assert found['distance']['high'] == pytest.approx(max(highest))
    other = gate(capsys, policy, '--rollouts', bags, '--false-alarms', 0.7)
    assert other['distance']['high'] < found['distance']['high']


def test_a_gate_like_anothers(policy, demos, tmp_path, capsys):
    capsys.readouterr()
    other, own = tmp_path / 'other', tmp_path / 'own'
    differences = [word for pair in (*TRAIN, 'seed=2') for word in ('--set', pair)]
    assert main(['train', '--data', str(demos), '--out', str(own), *differences]) == 0
    shutil.copytree(policy, other, ignore=shutil.ignore_patterns('scores.*'))
    version = load_pilot(other, SPEC, 'cpu').version
    assert main(['gate', str(own), '--like', str(other)]) == 2
    assert f'{other}: it has no scores' in capsys.readouterr().err
    bounds = Bounds(high=1.0, low=0.5, episodes=2, rate=0.3, calls_per_hour=80.0)
    scores = {name: Kept({}, bounds) for name in ('distance', 'ensemble', 'risk')}
    keep(other, version, scores)
    found = gate(capsys, own, '--like', other, '--episodes', 2)
    assert list(found) == ['distance'] and found['distance']['episodes'] == 2
    assert found['distance']['calls_per_hour'] == 80.0 and found['distance']['high'] != 1.0
    why = carry_gate(other, own, 'sim', demos, one_thread=True)  # demonstrations are no roll-outs
    assert re.search(r'exit code 2; see .*gate\.log: il-ros gate: .*none is a .*roll-out', why)
    assert kept(own, load_pilot(own, SPEC, 'cpu').version)['distance'].bounds is None


def test_a_video_shows_when_the_gate_called_and_what_was_true(
    policy, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(gate_video, 'EVERY_S', 9.0)
    monkeypatch.setattr(gate_video, 'ROLLOUTS', 1)
    path = tmp_path / 'called.mp4'
    words = ['gate', str(policy), '--video', str(path), '--json']
    gate(capsys, policy, '--score', 'distance')  # it has no bounds
    assert main(words) == 2 and 'calibrate it first, il-ros gate' in capsys.readouterr().err
    version = load_pilot(policy, SPEC, 'cpu').version
    always = {'distance': Bounds(high=-1.0, low=-2.0, episodes=2, rate=0.5)}
    keep(policy, version, with_bounds(kept(policy, version), always))
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert path.stat().st_size > 10_000 and told['frames'] > 100
    assert told['called_s'] == 0.0 and told['outcome'] == 'success'  # the person did it
    assert told['value'] == [[0.0, 0.0]]  # the policy would not have


def test_a_demonstration_is_no_rollout(policy, demos, capsys):
    gate(capsys, policy)
    assert main(['gate', str(policy), '--rollouts', str(demos)]) == 2
    assert 'none is a successful roll-out of version' in capsys.readouterr().err


def test_what_a_policy_cannot_have_is_refused_by_name(policy, capsys):
    for score, why in [
        ('ensemble', 'the policy is alone; train others'),
        ('risk', 'give bags of both'),
        ('distanz', "did you mean 'distance'"),
    ]:
        assert main(['gate', str(policy), '--score', score]) == 2
        assert why in capsys.readouterr().err


def test_an_ensemble_is_the_folder_of_that_name_in_the_checkpoint(policy, demos, capsys):
    member = policy / 'ensemble' / 'one'
    differences = [word for pair in (*TRAIN, 'seed=1') for word in ('--set', pair)]
    assert main(['train', '--data', str(demos), '--out', str(member), *differences]) == 0
    capsys.readouterr()
    assert list(gate(capsys, policy, '--score', 'ensemble')) == ['ensemble']
    pilot = load_pilot(policy, SPEC, 'cpu')
    assert pilot.gauges is not None

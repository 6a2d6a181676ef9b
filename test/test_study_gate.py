"""How well scores foretell: on moments and series whose answer is known."""

import numpy as np
import pytest

from il_ros.studies.gate import Gate
from il_ros.studies.warnings import (
    Moments,
    Series,
    alarms,
    auroc,
    interval,
    resampled,
)


def moments(score, seed=0, episodes=80, each=6):
    """Return moments of episodes; the failed ones last longer and need a person from 3 s on."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(episodes):
        fails = number % 2 == 0
        for at_s in random.uniform(0, 12 if fails else 6, each):
            is_needed = fails and at_s > 3
            rows.append((number, at_s, is_needed, score(random, at_s, is_needed)))
    episode, at_s, is_needed, values = map(np.array, zip(*rows, strict=True))
    return Moments(episode, at_s, is_needed, values.astype(float))


def once(found):
    """Return the AUROC of moments as they are."""
    return {is_matched: auroc(found, np.ones((1, 80)), is_matched)[0] for is_matched in (0, 1)}


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    score, needed = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True])
    four = Moments(np.arange(4), np.zeros(4), needed, score)
    counts = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [1, 2, 1, 0], [1, 1, 0, 0]])
    found = auroc(four, counts, False)
    assert found[:3].tolist() == [(1.0 + 0.5 + 1.0 + 1.0) / 4, 0.5, (1.0 + 2 * 0.5) / 3]
    assert np.isnan(found[3])  # nothing to tell apart
    later = Moments(four.episode, np.array([0.0, 1.2, 1.4, 0.3]), needed, score)
    assert auroc(later, counts[:1], True) == (1.0 + 0.5) / 2  # first against last, and the two


def test_time_alone_foretells_until_pairs_are_matched_in_time():
    time_only = once(moments(lambda random, at_s, needed: at_s))
    assert time_only[False] > 0.8
    assert time_only[True] == pytest.approx(0.5, abs=0.12)
    knows = once(moments(lambda random, at_s, needed: needed + 0.1 * random.standard_normal()))
    assert knows[True] > 0.99


def test_a_bootstrap_over_episodes_holds_the_truth_and_is_the_same_for_all_scores():
    noisy = moments(lambda random, at_s, needed: needed + random.standard_normal())
    low, high = interval(auroc(noisy, resampled(80), False))
    assert low < 0.76 < high and high - low < 0.2  # of two normals, one deviation apart
    assert np.array_equal(resampled(80), resampled(80))


def test_alarms_come_at_the_rate_asked_for_and_ahead_of_the_last_moment():
    random, at_s = np.random.default_rng(0), np.arange(0.0, 8.0, 0.32)
    wins = [Series(at_s, random.standard_normal(len(at_s))) for _ in range(400)]
    jump = np.where(at_s > 4.0, 100.0, 0.0)
    lost = [Series(at_s, random.standard_normal(len(at_s)) + jump, last_s=6.0) for _ in range(50)]
    found = alarms(wins, lost, 0.1, 20)
    assert found.false_alarms == pytest.approx(0.1, abs=0.02)
    assert found.detected == 1.0
    assert found.warning_s == pytest.approx(6.0 - at_s[at_s > 4.0][0])
    late = [Series(s.at_s, s.score, last_s=-1.0) for s in lost]
    assert alarms(wins, late, 0.1, 20).detected == 0.0
    assert alarms(wins, late, 0.1, 20).warning_s is None


def finished(study, task):
    """Return results of a task: one score knows, one does not, and time passes."""
    random, done = np.random.default_rng(0), {}
    for number, seed in enumerate([*study.judged, *study.plain]):
        fails, is_judged = number < 40, number < len(study.judged)
        ends_s = 16.0 if fails else 7.0
        at_s = np.arange(0.0, ends_s, 0.5)
        knows = random.standard_normal(len(at_s)) + np.where(fails & (at_s >= 4.0), 8.0, 0.0)
        told = {'distance': knows, 'spread': random.standard_normal(len(at_s)), 'time': at_s}
        result = {
            'state': 'failure' if fails else 'success',
            'elapsed_s': ends_s,
            'records': {
                k: [[t, v] for t, v in zip(at_s, s, strict=True)] for k, s in told.items()
            },
        }
        if is_judged:
            result['last_recoverable_s'] = 9.0 if fails else None
            result['moments'] = [
                {
                    'at_s': at_s[i],
                    'needed': bool(fails and at_s[i] >= 4.0),
                    'scores': {name: float(values[i]) for name, values in told.items()},
                }
                for i in range(0, len(at_s), 4)
            ]
        done[f'{task}/{"judged" if is_judged else "plain"}/{seed}'] = result
    return done


def test_the_study_finds_the_score_that_knows(monkeypatch):
    monkeypatch.setattr('il_ros.studies.warnings.DRAWS', 200)
    study = Gate()
    study.plain = study.plain[:160]
    done = finished(study, 'transfer')
    rows = {row['score']: row for row in study.table(done)}
    knows, blind = rows['distance'], rows['spread']
    assert knows['AUROC'] > 0.99 and knows['above the clock, 95 %'][0] > 0
    assert abs(blind['AUROC'] - 0.5) < 0.1 and blind['above the clock at any time'] < 0
    assert knows['false alarms'] == pytest.approx(0.1, abs=0.03)
    assert knows['detected'] > 0.95 and knows['warning [s]'] == pytest.approx(5.0, abs=0.5)
    assert (knows['failures'], knows['learned from']) == (40, 'demonstrations')
    assert 'transfer: best is distance' in study.verdict(done)
    told = study.findings(study.table(done))['tasks']
    assert list(told) == ['transfer'] and set(told['transfer']) == {
        'best',
        'auroc',
        'warning_s',
        'false_alarm',
    }
    assert (told['transfer']['best'], told['transfer']['auroc']) == ('distance', knows['AUROC'])
    assert len(study.draw(done).axes) == 3

"""How well scores foretell: on moments and series whose answer is known."""

import numpy as np
import pytest

from il_ros.studies.gate import Gate
from il_ros.studies.warnings import (
    ALL,
    LENGTH,
    SECOND,
    Moments,
    Series,
    alarms,
    auroc,
    by_second,
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
    lasts = np.where(episode % 2 == 0, at_s <= 6, 1.0)  # successes end at 6 s
    return Moments(episode, at_s, is_needed, values.astype(float), lasts)


def once(found, among):
    """Return the AUROC of moments as they are."""
    return auroc(found, np.ones((1, 80)), among)[0]


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    score, needed = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True])
    at_s, lasts = np.array([0.0, 1.2, 1.4, 0.3]), np.array([1.0, 1.0, 0.25, 0.75])
    four = Moments(np.arange(4), at_s, needed, score, lasts)
    counts = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [1, 2, 1, 0], [1, 1, 0, 0]])
    found = auroc(four, counts, ALL)
    assert found[:3].tolist() == [(1.0 + 0.5 + 1.0 + 1.0) / 4, 0.5, (1.0 + 2 * 0.5) / 3]
    assert np.isnan(found[3])  # nothing to tell apart
    assert auroc(four, counts[:1], SECOND) == (1.0 + 0.5) / 2  # first and last, and the two
    assert auroc(four, counts[:1], LENGTH) == (0.25 * 1.5 + 0.75 * 2) / 2


def test_time_alone_foretells_until_lengths_are_matched():
    time_only = moments(lambda random, at_s, needed: at_s)
    assert once(time_only, ALL) > 0.8
    assert once(time_only, SECOND) == pytest.approx(0.5, abs=0.12)
    assert once(time_only, ALL) - once(time_only, LENGTH) > 0.1  # needed is still late
    knows = moments(lambda random, at_s, needed: needed + 0.1 * random.standard_normal())
    assert once(knows, LENGTH) > 0.99 and once(knows, SECOND) > 0.99


def test_a_score_may_know_from_a_second_on():
    late = moments(lambda random, at_s, needed: needed * (at_s > 5) + random.random())
    at_s, values = by_second(late)
    assert at_s.tolist() == [3.0, 4.0, 5.0]  # else nobody, or everybody, needs a person
    assert values[:2] == pytest.approx(0.5, abs=0.25) and values[2] == 1.0


def test_a_bootstrap_over_episodes_holds_the_truth_and_is_the_same_for_all_scores():
    noisy = moments(lambda random, at_s, needed: needed + random.standard_normal())
    low, high = interval(auroc(noisy, resampled(80), ALL))
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
    assert knows['AUROC'] > 0.99 and knows['AUROC above the clock, 95 %'][0] > 0
    assert abs(blind['AUROC'] - 0.5) < 0.1 and blind['AUROC at any time above the clock'] < 0
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
    assert len(study.draw(done).axes) == 6

"""Intervals: against known values, and as often right as they claim to be."""

import numpy as np
import pytest

from il_ros.rollout import statistics
from il_ros.rollout.statistics import (
    Estimate,
    contrast,
    difference,
    holm,
    interaction,
    rate,
    wilson,
)


@pytest.mark.parametrize(
    ('successes', 'n', 'low', 'high'),
    [
        (0, 10, 0.0, 0.2775),  # as in the tables of Newcombe 1998, doi:10.1002/sim.2779
        (81, 263, 0.2553, 0.3662),
        (29, 29, 0.8830, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_gives_published_intervals(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_holm_gives_the_published_example():
    """Ordered p-values times what is left, never falling: Holm 1979."""
    corrected = holm({'a': 0.01, 'b': 0.04, 'c': 0.03, 'd': 0.005})
    assert corrected == pytest.approx({'a': 0.03, 'b': 0.06, 'c': 0.06, 'd': 0.02})
    assert holm({'only': 0.2}) == {'only': 0.2} and holm({'a': 0.9, 'b': 0.9})['a'] == 1.0


def drawn(random, p, seeds, states, by_seed=0.0, by_state=None):
    """Return wins (seeds, states) whose logit varies by seed, and by state as given."""
    logit = np.log(p / (1 - p)) + by_seed * random.normal(size=(seeds, 1))
    logit = logit + (0.0 if by_state is None else by_state)
    return random.random((seeds, states)) < 1 / (1 + np.exp(-logit))


def truth(p, spread):
    """Return the rate that drawn() has on average."""
    logit = np.log(p / (1 - p)) + spread * np.random.default_rng(1).normal(size=200_000)
    return float((1 / (1 + np.exp(-logit))).mean())


@pytest.mark.parametrize(('by_seed', 'by_state'), [(0.0, 0.0), (1.2, 0.0), (0.0, 1.5), (1.2, 1.5)])
def test_intervals_hold_the_truth_as_often_as_they_say(by_seed, by_state, monkeypatch):
    """Whether outcomes differ by training seed, by initial state, by both or by neither."""
    monkeypatch.setattr(statistics, 'DRAWS', 600)
    random, runs = np.random.default_rng(0), 300
    high, low = (truth(p, np.hypot(by_seed, by_state)) for p in (0.85, 0.65))
    held = {'rate': 0, 'difference': 0, 'interaction': 0}
    for _ in range(runs):
        states = by_state * random.normal(size=(1, 60))
        a, c = (drawn(random, 0.85, 5, 60, by_seed, states) for _ in range(2))
        b, d = (drawn(random, 0.65, 5, 60, by_seed, states) for _ in range(2))
        held['rate'] += holds(rate(a), high)
        held['difference'] += holds(difference(a, b), high - low)
        held['interaction'] += holds(interaction(a, b, c, d), 0.0)
    assert all(count >= 0.92 * runs for count in held.values()), held


def holds(found: Estimate, wanted: float) -> bool:
    return found.low <= wanted <= found.high


def test_a_paired_comparison_of_two_checkpoints_uses_that_the_states_are_the_same():
    """Twenty hard states that both fail say nothing about the difference, nor widen it."""
    random = np.random.default_rng(0)
    hard = np.arange(200) < 100
    ours = (~hard & (random.random(200) < 0.98))[None]
    theirs = (~hard & (random.random(200) < 0.90))[None]
    paired, apart = difference(ours, theirs), difference(ours, random.permutation(theirs[0])[None])
    assert paired.value == pytest.approx(apart.value)
    assert paired.high - paired.low < 0.6 * (apart.high - apart.low)


def test_one_checkpoint_alone_has_about_the_wilson_interval():
    for wins in (60, 95, 100):
        outcomes = (np.arange(100) < wins)[None]
        found, (low, high) = rate(outcomes), wilson(wins, 100)
        assert found.value == wins / 100
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.012)


def test_the_interval_of_a_rate_has_only_rates_in_it():
    found = rate(np.arange(100) < np.array([[95], [99]]))
    assert 0.0 < found.low < 0.97 and found.high == 1.0


def test_seeds_that_differ_widen_the_interval_and_more_seeds_narrow_it():
    rates = np.array([0.5, 0.6, 0.7, 0.8, 0.9])

    def interval(rates):
        found = rate(np.arange(100) < 100 * rates[:, None])
        return found.high - found.low

    alike = interval(np.full(5, 0.7))
    assert interval(rates) > 2 * alike
    assert interval(np.repeat(rates, 4)) < 0.6 * interval(rates)


def test_the_same_outcomes_give_the_same_interval_and_no_difference_gives_a_large_p():
    outcomes = np.arange(50)[None] % 3 > 0
    assert contrast([(1.0, outcomes)]) == contrast([(1.0, outcomes)])
    same = difference(np.repeat(outcomes, 5, 0), np.repeat(outcomes, 5, 0))
    assert same.value == 0 and same.p > 0.5 and same.low < 0 < same.high
    sure = difference(np.ones((5, 50)), np.zeros((5, 50)))
    assert sure.p < 0.001 and sure.low > 0.85


def test_a_difference_needs_the_same_initial_states():
    with pytest.raises(ValueError, match='same initial states'):
        difference(np.ones((5, 100)), np.ones((5, 99)))

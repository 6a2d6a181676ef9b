"""Thresholds keep what they promise: the rate asked for is the rate reached."""

import numpy as np
import pytest

from il_ros.policy.scores.thresholds import for_calls, for_false_alarms

SPLITS, CALIBRATE, CHECK = 20, 400, 400


def episode(random, trouble=0.0):
    """Return the scores of one episode: they wander, are skewed, louder halfway, any number."""
    plans = int(random.integers(20, 60))
    noise = random.standard_normal(plans + 9)
    walk = np.convolve(noise, np.ones(10) / 10**0.5, 'valid')  # (plans,), correlated
    phase = np.linspace(0, np.pi, plans)
    return np.exp(0.4 * walk * (1 + np.sin(phase)) + 0.5 * random.standard_normal() + trouble)


def reached(rate, seed):
    """Return the rate of alarms among episodes that calibration did not see."""
    random = np.random.default_rng(seed)
    episodes = [episode(random) for _ in range(CALIBRATE + CHECK)]
    bounds = for_false_alarms(episodes[:CALIBRATE], rate)
    return np.mean([scores.max() > bounds.high for scores in episodes[CALIBRATE:]])


@pytest.mark.parametrize('rate', [0.05, 0.2])
def test_the_rate_reached_is_the_rate_asked_for(rate):
    """Over 20 splits, within four deviations of what two binomials of 400 allow."""
    rates = [reached(rate, seed) for seed in range(SPLITS)]
    spread = np.sqrt(rate * (1 - rate) * (1 / CALIBRATE + 1 / CHECK))
    assert abs(np.mean(rates) - rate) < 4 * spread / np.sqrt(SPLITS) + 1 / (CALIBRATE + 1)
    assert np.abs(np.array(rates) - rate).max() < 4 * spread + 1 / (CALIBRATE + 1)


def test_the_promise_holds_for_few_episodes_too():
    """Nine are the fewest for one in ten, and then exactly one in ten of the next call."""
    alarms = []
    for seed in range(4000):
        highest = np.random.default_rng(seed).standard_normal((10, 1))
        alarms.append(highest[9, 0] > for_false_alarms(list(highest[:9]), 0.1).high)
    assert abs(np.mean(alarms) - 0.1) < 4 * np.sqrt(0.09 / 4000)


def test_bounds_follow_the_scale_and_the_rate():
    random = np.random.default_rng(0)
    episodes = [episode(random) for _ in range(200)]
    highs = [for_false_alarms(episodes, rate).high for rate in (0.01, 0.05, 0.2, 0.5)]
    assert highs == sorted(highs, reverse=True)
    one, other = (for_false_alarms([a * e for e in episodes], 0.1) for a in (1.0, 7.0))
    assert other.high == pytest.approx(7 * one.high) and other.low == pytest.approx(7 * one.low)
    assert one.low < one.high


def test_a_budget_of_calls_is_kept():
    random = np.random.default_rng(1)
    rows = [episode(random, trouble=float(random.random() < 0.3)) for _ in range(800)]
    hours = 400 * 10.0 / 3600  # ten seconds an episode
    bounds = for_calls(rows[:400], hours, calls_per_hour=36.0)
    calls = sum(scores.max() > bounds.high for scores in rows[400:])
    assert calls / hours == pytest.approx(36.0, abs=4 * np.sqrt(2 * 36.0 * hours) / hours)


def test_what_cannot_be_promised_is_refused():
    few = [np.ones(3)] * 18
    with pytest.raises(ValueError, match=r'18 roll-outs cannot .* 0.05: give at least 19'):
        for_false_alarms(few, 0.05)
    assert for_false_alarms([*few, np.ones(3)], 0.05).high == 1.0
    with pytest.raises(ValueError, match='between 0 and 1'):
        for_false_alarms(few, 0.0)
    with pytest.raises(ValueError, match='3 scores in a roll-out, 2 finite'):
        for_false_alarms([*few, np.array([1.0, np.nan, 2.0])], 0.2)
    with pytest.raises(ValueError, match='calls an hour'):
        for_calls(few, 0.1, 1000.0)

"""A policy replaces another by a test that may look after each episode; counts have a trend."""

import numpy as np
import pytest

from il_ros.rollout.sequential import LEVEL, evidence, verdict
from il_ros.rollout.trend import slope


def stopped(chances, random, limit=60):
    """Return the verdict on two policies of such success, and after how many pairs."""
    ours, theirs = (
        ''.join('01'[int(won)] for won in random.random(limit) < chance) for chance in chances
    )
    for n in range(1, limit + 1):
        found = verdict(ours[:n], theirs[:n])
        if found:
            return found, n
    return '', limit


def test_one_that_is_no_better_is_rarely_taken_for_better_however_often_one_looks():
    random = np.random.default_rng(0)
    equal = [stopped((0.6, 0.6), random)[0] for _ in range(400)]
    assert equal.count('better') / 400 <= LEVEL + 0.03
    assert equal.count('better') > 0  # or it would never say so


def test_one_that_is_much_better_is_seen_in_a_part_of_the_episodes():
    random = np.random.default_rng(1)
    found = [stopped((0.9, 0.4), random) for _ in range(100)]
    assert [told for told, _ in found].count('better') >= 95
    assert np.median([n for _, n in found]) < 25
    assert stopped((0.0, 1.0), random)[0] == 'worse'


def test_evidence_is_the_average_likelihood_ratio():
    assert evidence(0, 0) == pytest.approx(1.0)
    assert evidence(3, 0) == pytest.approx((2**4 - 1) / 4, rel=1e-3)  # integral of (2p)^3
    assert evidence(2, 5) < 1 < evidence(5, 2)


def test_slope_of_counts_that_shrink():
    random = np.random.default_rng(2)
    counts = [random.poisson(3 * np.exp(-0.4 * i), 40).tolist() for i in range(5)]
    found = slope(counts)
    assert found.low < -0.4 < found.high and found.high < 0 and found.p < 1e-3
    flat = slope([random.poisson(2.0, 40).tolist() for _ in range(5)])
    assert flat.low < 0 < flat.high and flat.p > 0.01
    assert slope([[1, 0], [0, 0]]) is None and slope([]) is None

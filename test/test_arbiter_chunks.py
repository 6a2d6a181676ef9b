"""A chunk's rows are executed for the instants they were planned for."""

import numpy as np
import pytest

from il_ros.arbiter.chunks import ChunkExecutor, plan_of
from il_ros.spec import ActionChunk

DT = 20_000_000
S = 1e-9 * DT


def ramp(stamp_ns, T=10, slope=1.0, version=''):
    """A plan of one joint that is at slope * i in row i."""
    targets = slope * np.arange(T, dtype=float)[:, None]
    return plan_of(ActionChunk(stamp_ns, targets, version), DT)


@pytest.fixture
def executor():
    """One arm's executor."""
    return ChunkExecutor(DT, 2.0)


def row(executor, tick):
    """The row due at a tick: the ramp's position is its index."""
    assert executor.why_not(round(tick * DT)) == ''
    return float(executor.target(round(tick * DT)).position[0])


def test_row_i_is_the_target_for_stamp_plus_i_plus_one_periods(executor):
    """The command at tick t is for t + dt: row 0 belongs to the stamp itself."""
    executor.offer(ramp(5 * DT), 5 * DT, None)
    assert [row(executor, k) for k in (5, 6, 14)] == [0.0, 1.0, 9.0]


def test_a_late_chunk_skips_the_rows_it_missed(executor):
    """Latency skips actions instead of shifting them."""
    executor.offer(ramp(5 * DT), 8 * DT, None)
    assert row(executor, 8) == 3.0


def test_a_chunk_planned_while_the_arm_held_starts_when_it_arrives(executor):
    """The world waited, so the plan still fits."""
    executor.offer(ramp(5 * DT), 8 * DT, held_since_ns=5 * DT)
    assert [row(executor, k) for k in (8, 9)] == [0.0, 1.0]


def test_a_chunk_planned_before_the_arm_held_is_not_shifted(executor):
    """The arm still moved when it was observed."""
    executor.offer(ramp(5 * DT), 8 * DT, held_since_ns=6 * DT)
    assert row(executor, 8) == 3.0


def test_the_newest_observation_wins_whatever_arrives_last(executor):
    """Messages may overtake each other."""
    executor.offer(ramp(7 * DT), 8 * DT, None)
    executor.offer(ramp(5 * DT), 8 * DT, None)
    assert row(executor, 8) == 1.0
    executor.offer(ramp(8 * DT), 9 * DT, None)
    assert row(executor, 9) == 1.0


def test_ticks_between_rows_are_blended(executor):
    """In real time ticks do not fall on stamps."""
    executor.offer(ramp(5 * DT), 5 * DT, None)
    assert row(executor, 6.25) == pytest.approx(1.25)


@pytest.mark.parametrize(
    ('tick', 'why'), [(4, 'future'), (15, 'exhausted'), (200, 'too old'), (14.5, 'exhausted')]
)
def test_no_row_is_due_outside_the_plan(executor, tick, why):
    """Before, after, and long after."""
    executor.offer(ramp(5 * DT), 5 * DT, None)
    assert why in executor.why_not(round(tick * DT))


def test_observations_before_the_hand_back_are_refused(executor):
    """And the reason is given."""
    executor.forget(not_before_ns=10 * DT + 1)
    executor.offer(ramp(10 * DT), 12 * DT, 10 * DT)
    assert executor.why_not(12 * DT) == 'awaiting a chunk planned from here'
    executor.offer(ramp(11 * DT), 13 * DT, 10 * DT)
    assert row(executor, 13) == 0.0


def test_motion_is_read_from_the_rows():
    """Exact on a parabola, at the ends too."""
    t = np.arange(8)[:, None] * S
    plan = plan_of(ActionChunk(0, 3 * t**2 - t), DT)
    assert plan.velocity == pytest.approx(6 * t - 1)
    assert plan.acceleration == pytest.approx(np.full((8, 1), 6.0))


@pytest.mark.parametrize('T', [1, 2])
def test_short_chunks_are_executed_too(executor, T):
    """One or two rows have no curvature."""
    executor.offer(ramp(0, T=T), 0, None)
    assert row(executor, T - 1) == T - 1
    assert executor.why_not(T * DT) == 'chunk exhausted'


def test_noise_on_the_rows_is_not_taken_for_motion():
    """A policy's rows shake by milliradians; their motion is read over several of them."""
    t = np.arange(40)[:, None] * S
    noise = np.random.default_rng(0).normal(0, 0.002, (40, 1))
    plan = plan_of(ActionChunk(0, 0.5 * t + noise), DT)
    between_two = np.diff(noise, axis=0).std() / S
    assert np.abs(plan.velocity[3:-3] - 0.5).std() < 0.25 * between_two


def test_a_chunk_that_stands_still_is_exactly_still():
    """No rounding creeps into a hold."""
    plan = plan_of(ActionChunk(0, np.full((20, 14), 0.1234567)), DT)
    assert not plan.velocity.any() and not plan.acceleration.any()

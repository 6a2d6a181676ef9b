"""A person's hands are followed without lag, whatever rate the device has."""

import numpy as np
import pytest

from il_ros.arbiter.motion import Motion
from il_ros.arbiter.persons import Persons
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.spec import Proposal

SPEC = load_robot('sim')
DT = SPEC.dt_ns
ALL = np.ones(SPEC.size, dtype=bool)


def hand(stamp_ns):
    """Where a hand is that swings by 0.2 rad, up to 0.6 rad/s, one period after a stamp."""
    return SPEC.home + 0.2 * np.sin(3.0 * (stamp_ns + DT) * 1e-9) * (np.arange(SPEC.size) == 0)


def follow(rate_hz, noise=0.0, jitter_ns=0, seconds=4):
    """Return the command's error [rad] and joint 0's commands, ticks against samples of a rate."""
    rng = np.random.default_rng(0)
    persons, motion = Persons(SPEC, load_sources()), Motion(SPEC)
    motion.seat(SPEC.home)
    stamps = np.arange(0, seconds, 1 / rate_hz) * 1e9 + rng.integers(0, jitter_ns + 1)
    errors, commands = [], []
    for now_ns in range(DT, round(seconds * 1e9), DT):
        stamp = int(stamps[stamps <= now_ns][-1])
        shaken = hand(stamp) + rng.normal(0, noise, SPEC.size)
        persons.offer(Proposal(stamp, shaken, (True, True)), 'ann')
        command = motion.step(persons.target('leader', now_ns), ALL)
        errors.append(abs(command[0] - hand(now_ns)[0]))
        commands.append(command[0])
    return np.array(errors[25:]), np.array(commands)


@pytest.mark.parametrize('rate_hz', [30, 50, 200])
def test_a_hand_is_followed_without_lag(rate_hz):
    """A tick of lag would be 12 milliradians."""
    error, _ = follow(rate_hz)
    assert error.max() < 2e-3


def test_a_device_read_twice_does_not_stutter():
    """At 45 Hz one tick in ten finds no new sample: the arm must not stop for it."""
    _, commands = follow(45)
    speed = np.diff(commands)[40:] / SPEC.dt_s
    true = 0.6 * np.cos(3.0 * np.arange(len(speed)) * SPEC.dt_s + 3.0 * 42 * SPEC.dt_s)
    assert np.abs(speed - true).max() < 0.1


def test_encoder_noise_is_not_amplified():
    """Hobby servos resolve 1.5 milliradians."""
    error, _ = follow(50, noise=5e-4)
    assert error.std() < 1e-3


def test_a_hand_whose_samples_stop_is_not_run_after_for_long():
    """It is taken to go on for two periods, then to stand there."""
    persons = Persons(SPEC, load_sources())
    for k in range(5):
        persons.offer(Proposal(k * DT, hand(k * DT), (True, True)), 'ann')
    last = hand(4 * DT)
    near = persons.target('leader', 6 * DT)
    assert near.position[0] > last[0] and near.velocity[0] > 0
    far = persons.target('leader', 7 * DT)
    assert np.array_equal(far.position, near.position) and not far.velocity.any()


def test_a_clock_that_begins_anew_is_not_motion():
    """A reset of simulated time must not turn old samples into speed."""
    persons = Persons(SPEC, load_sources())
    for k in (100, 101, 102, 0):
        persons.offer(Proposal(k * DT, SPEC.home + 0.01 * k, (True, True)), 'ann')
    assert not persons.target('leader', 0).velocity.any()

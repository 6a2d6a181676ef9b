"""The motion generator: limits hold for any target, and a smooth target is met without lag."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruckig import ControlInterface, InputParameter, Ruckig, Trajectory

from il_ros.arbiter.braking import Point, Stop
from il_ros.arbiter.motion import Motion
from il_ros.arbiter.state import State, at_rest
from il_ros.robot.load import load_robot

SPEC = load_robot('sim')
DT = SPEC.dt_s
ALL = np.ones(SPEC.size, dtype=bool)


def assert_within_limits(commands):
    """Finite differences of commands (n, N), from rest, keep velocity, acceleration and jerk."""
    lead = np.repeat(commands[:1], 3, axis=0)
    commands = np.concatenate([lead, commands])
    assert (commands >= SPEC.lower).all() and (commands <= SPEC.upper).all()
    limits = (SPEC.velocity, SPEC.acceleration, SPEC.jerk)
    for order, limit in enumerate(limits, start=1):
        worst = (np.abs(np.diff(commands, order, axis=0)) / DT**order / limit).max()
        assert worst <= 1 + 1e-6, f'derivative {order}: {worst} of the limit'


def target_at(rng, kind, last):
    """Return the next target of a kind of nonsense."""
    if kind == 'leaps' and rng.random() > 0.1:
        return last
    if kind == 'noise':
        return State(last.position + rng.normal(0, 0.01, SPEC.size), *last.rows()[1:])
    return State(
        rng.uniform(SPEC.lower - 0.5, SPEC.upper + 0.5),
        rng.normal(0, 3, SPEC.size) * (rng.random(SPEC.size) < 0.5),
        rng.normal(0, 30, SPEC.size) * (rng.random(SPEC.size) < 0.5),
    )


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(['leaps', 'noise', 'chaos']))
def test_no_target_breaks_a_limit(seed, kind):
    """Leaping, noisy and impossible targets, with joints stopped at random."""
    rng = np.random.default_rng(seed)
    motion = Motion(SPEC)
    motion.seat(rng.uniform(SPEC.lower, SPEC.upper))
    target, commands = at_rest(motion.command), [motion.command]
    for _ in range(60):
        target = target_at(rng, kind, target)
        commands.append(motion.step(target, rng.random(SPEC.size) < 0.95))
    assert_within_limits(np.array(commands))


def swing(t, rate_hz=0.5, reach=0.3):
    """Position, velocity and acceleration (3, n) of a sine that fades in."""
    w = 2 * np.pi * rate_hz
    fade, t = np.minimum(t / 2, 1) ** 3, np.asarray(t)
    position = reach * fade * np.sin(w * t)
    return np.stack([position, np.gradient(position, t), np.gradient(np.gradient(position, t), t)])


def test_a_smooth_target_is_met_without_lag():
    """Within half a milliradian at 1 rad/s."""
    times = np.arange(0, 8, DT)
    wanted = swing(times)  # (3, n)
    motion, met = Motion(SPEC), []
    motion.seat(0 * SPEC.home + 0.5)
    for p, v, a in wanted.T:
        one = np.ones(SPEC.size)
        met.append(motion.step(State(0.5 + p * one, v * one, a * one), ALL)[0] - 0.5)
    met = np.array(met)
    error = np.abs(met - wanted[0])
    assert error.max() < 5e-4
    late = np.abs(met[1:] - wanted[0, :-1])  # a tick of lag would be this much
    assert error.max() < 0.02 * late.max()


@pytest.mark.parametrize('height', [0.02, 0.2, 0.8])
def test_a_leap_is_caught_up_with_at_the_limits_and_hardly_overshot(height):
    """Nearly as fast as is possible."""
    motion = Motion(SPEC)
    motion.seat(SPEC.home)
    goal = SPEC.home.copy()
    goal[0] += height
    commands = np.array([motion.step(at_rest(goal), ALL)[0] for _ in range(100)])
    assert abs(commands[-1] - goal[0]) < 1e-6
    assert commands.max() - goal[0] < 0.01 * height + 2e-3
    fastest = _fastest_s(height)
    assert np.flatnonzero(np.abs(commands - goal[0]) > 0.003)[-1] * DT < fastest + 5 * DT


def _fastest_s(distance):
    """Return how long ruckig needs for joint 0 from rest to rest."""
    task, path = InputParameter(1), Trajectory(1)
    task.max_velocity, task.max_acceleration, task.max_jerk = (
        [float(limit[0])] for limit in (SPEC.velocity, SPEC.acceleration, SPEC.jerk)
    )
    task.target_position = [distance]
    Ruckig(1).calculate(task, path)
    return path.duration


def test_a_moving_target_is_caught_and_then_followed():
    """A hand a radian away that moves on, soft limits: chasing where it was would never end."""
    motion = Motion(replace(SPEC, jerk=0.3 * SPEC.jerk))
    motion.seat(SPEC.home)
    velocity, still = np.zeros(SPEC.size), np.zeros(SPEC.size)
    velocity[0] = 0.8
    errors = []
    for k in range(80):
        target = SPEC.home + (k + 1) * DT * velocity
        target[0] -= 1.0
        errors.append(abs(motion.step(State(target, velocity, still), ALL)[0] - target[0]))
    assert max(errors[30:]) < 1e-3


def test_braking_stops_and_then_stands_exactly_still():
    """Hold is not "nearly still"."""
    motion = Motion(SPEC)
    motion.seat(SPEC.home)
    for _ in range(15):
        motion.step(at_rest(SPEC.home + 0.4), ALL)
    stops = [motion.step(at_rest(SPEC.home), ~ALL) for _ in range(60)]
    assert np.array_equal(stops[-1], stops[-10])
    assert not motion.state.velocity.any() and not motion.state.acceleration.any()


def test_outside_the_limits_only_the_way_in_is_open():
    """A measured pose beyond a limit is neither jumped from nor left further."""
    motion = Motion(SPEC)
    start = SPEC.upper + 0.05
    motion.seat(start)
    assert np.array_equal(motion.step(at_rest(SPEC.home), ~ALL), start)  # held, it stays
    commands = np.array([motion.step(at_rest(start), ALL) for _ in range(60)])
    assert (np.diff(commands, axis=0) <= 1e-12).all()
    assert np.abs(commands[-1] - SPEC.upper).max() < 1e-6
    beyond = np.array([motion.step(at_rest(start), ALL) for _ in range(20)])
    assert (beyond <= SPEC.upper).all()


def test_one_joint_at_its_limit_does_not_stop_the_others():
    """Joints are independent."""
    motion = Motion(SPEC)
    motion.seat(SPEC.home)
    goal = SPEC.home.copy()
    goal[0], goal[1] = SPEC.upper[0] + 5, SPEC.home[1] + 0.2
    for _ in range(120):
        command = motion.step(at_rest(goal), ALL)
    assert abs(command[0] - SPEC.upper[0]) < 1e-6 and abs(command[1] - goal[1]) < 1e-6


def test_the_same_targets_give_the_same_bytes():
    """Repeatable to the last bit."""

    def run():
        rng, motion = np.random.default_rng(3), Motion(SPEC)
        return b''.join(
            motion.step(State(*rng.normal(0, 1, (3, SPEC.size))), ALL).tobytes() for _ in range(50)
        )

    assert run() == run()


finite = st.floats(-1, 1, allow_nan=False)


@settings(max_examples=300, deadline=None)
@given(finite, finite, st.floats(0.1, 30), st.floats(1, 1000))
def test_the_stop_is_ruckigs_stop(velocity, fraction, acceleration, jerk):
    """The closed form against ruckig's velocity interface: duration's end, and extreme places."""
    start = Point(0.0, velocity, fraction * acceleration)
    stop = Stop(start, acceleration, jerk)
    task, path = InputParameter(1), Trajectory(1)
    task.control_interface = ControlInterface.Velocity
    task.current_velocity, task.current_acceleration = [velocity], [start.acceleration]
    task.max_acceleration, task.max_jerk = [acceleration * (1 + 1e-9)], [jerk]
    Ruckig(1).calculate(task, path)
    bound = path.position_extrema[0]
    scale = 1e-6 * (1 + path.duration)
    assert stop.extrema() == pytest.approx((bound.min, bound.max), abs=scale)
    assert stop.after(path.duration + 1) == Point(
        pytest.approx(path.at_time(path.duration)[0][0], abs=scale), 0.0, 0.0
    )

"""Jogging where arms can go no further: at the edge of reach, at limits, at singularities."""

import numpy as np
import pytest

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.teleop.jog import Jog
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.mapping_file import load_mapping
from il_ros.teleop.resolved_rate import CRUISE, ResolvedRate

MAPPING = load_mapping()
ROBOTS = {name: load_robot(name) for name in ('sim', 'sim7')}
HELD = np.isin(BUTTONS, ('leftshoulder', 'dpad_left')).astype(float)
BEYOND = [('lefty', 1), ('lefty', -1), ('leftx', 1), ('leftx', -1), ('righty', 1), ('righty', -1)]


def stick(name, value):
    return value * (np.array(AXES) == name)


def jogged(spec, sticks, start, ticks):
    """Return where a robot that does as it is told is led to (ticks + 1, N) by the sticks."""
    jog, positions = Jog(spec, MAPPING), [start]
    for _ in range(ticks):
        positions.append(jog.propose(0, sticks, HELD, positions[-1], held=True).target)
    return np.array(positions)


@pytest.mark.parametrize('robot', ROBOTS)
@pytest.mark.parametrize(('name', 'value'), BEYOND)
def test_at_the_edge_of_its_reach_an_arm_stands_and_comes_back_at_once(robot, name, value):
    """Pushed on for 8 s: no joint trembles or runs; pulled back, the hand follows within 0.5 s."""
    spec = ROBOTS[robot]
    arm, kinematics = spec.arms[0], Kinematics(spec)
    positions = jogged(spec, stick(name, value), spec.home, 400)
    speeds = np.diff(positions[:, arm.joints], axis=0) / spec.dt_s / spec.velocity[arm.joints]
    assert np.abs(speeds).max() <= CRUISE + 1e-9
    assert np.abs(speeds[-50:]).max() < 0.1
    turns = np.minimum(np.abs(speeds[1:]), np.abs(speeds[:-1])) * (speeds[1:] * speeds[:-1] < 0)
    assert turns[-100:].max() < 0.005
    assert (positions >= spec.lower).all() and (positions <= spec.upper).all()
    back = jogged(spec, stick(name, -value), positions[-1], 25)
    hands = [kinematics.pose('left', position)[:3, 3] for position in (back[0], back[-1])]
    axis = {'lefty': 0, 'leftx': 1, 'righty': 2}[name]
    assert (hands[1] - hands[0])[axis] * -value > 0.02


@pytest.mark.parametrize('robot', ROBOTS)
def test_joints_slow_down_before_their_limits_whatever_is_asked(robot):
    """Random sticks and starts, near limits and singularities: none is run into, none is fast."""
    spec, rng = ROBOTS[robot], np.random.default_rng(3)
    arm, rate = spec.arms[0], ResolvedRate(spec)
    for _ in range(300):
        position = rng.uniform(spec.lower, spec.upper)
        joint = rng.integers(arm.joints.start, arm.joints.stop)
        position[joint] = rng.choice([spec.lower[joint] + 0.01, spec.upper[joint] - 0.01])
        speed = rate.velocity(arm, position, rng.uniform(-1, 1, 6))
        down, up = rate.room(arm, position)
        assert (speed >= down - 1e-9).all() and (speed <= up + 1e-9).all()
        assert (np.abs(speed) <= CRUISE * spec.velocity[arm.joints] + 1e-9).all()


def test_a_wrist_that_comes_to_be_straight_does_not_stop_the_hand():
    """Up by 0.4 m leads through it; what the singularity takes is a turn that nobody asks for."""
    spec = ROBOTS['sim']
    arm, rate = spec.arms[0], ResolvedRate(spec)
    positions = jogged(spec, stick('righty', 1.0), spec.home, 150)
    least = min(
        np.linalg.svd(rate._jacobian(arm, position), compute_uv=False)[-1]
        for position in positions
    )
    went = Kinematics(spec).pose('left', positions[-1]) - Kinematics(spec).pose('left', spec.home)
    assert least < 0.01 and went[2, 3] > 0.4 and np.abs(went[:2, 3]).max() < 0.02


def test_a_free_elbow_goes_back_to_where_it_rests_while_the_hand_goes_its_way():
    """And stands while the hand does."""
    spec = ROBOTS['sim7']
    arm, rate, kinematics = spec.arms[0], ResolvedRate(spec), Kinematics(spec)
    swung = spec.home.copy()
    turn = np.linalg.svd(kinematics.jacobian('left', swung))[2][-1]  # moves no hand
    swung[arm.joints] += 0.3 * turn
    twist = np.array([0.0, 0.1, 0.0, 0.0, 0.0, 0.0])
    speed = rate.velocity(arm, swung, twist)
    assert kinematics.jacobian('left', swung) @ speed == pytest.approx(twist, abs=2e-3)
    assert speed @ turn < rate.velocity(arm, spec.home, twist) @ turn - 0.01
    assert not rate.velocity(arm, swung, np.zeros(6)).any()

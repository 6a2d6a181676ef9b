"""The safety filter: whatever is asked of arms, they keep away from table, walls, each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_arbiter_motion import assert_within_limits

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.braking import Point, Stop, stop_ends, stops
from il_ros.arbiter.guard import Guard
from il_ros.arbiter.motion import Motion
from il_ros.arbiter.sources import load_sources
from il_ros.arbiter.state import State, at_rest
from il_ros.registry import make
from il_ros.robot.clearance import Clearance
from il_ros.robot.load import load_robot
from il_ros.rollout.hands import OperatorHands
from il_ros.rollout.loop import Loop
from il_ros.session.seeds import VALIDATION
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import JointSample, Proposal

SPEC = load_robot('sim')
CLEARANCE = Clearance(SPEC, SPEC.safety)
ALL = np.ones(SPEC.size, dtype=bool)
LEFT, RIGHT, BOTH = range(3)  # the groups of Clearance
SHOULDERS = [arm.joints.start + 1 for arm in SPEC.arms]


def guarded(position=SPEC.home):
    """Return a guard, and the motion that it guards, seated at a position (N,)."""
    guard = Guard(SPEC, SPEC.safety)
    motion = Motion(SPEC, [guard])
    motion.seat(position)
    return guard, motion


def moved(motion, target, ticks=100):
    """Return the commands (ticks + 1, N) on the way to a target (N,)."""
    start = motion.command
    return np.array([start, *(motion.step(at_rest(target), ALL) for _ in range(ticks))])


def leant(by, arms=SHOULDERS):
    """Return home with shoulders leant forwards [rad]."""
    position = SPEC.home.copy()
    position[arms] += by
    return position


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(['leaps', 'lean', 'chaos']))
def test_no_target_brings_an_arm_too_near(seed, kind):
    """Room is left at every tick, and every limit of the joints is kept."""
    rng = np.random.default_rng(seed)
    _, motion = guarded()
    target, commands = at_rest(motion.command), [motion.command]
    for _ in range(50):
        if kind == 'chaos' or rng.random() < 0.1:
            target = at_rest(rng.uniform(SPEC.lower - 0.5, SPEC.upper + 0.5))
        if kind == 'lean' and rng.random() < 0.1:
            target = at_rest(leant(rng.uniform(0, 1.5, 2)))
        if kind == 'chaos':
            target = State(target.position, *rng.normal(0, [[3], [30]], (2, SPEC.size)))
        commands.append(motion.step(target, ALL))
        assert (CLEARANCE.at(commands[-1]) >= 0).all()
    assert_within_limits(np.array(commands))


def test_an_arm_driven_into_the_table_slows_down_stops_and_comes_away():
    guard, motion = guarded()
    commands = moved(motion, leant(1.2, SHOULDERS[RIGHT]))
    room = np.array([CLEARANCE.at(command)[RIGHT] for command in commands])
    assert 0 <= room[-1] < 0.002
    assert 'right_finger' in guard.why[RIGHT] and 'to the table' in guard.why[RIGHT]
    assert guard.why[RIGHT].startswith('stopped') and not guard.why[LEFT]
    taken = -np.diff(room)
    assert (taken[60:] >= -1e-6).all() and taken[40:].max() < 0.002  # it creeps, and does not hop
    assert_within_limits(commands)
    assert moved(motion, SPEC.home, 60)[-1] == pytest.approx(SPEC.home, abs=1e-6)


def test_two_arms_that_meet_stop_and_the_one_that_leaves_is_not_held():
    guard, motion = guarded()
    meeting = SPEC.home.copy()
    for arm in SPEC.arms:
        meeting[arm.joints] = [0, 0.35, -0.35, 0, 0, 0]
    last = moved(motion, meeting)[-1]
    assert 0 <= CLEARANCE.at(last)[BOTH] < 0.002
    assert all(' to ' in why for why in guard.why)
    away = meeting.copy()
    away[SPEC.arms[0].all] = SPEC.home[SPEC.arms[0].all]
    after = moved(motion, away, 80)
    assert after[-1][SPEC.arms[0].all] == pytest.approx(SPEC.home[SPEC.arms[0].all], abs=1e-3)
    assert min(CLEARANCE.at(pose).min() for pose in after) >= 0


def test_where_there_is_no_room_only_the_way_out_is_open():
    start = leant(0.9, SHOULDERS[RIGHT])
    begin = CLEARANCE.at(start)[RIGHT]
    assert begin < -0.02
    guard, motion = guarded(start)
    deeper = moved(motion, leant(1.2, SHOULDERS[RIGHT]), 20)
    assert np.abs(deeper - start)[:, SPEC.arms[RIGHT].all].max() < 1e-6
    assert guard.why[RIGHT].startswith('stopped')
    out = moved(motion, SPEC.home, 80)
    assert out[-1] == pytest.approx(SPEC.home, abs=1e-6)
    assert (np.diff([CLEARANCE.at(pose)[RIGHT] for pose in out][:10]) >= -1e-6).all()


def test_an_expert_is_not_touched():
    """Grippers at the table and hands that nearly meet: the same commands, bit for bit."""
    world = World(SPEC, make(TASKS, 'insertion'))
    arbiter, unguarded = (
        Arbiter(spec, load_sources()) for spec in (SPEC, replace(SPEC, safety=None))
    )

    def compare(step):
        unguarded.persons.offer(step.proposal, 'synthetic')
        assert np.array_equal(unguarded.tick(step.joints).command, step.decision.command)

    hands = OperatorHands(SPEC, 'insertion')
    Loop(world, arbiter, hands=hands, subscribers=[compare]).run(VALIDATION[0])


def test_stops_of_all_joints_are_those_of_each():
    rng = np.random.default_rng(0)
    moments = np.array([0.0, 0.02, 0.07, 9.0])
    for _ in range(50):
        limits = rng.uniform([[5], [100]], [[30], [2000]], (2, SPEC.size))
        rows = rng.normal(0, 1, (3, SPEC.size)) * (rng.random((3, SPEC.size)) < 0.8)
        rows[2] *= limits[0] / np.abs(rows[2]).max()
        all_at_once = stops(rows, *limits, moments), stop_ends(rows, *limits)
        for i in range(SPEC.size):
            one = Stop(Point(*rows[:, i]), limits[0, i], limits[1, i])
            places = [one.after(moment).position for moment in moments]
            np.testing.assert_allclose(all_at_once[0][:, i], places, atol=1e-12)
            assert all_at_once[1][i] == pytest.approx(places[-1], abs=1e-12)


def test_the_reason_is_in_the_authority():
    """Nobody has to guess why an arm is slow."""
    arbiter, command = Arbiter(SPEC, load_sources()), SPEC.home
    for k in range(80):
        joints = JointSample(k * SPEC.dt_ns, command, 0 * SPEC.home, 0 * SPEC.home)
        wish = leant(1.2, SHOULDERS[RIGHT])
        arbiter.persons.offer(Proposal(joints.stamp_ns, wish, (True, True)))
        decision = arbiter.tick(joints)
        command = decision.command
    left, right = decision.authority
    assert left.why == 'leader engaged'
    assert right.why.startswith('leader engaged; stopped: right_finger')

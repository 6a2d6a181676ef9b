"""Random take-overs and hostile wishes: nothing jumps, nothing gets too near, delays are told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from il_ros.robot.load import load_robot
from il_ros.rollout.adversary import KINDS, unsafe
from il_ros.rollout.takeovers import PressedHands, Tick, delays_ms, graph_figures, quarrel, worst
from il_ros.sim.tasks.nothing import Nothing
from il_ros.sim.world import World
from il_ros.spec import Who

SPEC = load_robot('sim')
MS = 1_000_000
HELD, POLICY, HUMAN = ((who, who) for who in (Who.HOLD, Who.POLICY, Who.HUMAN))


@pytest.fixture(scope='module')
def world():
    world = World(SPEC, Nothing())
    yield world
    world.close()


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_neither_command_nor_joints_jump_when_arms_change_hands(world, seed):
    """At random moments, with random disagreement; joints may lag a little, and catch up."""
    commands, joints = quarrel(world, 5, seed % 2**31)
    assert max(worst(SPEC, commands)) <= 1 + 1e-6
    velocity, acceleration, jerk = worst(SPEC, joints)
    assert velocity <= 1 + 1e-3 and max(acceleration, jerk) < 2


def test_no_adversary_gets_a_command_outside_of_a_limit():
    assert unsafe(SPEC, 100 * len(KINDS), 0) == 0


def test_the_adversaries_are_ones():
    """Without the filter they get what they want."""
    from il_ros.rollout import adversary

    attack = adversary.Adversary(SPEC, np.random.default_rng(0), 'lean')
    rows = []
    for _ in range(100):
        attack._wander()
        rows.append(attack._wish)
    clearance = adversary.Clearance(SPEC, SPEC.safety)
    assert sum((clearance.at(row) < 0).any() for row in rows) > 50
    assert unsafe(replace(SPEC, safety=None), 100, 0) == 0  # limits of joints hold all the same


def row(ms, who):
    """Return a command that came at a time [ms]."""
    return Tick(ms * MS, ms * MS, SPEC.home, who)


def test_delays_are_from_the_button_to_the_command_that_it_brought():
    ticks = [row(0, POLICY), row(20, POLICY), row(40, HUMAN), row(60, HUMAN)]
    ticks += [row(80, HELD), row(100, HELD), row(120, POLICY)]
    taken, given_back = (25 * MS, 65 * MS), (65 * MS, 200 * MS)
    assert delays_ms(ticks, [taken], Who.HUMAN) == pytest.approx([15])
    assert delays_ms(ticks, [given_back], Who.POLICY) == pytest.approx([55])
    assert len(delays_ms(ticks, [(25 * MS, 35 * MS)], Who.HUMAN)) == 0
    figures = graph_figures(SPEC, ticks, [(25 * MS, True), (65 * MS, False)])
    assert figures['button_to_command_p50_ms'] == 15 and figures['worst_velocity'] == 0
    assert figures['hand_back_to_fresh_chunk_ms'] == 55


def test_hands_are_somewhere_else_and_hold_what_they_are_told_to():
    hands = PressedHands(SPEC, np.random.default_rng(0))
    for _ in range(20):
        hands.reach_out(SPEC.home)
        pose = hands.leader()
        assert pose is None or np.abs(pose - SPEC.home).max() > 0.1
    hands.is_held = True
    assert hands.pad()[1].sum() == 2  # dead-man, and both arms

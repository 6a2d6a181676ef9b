"""Random take-overs and hostile wishes: nothing jumps, nothing gets too near, delays are told."""

from dataclasses import replace
from itertools import compress, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from il_ros import wire
from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.rollout.adversary import KINDS, unsafe
from il_ros.rollout.loop import as_received, through_wire
from il_ros.rollout.takeovers import (
    PressedHands,
    Tick,
    take_overs,
    timing_figures,
    waits,
    worst,
)
from il_ros.sim.tasks.nothing import Nothing
from il_ros.sim.world import World
from il_ros.spec import ActionChunk, Proposal, Who
from il_ros.teleop.leader_config import MATCHED
from il_ros.teleop.leader_map import LeaderMap
from il_ros.teleop.mapping_file import load_mapping

SPEC = load_robot('sim')
MS = 1_000_000
PLAN = 40  # ticks of a chunk
HELD, POLICY, HUMAN = ((who, who) for who in (Who.HOLD, Who.POLICY, Who.HUMAN))


class Quarrel:
    """A policy and a person who want different things, and take turns at random moments."""

    def __init__(self, spec, rng):
        self._spec, self._rng = spec, rng
        self._goal, self._wish = spec.home, spec.home
        self._engaged = (False,) * len(spec.arms)
        self.takeovers = 0

    def propose(self, arbiter, joints):
        """Let both say what they want at a tick."""
        rng, spec, now_ns = self._rng, self._spec, joints.stamp_ns
        if rng.random() < 0.12:
            far = rng.normal(0, 0.5, spec.size)
            self._goal = np.clip(spec.home + far, spec.lower, spec.upper)
            way = np.clip(self._goal - joints.position, -0.4, 0.4) / PLAN
            targets = joints.position + np.arange(1, PLAN + 1)[:, None] * way
            arbiter.plans.offer(ActionChunk(now_ns, targets))
        if rng.random() < 0.07:
            self._change_hands(joints)
        self._wish = self._wish + rng.normal(0, 0.002, spec.size)
        arbiter.persons.offer(Proposal(now_ns, self._wish, self._engaged), 'synthetic')

    def _change_hands(self, joints):
        """Take some arms over, or give them back; the person's hands are somewhere else."""
        before = self._engaged
        self._engaged = tuple(bool(x) for x in self._rng.random(len(before)) < 0.5)
        self.takeovers += sum(
            now and not was for now, was in zip(self._engaged, before, strict=True)
        )
        self._wish = joints.position + self._rng.normal(0, 0.4, self._spec.size)


def quarrel(world, takeovers, seed):
    """Return commands and joints (n, N) of as many take-overs in the sim, a tick a row."""
    spec = world.spec
    arbiter, both = Arbiter(spec, load_sources()), Quarrel(spec, np.random.default_rng(seed))
    world.reset(seed)
    commands, measured = [], []
    while both.takeovers < takeovers:
        joints = as_received(spec, world.joints())
        both.propose(arbiter, joints)
        commands.append(arbiter.tick(joints).command)
        measured.append(joints.position)
        world.step(through_wire(spec, commands[-1]))
    return np.array(commands), np.array(measured)


@pytest.fixture(scope='module')
def world():
    world = World(SPEC, Nothing())
    yield world
    world.close()


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_neither_command_nor_joints_jump_when_arms_change_hands(world, seed):
    """
    At random moments, with random disagreement.

    Joints are stepped at 200 Hz and measured at 50, which makes of 1 up to 1.02 (500 take-overs).
    """
    commands, joints = quarrel(world, 5, seed % 2**31)
    assert max(worst(SPEC, commands)) <= 1 + 1e-6
    assert max(worst(SPEC, joints)) < 1.05
    assert np.abs(commands[:-1] - joints[1:]).max() < 5e-3


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
    np.testing.assert_allclose(waits(ticks, [taken], Who.HUMAN), [[15, 1]])
    np.testing.assert_allclose(waits(ticks, [given_back], Who.POLICY), [[55, 3]])
    assert len(waits(ticks, [(25 * MS, 35 * MS)], Who.HUMAN)) == 0
    figures = timing_figures(ticks, [(25 * MS, True), (65 * MS, False)])
    assert figures['button_to_command_p50_ms'] == 15
    assert figures['hand_back_to_fresh_chunk_ms'] == 55


def test_hands_are_somewhere_else_and_take_one_arm_or_both():
    hands, leader = PressedHands(SPEC, np.random.default_rng(0)), LeaderMap(SPEC, MATCHED)
    mapping, taken = load_mapping(), set()
    for _ in range(60):
        hands.reach_out(SPEC.home)
        hands.is_held = True
        _, _, buttons = wire.read_joy(hands.joy_msg(1))
        arms = mapping.selected(buttons)
        assert mapping.is_engaged(buttons)
        reading = leader.read(hands.leader_msg(1))
        taken.add((arms, reading is not None))
        if reading is not None:
            led = compress((arm.name for arm in SPEC.arms), reading.has)
            assert arms == tuple(led)
            assert np.nanmax(np.abs(reading.position - SPEC.home)) > 0.1
    arms = [('left', 'right'), ('left',), ('right',)]
    assert taken == set(product(arms, (True, False)))


def test_arms_taken_from_the_policy_are_counted_one_by_one():
    assert take_overs((), HUMAN) == 0
    assert take_overs(POLICY, HUMAN) == 2
    assert take_overs((Who.POLICY, Who.HOLD), HUMAN) == 1
    assert take_overs(HUMAN, HUMAN) == take_overs(HUMAN, POLICY) == 0

"""A closed chain: arms that cannot follow are slowed down, held, and told from which joint."""

from dataclasses import replace

import numpy as np
import pytest
from test_arbiter_motion import assert_within_limits

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.spec import ActionChunk, JointSample, Proposal, Who

SPEC = load_robot('sim')
ELBOW = SPEC.joint_names.index('left_elbow')
RIGHT = SPEC.arm('right').all
HELD = (True, True)


class Chain:
    """Two arms on one object that nothing moves: joints follow no further than it gives."""

    def __init__(self, spec=SPEC, gives=0.02):
        self.spec, self.gives = spec, gives
        self.arbiter = Arbiter(spec, load_sources())
        self.measured, self.effort = spec.home.copy(), np.zeros(spec.size)
        self.stamp_ns, self.is_stuck = 0, True
        self.commands = [spec.home]

    def run(self, target, ticks=60, effort=0.0):
        """Let a person ask for a target (N,); return the last decision."""
        for _ in range(ticks):
            self.stamp_ns += SPEC.dt_ns
            self.effort[ELBOW] = effort * self.spec.effort[ELBOW]
            sample = JointSample(self.stamp_ns, self.measured, 0 * self.measured, self.effort)
            self.arbiter.persons.offer(Proposal(self.stamp_ns, target, HELD), 'Ada')
            decision = self.arbiter.tick(sample)
            self.commands.append(decision.command)
            self.measured = decision.command.copy()
            if self.is_stuck:
                give = SPEC.home[ELBOW] + np.array([-self.gives, self.gives])
                self.measured[ELBOW] = self.measured[ELBOW].clip(*give)
        return decision


def away(elbow, waist=0.0):
    """Return home with the left elbow bent, and the right waist turned [rad]."""
    target = SPEC.home.copy()
    target[ELBOW] += elbow
    target[RIGHT.start] += waist
    return target


def test_an_arm_that_cannot_follow_is_held_within_limits_and_its_partner_with_it():
    chain = Chain()
    decision = chain.run(away(-0.6, 0.6))
    lag = abs(decision.command[ELBOW] - chain.measured[ELBOW])
    assert SPEC.safety.lag < lag < SPEC.safety.lag + 0.3  # and the way that a stop takes
    assert np.ptp(chain.commands[-10:], axis=0).max() < 2e-3
    assert abs(decision.command[RIGHT.start] - SPEC.home[RIGHT.start]) < 0.5
    for arm in decision.authority:
        assert arm.who is Who.HUMAN and 'left_elbow cannot follow its command' in arm.why
    assert_within_limits(np.array(chain.commands))


def test_the_way_back_is_open_and_all_goes_on_when_the_object_gives():
    chain = Chain()
    chain.run(away(-0.6))
    back = chain.run(SPEC.home)
    assert back.command == pytest.approx(SPEC.home, abs=1e-6)
    chain.run(away(-0.6))
    chain.is_stuck = False
    free = chain.run(away(-0.6))
    assert free.command == pytest.approx(away(-0.6), abs=1e-6)
    assert free.authority[0].why == 'leader engaged'
    assert_within_limits(np.array(chain.commands))


def test_a_joint_that_pushes_too_hard_for_long_holds_the_arms_and_asks_for_a_person():
    spec = replace(SPEC, safety=replace(SPEC.safety, effort=0.5))
    chain = Chain(spec, gives=1.0)
    chain.run(spec.home, 2, effort=-0.9)  # a bump
    assert not chain.arbiter.request
    target = away(-0.6)
    chain.run(spec.home, 30, effort=-0.9)  # standing, nothing is added to it
    assert not chain.arbiter.request
    decision = chain.run(target, 60, effort=-0.9)
    assert 'held: left_elbow pushes too hard' in decision.authority[0].why
    assert 'held: left_elbow' in chain.arbiter.request
    assert decision.command[ELBOW] > target[ELBOW] + 0.05
    relieved = chain.run(target, 80, effort=-0.1)
    assert relieved.command == pytest.approx(target, abs=1e-3) and not chain.arbiter.request


def test_a_policy_is_held_too():
    chain = Chain()
    for _ in range(40):
        chain.stamp_ns += SPEC.dt_ns
        sample = JointSample(chain.stamp_ns, chain.measured, 0 * SPEC.home, chain.effort)
        targets = np.tile(away(-0.8), (20, 1))
        chain.arbiter.plans.offer(ActionChunk(chain.stamp_ns, targets))
        decision = chain.arbiter.tick(sample)
    assert 'left_elbow cannot follow' in decision.authority[0].why


def test_a_gripper_may_press():
    chain = Chain()
    target = SPEC.home.copy()
    grips = [arm.gripper for arm in SPEC.arms]
    for grip in grips:
        target[grip] = 0.0
    for _ in range(80):
        chain.stamp_ns += SPEC.dt_ns
        efforts = np.zeros(SPEC.size)
        efforts[[grip.start for grip in grips]] = 2.0 * SPEC.effort[[grip.start for grip in grips]]
        sample = JointSample(chain.stamp_ns, SPEC.home, 0 * SPEC.home, efforts)
        chain.arbiter.persons.offer(Proposal(chain.stamp_ns, target, HELD), 'Ada')
        decision = chain.arbiter.tick(sample)
    assert all(decision.command[grip] == pytest.approx(0.0, abs=1e-6) for grip in grips)

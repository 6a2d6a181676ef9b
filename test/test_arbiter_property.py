"""Hundreds of random take-overs, hand-backs, plans and stops: the command never jumps."""

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.spec import ActionChunk, JointSample, Proposal, Who

SPEC = load_robot('sim')
UNGUARDED = replace(SPEC, safety=None)  # joints alone: many times as fast
SOURCES = load_sources()
DT = SPEC.dt_ns
TICKS = 40


class Scene:
    """A robot among sources that disagree at random, and what must hold at every tick."""

    def __init__(self, seed, spec=UNGUARDED):
        self.rng = np.random.default_rng(seed)
        self.arbiter = Arbiter(spec, SOURCES)
        self.measured = self.rng.uniform(SPEC.lower, SPEC.upper)
        self.poses = {name: self.anywhere() for name in ('policy', 'leader', 'joystick')}
        self.engaged = (False, False)
        self.oldest = [0, 0]  # observation that an arm may act on, by the hand-back rule
        self.was = [Who.HOLD, Who.HOLD]
        self.is_stopped = False
        self.commands = [self.measured]

    def anywhere(self):
        """A pose, sometimes out of reach."""
        return self.rng.uniform(SPEC.lower - 0.2, SPEC.upper + 0.2)

    def happens(self, probability):
        """Toss a coin."""
        return self.rng.random() < probability

    def run(self):
        """Return the commands (TICKS + 1, N), the measured pose first."""
        for k in range(TICKS):
            self.propose(k)
            self.interfere(k)
            self.tick(k)
        return np.array(self.commands)

    def propose(self, k):
        """Let policy and persons say something, late, wildly, or not at all."""
        rng = self.rng
        for name in self.poses:
            wild = self.happens(0.04)
            drift = rng.normal(0, 0.01, SPEC.size)
            self.poses[name] = self.anywhere() if wild else self.poses[name] + drift
        if self.happens(0.2):
            T, late = int(rng.integers(1, 30)), int(rng.integers(0, 6))
            steps = rng.normal(0, 0.02, (T, SPEC.size)).cumsum(axis=0)
            stamp_ns = max(k - late, 0) * DT
            chunk = ActionChunk(stamp_ns, self.poses['policy'] + steps, str(stamp_ns))
            if self.happens(0.05):
                chunk.targets[rng.integers(T)] = np.nan
            self.arbiter.plans.offer(chunk)
        if self.happens(0.1):
            self.engaged = tuple(bool(x) for x in rng.random(2) < 0.5)
        for source in ('leader', 'joystick'):
            if self.happens(0.7):
                stamp, pose = (k - int(rng.integers(0, 2))) * DT, self.poses[source]
                self.arbiter.persons.offer(Proposal(stamp, pose, self.engaged, source))

    def interfere(self, k):
        """Stop, clear, take over and hand back by hand."""
        if self.happens(0.02):
            self.arbiter.locks.stop('software')
            self.is_stopped = True
        elif self.happens(0.15):
            assert self.arbiter.locks.clear(k * DT) == ''
            self.is_stopped = False
        if self.happens(0.03):
            self.arbiter.persons.take_over(str(self.rng.choice(['left', 'right'])))
        if self.happens(0.05):
            self.arbiter.persons.hand_back()

    def tick(self, k):
        """Decide, and check who has the arms."""
        noisy = self.measured + self.rng.normal(0, 1e-3, SPEC.size)
        noisy = noisy if k else self.measured
        joints = JointSample(k * DT, noisy, 0 * noisy, 0 * noisy)
        if k and self.happens(0.03):
            decision = self.arbiter.hold_all(None, k * DT, 'stale')
            assert all(a.who in (Who.HOLD, Who.ESTOP) for a in decision.authority)
        else:
            decision = self.arbiter.tick(joints)
        self.commands.append(decision.command)
        self.measured = 0.5 * self.measured + 0.5 * decision.command
        for arm, authority in enumerate(decision.authority):
            self.judge(k, arm, authority)

    def judge(self, k, arm, authority):
        """E-stop over all; after a person or a stop only what was planned since then."""
        assert (authority.who is Who.ESTOP) == self.is_stopped
        if authority.who in (Who.HUMAN, Who.ESTOP):
            self.oldest[arm] = (k + 1) * DT + 1  # the first tick at which it may be handed back
        if authority.who is Who.POLICY:
            assert int(authority.policy_version) >= self.oldest[arm]  # versions are stamps here
        assert authority.since_ns <= k * DT


def worst(commands):
    """Velocity, acceleration and jerk by finite differences, as parts of their limits."""
    commands = np.concatenate([np.repeat(commands[:1], 3, axis=0), commands])
    limits = (SPEC.velocity, SPEC.acceleration, SPEC.jerk)
    return [
        (np.abs(np.diff(commands, order, axis=0)) / SPEC.dt_s**order / limit).max()
        for order, limit in enumerate(limits, start=1)
    ]


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_happens_the_command_keeps_its_limits(seed):
    """Position, velocity, acceleration and jerk, by finite differences."""
    commands = Scene(seed).run()
    assert (commands >= SPEC.lower).all() and (commands <= SPEC.upper).all()
    assert max(worst(commands)) <= 1 + 1e-6


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_safety_filter_breaks_no_limit_either(seed):
    """The same, slowed down and stopped in between."""
    commands = Scene(seed, SPEC).run()
    assert (commands >= SPEC.lower).all() and (commands <= SPEC.upper).all()
    assert max(worst(commands)) <= 1 + 1e-6


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
@example(9109394)  # ruckig finds no way for a joint of the left arm
def test_who_corrects_one_arm_leaves_the_other_to_the_policy(seed):
    """Bit for bit as it moves without anybody there, at every take-over and hand-back."""
    rng = np.random.default_rng(seed)
    alone, helped = (Arbiter(UNGUARDED, SOURCES) for _ in range(2))
    right = SPEC.arms[1].all
    still, engaged, taken = 0 * SPEC.home, False, 0
    for k in range(80):
        joints = JointSample(k * DT, SPEC.home, still, still)
        if rng.random() < 0.2:
            steps = rng.normal(0, 0.02, (20, SPEC.size)).cumsum(axis=0)
            for arbiter in (alone, helped):
                arbiter.plans.offer(ActionChunk(k * DT, SPEC.home + steps))
        was, engaged = engaged, engaged ^ (rng.random() < 0.15)
        taken += engaged and not was
        wish = SPEC.home + rng.normal(0, 0.3, SPEC.size)
        helped.persons.offer(Proposal(k * DT, wish, (bool(engaged), False)), 'ann')
        one, two = alone.tick(joints), helped.tick(joints)
        assert two.command[right].tobytes() == one.command[right].tobytes()
        assert two.authority[1].who is one.authority[1].who
        assert (two.authority[0].who is Who.HUMAN) == engaged
    assert taken


def test_the_same_events_give_the_same_bytes():
    """Repeatable to the last bit."""
    assert Scene(5).run().tobytes() == Scene(5).run().tobytes()


def test_a_scene_has_every_kind_of_authority():
    """The property is not held by a robot that never moves."""
    seen, moved = set(), 0.0
    for seed in range(20):
        scene = Scene(seed)
        scene.judge = lambda k, arm, authority: seen.add(authority.who)
        commands = scene.run()
        moved = max(moved, np.ptp(commands, axis=0).max())
    assert seen == set(Who) and moved > 1.0

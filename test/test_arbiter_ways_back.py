"""However the policy comes to have the arms again, a fresh plan is executed two ticks later."""

from dataclasses import replace

import numpy as np
import pytest
from learning import episodes, tiny

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.control import AWAY_NS, Control
from il_ros.arbiter.gate import Gate
from il_ros.arbiter.sources import Lock, load_sources
from il_ros.policy.pilot import Pilot
from il_ros.robot.load import load_robot
from il_ros.spec import JointSample, Observation, Proposal, Reading, Who
from il_ros.trainer.run import prepare

BOUND = 2  # ticks of hold: that of the way back, and a gate's, who is told of it a tick later
NOT_YET = ('re-seating', 'seen again', 'joint_states', 'gate: the policy has no')  # the way is on
SPEC = replace(load_robot('sim'), safety=None)  # joints alone: many times as fast
DT = SPEC.dt_ns
E = 24  # so that who waits for the next plan that is due is caught
LOCKED = Lock('pause', 'pause', 0.0, 60)


@pytest.fixture(scope='module')
def pilot():
    config = tiny(head='l2', E=E, T=30)
    return Pilot(prepare(config, episodes(SPEC), SPEC).policy, SPEC, 'abc')


class Rig:
    """Arbiter and pilot in lockstep, a robot that does as commanded, and a person."""

    def __init__(self, pilot, seed):
        sources = load_sources()
        sources = replace(sources, locks=(*sources.locks, LOCKED))
        arbiter = Arbiter(SPEC, sources, Gate('distance'))
        self.control, self.pilot = Control(arbiter, self, None, 0.1), pilot
        self.persons, self.locks = arbiter.persons, arbiter.locks
        self.rng = np.random.default_rng(seed)
        self.position, self.k = SPEC.home, 0
        self.is_lost = False
        self.is_held = None  # the dead-man; None: the device says nothing
        self.score = 0.5  # of every plan; None: it has none
        pilot.reset(seed)

    @property
    def now_ns(self):
        """The tick that comes next."""
        return self.k * DT

    def propose(self, joints, command, sources):
        """What the hands ask for."""
        held = (self.is_held,) * len(SPEC.arms)
        pose = SPEC.home + 0.05 * np.sin(self.k / 10)
        return [] if self.is_held is None else [Proposal(joints.stamp_ns, pose, held)]

    def stale(self):
        """Which devices say nothing of now: the arbiter finds out by itself."""
        return {}

    def run(self, low, high=None):
        """Let some ticks pass, the last of several at random; return why the arms held at each."""
        return [self.tick() for _ in range(self.rng.integers(low, (high or low) + 1))]

    def tick(self):
        """Let a tick pass; return why the first arm that the policy lacks is not its, '' none."""
        turn = self.control.watch(self.now_ns) if self.is_lost else self.observed()
        self.k += 1
        if turn is None:
            return 'joint_states late'
        self.position = turn.decision.command
        self.pilot.see(turn.decision.authority)
        whys = [arm.why for arm in turn.decision.authority if arm.who is not Who.POLICY]
        return whys[0] if whys else ''

    def observed(self):
        """Let the policy see the tick before it is decided."""
        still = np.zeros(SPEC.size)
        values = {'position': self.position, 'velocity': still}
        chunk = self.pilot.act(Observation(self.now_ns, values))
        if chunk is not None:
            readings = {} if self.score is None else {'distance': Reading(self.score, 2.0, 1.0)}
            self.control.take_scores(chunk.stamp_ns, readings)
            self.control.take_chunk(chunk)
        self.control.take_joints(JointSample(self.now_ns, self.position, still, still))
        return self.control.tick(self.now_ns)


def held(rig):
    rig.is_held = True


def let_go(rig):
    rig.is_held = False


def taken(rig):
    rig.is_held = False
    rig.persons.take_over('left')


def handed_back(rig):
    rig.persons.hand_back()


def fallen_silent(rig):
    rig.is_held = True
    rig.run(3)
    rig.is_held = None
    assert any('silent' in why for why in rig.run(15))


def stopped(rig):
    rig.locks.stop('somebody')


def cleared(rig):
    assert rig.locks.clear(rig.now_ns) == ''


def paused(rig):
    rig.locks.set(LOCKED.name, True, rig.now_ns)


def unpaused(rig):
    rig.locks.set(LOCKED.name, False, rig.now_ns)


def lost(rig):
    rig.is_lost = True
    rig.run(8)


def away(rig):
    rig.is_lost = True
    rig.run(AWAY_NS // DT + 20)


def seen(rig):
    rig.is_lost = False


def called(rig, score=3.0):
    rig.score = score
    assert any(why.startswith('gate: ') for why in rig.run(E))


def helped(rig):
    called(rig)
    rig.is_held = True


def helped_until_it_is_calm(rig):
    helped(rig)
    rig.score = 0.5
    rig.run(E)


def without_a_score(rig):
    called(rig, None)


def scored(rig):
    rig.score = 0.5


@pytest.mark.parametrize(
    ('leave', 'come_back'),
    [
        (held, let_go),
        (taken, handed_back),
        (fallen_silent, let_go),
        (fallen_silent, handed_back),
        (stopped, cleared),
        (paused, unpaused),
        (lost, seen),
        (away, seen),
        (helped, let_go),
        (helped_until_it_is_calm, let_go),
        (without_a_score, scored),
    ],
    ids=lambda event: event.__name__,
)
def test_a_fresh_plan_is_executed_at_once(pilot, leave, come_back):
    """At any moment between two plans, which are half a second apart."""
    for seed in range(4):
        rig = Rig(pilot, seed)
        assert not any(rig.run(3, 2 * E))
        leave(rig)
        assert all(rig.run(2, 2 * E))
        come_back(rig)
        whys = rig.run(2 * E)
        waits = [why for why in whys if why and not why.startswith(NOT_YET)]
        assert 1 <= len(waits) <= BOUND, (seed, waits)
        assert not whys[-1]

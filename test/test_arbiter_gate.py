"""The gate: it calls once, holds until somebody has come, and a person's word counts more."""

import numpy as np
import pytest
from learning import episodes, tiny

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.gate import PATIENCE_NS, Gate
from il_ros.arbiter.sources import load_sources
from il_ros.policy.pilot import Pilot
from il_ros.policy.scores.bounds import Bounds
from il_ros.policy.scores.gauges import Gauges
from il_ros.policy.scores.kept import Kept
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.loop import Loop
from il_ros.rollout.takeovers import worst
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import ActionChunk, JointSample, Proposal, Reading, Who
from il_ros.trainer.run import prepare

SPEC = load_robot('sim')
DT = SPEC.dt_ns
POLICY, HUMAN, HOLD = (Who.POLICY,) * 2, (Who.HUMAN,) * 2, (Who.HOLD,) * 2
MUCH, LITTLE, BETWEEN = 3.0, 0.5, 1.5


class Rig:
    """An arbiter with a gate; every tick a plan that moves on, with a score."""

    def __init__(self, holds=True):
        self.arbiter = Arbiter(SPEC, load_sources(), Gate('distance', holds))
        self.tick_number = 0
        self.position = SPEC.home
        self.commands = []

    def run(self, value, n=20, hands=None):
        """Run n ticks with that score; return who has the arms, and the request."""
        for _ in range(n):
            now_ns, still = self.tick_number * DT, np.zeros(SPEC.size)
            step = 0.002 * np.arange(1, 51)[:, None] * np.sign(SPEC.upper - SPEC.home)
            chunk = ActionChunk(now_ns, np.clip(self.position + step, SPEC.lower, SPEC.upper))
            self.arbiter.gate.read(now_ns, self.scores(value))
            self.arbiter.plans.offer(chunk)
            if hands is not None:
                self.arbiter.persons.offer(Proposal(now_ns, self.position, hands, 'leader'))
            decision = self.arbiter.tick(JointSample(now_ns, self.position, still, still))
            self.position = decision.command
            self.commands.append(decision.command)
            self.tick_number += 1
        return tuple(a.who for a in decision.authority), self.arbiter.request

    def scores(self, value):
        """Return the readings of a plan."""
        return {'distance': Reading(value, 2.0, 1.0), 'spread': Reading(99.0, 1.0, 0.5)}


def test_a_gate_that_nobody_asks_for_does_not_call_and_one_asked_for_again_begins_anew():
    rig = Rig()
    assert rig.run(MUCH)[0] == HOLD
    rig.arbiter.gate.ask('')
    assert rig.run(MUCH) == (POLICY, '')
    rig.arbiter.gate.ask('distance')
    assert rig.run(LITTLE) == (POLICY, '') and rig.run(MUCH)[0] == HOLD


def test_a_high_score_slows_down_and_holds_within_every_limit():
    rig = Rig()
    assert rig.run(LITTLE, 40) == (POLICY, '')
    assert rig.run(BETWEEN) == (POLICY, '')
    assert rig.run(MUCH, 40) == (HOLD, 'gate: distance 3 is above 2')
    assert np.array_equal(rig.commands[-1], rig.commands[-5])  # it stands
    assert max(worst(SPEC, np.array(rig.commands))) <= 1 + 1e-6


def test_a_draw_that_happens_to_be_low_does_not_let_it_go_on():
    rig = Rig()
    rig.run(MUCH)
    assert rig.run(LITTLE) == (HOLD, 'gate: distance 3 is above 2')


def test_who_has_come_is_asked_to_stay_until_the_score_has_fallen():
    rig = Rig()
    rig.run(MUCH)
    assert rig.run(MUCH, hands=(True, True)) == (HUMAN, 'gate: distance 3 is above 2')
    assert rig.run(BETWEEN, hands=(True, True))[1] != ''  # hysteresis
    assert rig.run(LITTLE, hands=(True, True)) == (HUMAN, '')
    assert rig.run(BETWEEN, hands=(False, False)) == (POLICY, '')
    assert rig.run(MUCH)[0] == HOLD  # and is on its guard again


def test_a_person_may_overrule_it_and_is_not_called_twice_for_the_same():
    rig = Rig()
    rig.run(MUCH)
    rig.run(MUCH, hands=(True, True))
    assert rig.run(MUCH, 100, hands=(False, False)) == (POLICY, '')
    assert rig.run(BETWEEN) == (POLICY, '')
    rig.run(LITTLE)
    assert rig.run(MUCH)[0] == HOLD


def test_the_arm_that_nobody_took_is_held_too():
    rig = Rig()
    rig.run(MUCH)
    assert rig.run(MUCH, hands=(True, False))[0] == (Who.HUMAN, Who.HOLD)


def test_it_may_only_warn():
    rig = Rig(holds=False)
    assert rig.run(MUCH) == (POLICY, 'gate: distance 3 is above 2')
    assert rig.run(BETWEEN) == (POLICY, 'gate: distance 3 is above 2')
    assert rig.run(LITTLE) == (POLICY, '')


@pytest.mark.parametrize(
    ('readings', 'why'),
    [
        ({'spread': Reading(1.0, 2.0, 1.0)}, "no score 'distance', it has spread; fit it by"),
        ({}, "no score 'distance', it has none"),
        ({'distance': Reading(1.0)}, 'distance has no bounds; take them from roll-outs'),
        ({'distance': Reading(float('nan'), 2.0, 1.0)}, 'distance is nan'),
    ],
)
def test_without_a_score_to_compare_it_holds_and_says_what_to_do(readings, why):
    rig = Rig()
    rig.run(LITTLE)
    rig.scores = lambda value: readings
    who, request = rig.run(MUCH, 5)
    assert who == HOLD and why in request
    del rig.scores
    assert rig.run(LITTLE) == (POLICY, '')


def test_a_policy_whose_scores_stop_coming_is_not_trusted_for_long():
    gate = Gate('distance')
    gate.read(0, {'distance': Reading(LITTLE, 2.0, 1.0)})
    gate.update(DT, 0, False)
    gate.update(2 * DT, 2 * DT, False)
    gate.update(2 * DT + PATIENCE_NS, 2 * DT, False)
    assert gate.bar == ''
    gate.update(3 * DT + PATIENCE_NS, 20 * DT, False)
    assert gate.bar == 'gate: no distance comes with the plans; see policy/score'


def loop_with(gauges, gate):
    """Return a loop in which a policy that learned little acts."""
    policy = prepare(tiny(head='flow', E=6), episodes(SPEC), SPEC).policy
    arbiter = Arbiter(SPEC, load_sources(), gate)
    found = Gauges(policy, gauges) if gauges else None
    return Loop(
        World(SPEC, make(TASKS, 'transfer')), arbiter, Pilot(policy, SPEC, 'abc', gauges=found)
    )


def steps_of(loop, ticks=60):
    """Return the first steps of an episode."""
    loop.reset(0)
    steps = []
    for _ in range(ticks):
        steps.append(loop.tick())
        loop.world.step(steps[-1].decision.command)
    return steps


def test_with_the_gate_off_trajectories_are_the_same_to_the_last_bit():
    """Whether or not scores are told, and where a gate never has a reason to call."""
    never = {'spread': Kept({}, Bounds(1e9, 1e8, 20, 0.05)), 'residual': Kept({})}
    plain, told, gated = (
        np.stack([step.decision.command for step in steps_of(loop_with(gauges, gate))])
        for gauges, gate in [({}, None), (never, None), (never, Gate('spread'))]
    )
    assert np.array_equal(plain, told) and np.array_equal(plain, gated)


def test_in_process_the_score_of_a_plan_is_compared_at_its_own_tick():
    bounds = Bounds(0.0, -1.0, 20, 0.05)  # any spread is above that
    steps = steps_of(loop_with({'spread': Kept({}, bounds)}, Gate('spread')), 12)
    assert steps[0].chunk is not None and steps[0].chunk.scores['spread'].high == 0.0
    first = steps[0].decision.authority[0]
    assert first.who is Who.HOLD and first.why.startswith('gate: spread')
    assert first.gate_score == steps[0].chunk.scores['spread'].value > 0.0

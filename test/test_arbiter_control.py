"""The control tick: decided once, on the joints of its time, and held with a reason."""

import numpy as np
import pytest

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.control import Control
from il_ros.arbiter.gate import Gate
from il_ros.arbiter.lockstep import Lockstep
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.spec import ActionChunk, JointSample, Proposal, Reading, Who

SPEC = load_robot('sim')
LEFT, RIGHT = SPEC.arms
DT = SPEC.dt_ns
STILL = np.zeros(SPEC.size)


class Nobody:
    """Hands that ask for what they are told to."""

    def __init__(self):
        self.asks = []

    def propose(self, joints, command, sources):
        """Return it once."""
        asks, self.asks = self.asks, []
        return asks

    def stale(self):
        """Name no device."""
        return {}

    def forget(self):
        """Ask for nothing."""
        self.asks = []


def control(participants=None, gate=None):
    lockstep = None if participants is None else Lockstep(participants, 10.0)
    return Control(Arbiter(SPEC, load_sources(), gate), Nobody(), lockstep, 0.1)


def sample(stamp_ns, position=SPEC.home):
    return JointSample(stamp_ns, position, STILL, STILL)


def ticked(it, stamp_ns, late_ns=0):
    """Take joints and decide on them."""
    it.take_joints(sample(stamp_ns))
    return it.tick(stamp_ns + late_ns)


def whys(turn):
    return {arm.why for arm in turn.decision.authority}


def test_each_tick_is_decided_once_with_the_stamp_of_its_joints():
    it = control()
    assert it.tick(DT) is None  # nothing is known yet
    assert ticked(it, 5 * DT, late_ns=1000).decision.stamp_ns == 5 * DT
    assert it.tick(5 * DT) is None
    it.take_joints(sample(4 * DT))  # overtaken on the way
    assert it.tick(5 * DT) is None


def test_a_tick_that_does_not_come_is_decided_without_and_then_held():
    it = control()
    ticked(it, 0)
    it.take_chunk(ActionChunk(0, np.tile(SPEC.home + 0.1, (20, 1))))
    assert ticked(it, DT).decision.authority[0].who is Who.POLICY
    assert it.watch(2 * DT) is None  # it may still come
    late = it.watch(3 * DT)
    assert late.decision.stamp_ns == 3 * DT and late.decision.authority[0].who is Who.POLICY
    assert it.watch(4 * DT).decision.stamp_ns == 4 * DT
    held = it.watch(DT + 100_000_001)
    assert whys(held) == {'joint_states older than 0.1 s'}
    assert it.watch(DT + 100_000_001 + DT // 4) is None
    assert whys(it.watch(2 * DT + 100_000_001)) == {'joint_states older than 0.1 s'}


def decided(ticks, watch):
    """What is decided of ticks [(stamp, arrival), ...], watch() being called once a period."""
    it = control()
    calls = [(arrival, stamp) for stamp, arrival in ticks]
    calls += [(watch + k, None) for k in range(len(ticks))]
    stamps = []
    for now, stamp in sorted(calls, key=lambda call: call[0]):
        if stamp is not None:
            it.take_joints(sample(round(stamp * DT)))
        turn = it.watch(round(now * DT)) if stamp is None else it.tick(round(now * DT))
        stamps += [] if turn is None else [turn.decision.stamp_ns / DT]
    return np.array(stamps)


def test_after_one_late_tick_joints_are_decided_on_again_and_no_tick_twice():
    """Also where watch() is called between the stamps of joints and their arrival."""
    ticks = [(k, k + 0.2) for k in range(20)]
    ticks[5] = (5, 5.7)  # late on its way
    stamps = decided(ticks, watch=0.6)
    np.testing.assert_allclose(stamps, [*range(5), 5.6, *range(6, 20)])
    ticks[5] = (5.65, 5.7)  # late as the robot made it
    stamps = decided(ticks, watch=0.6)
    np.testing.assert_allclose(stamps, [*range(5), 5.6, *range(6, 20)])
    ticks[5], ticks[6] = (5, 7.05), (6, 7.06)  # a bunch
    stamps = decided(ticks, watch=0.1)
    np.testing.assert_allclose(stamps, [*range(5), 6.1, 7.1, *range(8, 20)])
    ticks[5], ticks[6] = (5, 6.15), (6, 6.2)
    stamps = decided(ticks, watch=0.1)
    np.testing.assert_allclose(stamps, [*range(5), 6.1, *range(7, 20)])


@pytest.mark.parametrize('late', [(1.7, 1.7), (0.9, 1.7)])  # by turns
def test_joints_that_are_late_all_along_are_decided_on_with_stamps_of_now(late):
    """With the stamps of the joints a controller would refuse what ended in the past."""
    stamps = decided([(k, k + late[k % 2]) for k in range(20)], watch=0.6)
    assert np.allclose(np.diff(stamps[4:]), 1) and np.allclose(stamps[4:] % 1, 0.6)


def test_a_robot_that_is_away_is_sent_nothing_and_found_where_it_is():
    """It may be switched off, moved, and on again: the first command must not make it leap."""
    it = control()
    ticked(it, 0)
    it.take_chunk(ActionChunk(0, np.linspace(SPEC.home, SPEC.home + 0.3, 20)))
    for i in range(1, 8):
        ticked(it, i * DT)
    turns = [turn for i in range(9, 90) if (turn := it.watch(i * DT)) is not None]
    sent = [turn.is_sent for turn in turns]
    first = sent.index(False)
    assert first > 5 and not any(sent[first:])
    before = turns[first - 1].decision.command
    np.testing.assert_array_equal(before, turns[-1].decision.command)
    assert whys(turns[-1]) == {'joint_states older than 0.1 s'}
    moved = before.copy()
    moved[LEFT.joints] -= 0.4  # [rad] by hand
    moved[RIGHT.gripper] -= 0.3  # [opening] what it holds is softer now
    for i in range(96, 100):  # what was sent last may yet be on its way
        it.take_joints(sample(i * DT, before))
        looked = it.tick(i * DT)
        assert not looked.is_sent and 'looking where the arms are' in whys(looked).pop()
    it.take_joints(sample(100 * DT, moved))
    back = it.tick(100 * DT)
    assert back.is_sent and back.decision.authority[0].who is Who.HOLD
    np.testing.assert_array_equal(back.decision.command[LEFT.all], moved[LEFT.all])
    np.testing.assert_array_equal(back.decision.command[RIGHT.all], before[RIGHT.all])
    it.take_chunk(ActionChunk(101 * DT, np.tile(moved, (20, 1))))
    assert ticked(it, 101 * DT).decision.authority[0].who is Who.POLICY


def test_joints_that_arrive_old_are_not_decided_on():
    it = control()
    it.take_joints(sample(0))
    assert it.tick(100_000_001) is None
    assert it.wrong_joints(100_000_001) == 'joint_states older than 0.1 s'


def test_nothing_is_commanded_before_a_pose_is_known():
    it = control()
    it.refuse_joints('joint_states: not ours')
    assert it.watch(10**9) is None and it.wrong_joints(10**9) == 'joint_states: not ours'


def test_wrong_joints_hold_with_their_reason_until_right_ones_come():
    it = control()
    ticked(it, 0)
    it.refuse_joints('joint_states: not ours')
    assert whys(it.watch(2 * DT)) == {'joint_states: not ours'}
    assert whys(ticked(it, 3 * DT)) == {'no chunk yet'}


def test_a_reset_waits_until_the_command_stands_and_forgets_older_joints():
    it = control()
    ticked(it, 0)
    it.take_chunk(ActionChunk(0, np.linspace(SPEC.home, SPEC.home + 0.3, 20)))
    for i in range(1, 8):
        ticked(it, i * DT)
    it.forget(8 * DT)
    it.take_joints(sample(8 * DT))
    assert it.tick(8 * DT) is None
    turns = [ticked(it, i * DT) for i in range(9, 60)]
    braking = [whys(turn) == {'coming to rest before the reset'} for turn in turns]
    first = braking.index(False)
    assert first > 2 and not any(braking[first:])
    np.testing.assert_array_equal(turns[first].decision.command, SPEC.home)
    speeds = np.abs(np.diff([turn.decision.command for turn in turns[:first]], axis=0)) / SPEC.dt_s
    assert speeds[-1].max() < 1e-9 < speeds[0].max()


@pytest.mark.parametrize('is_first', [True, False])
def test_an_arm_that_was_given_before_the_episodes_first_joints_is_the_persons(is_first):
    """It was acknowledged, so it counts; what was given in the episode before does not."""
    it = control()
    if not is_first:
        ticked(it, 0)
        it.arbiter.persons.take_over('right')
        it.forget(DT)
    it.arbiter.persons.take_over('left')
    it._hands.asks = [Proposal(2 * DT, SPEC.home, (False, False), 'joystick')]
    left, right = ticked(it, 2 * DT).decision.authority
    assert (left.who, right.who) == (Who.HUMAN, Who.HOLD)


def test_what_a_device_stamped_while_the_joints_were_on_their_way_is_not_the_future():
    it = control()
    ticked(it, 0)
    engaged = (True,) * len(SPEC.arms)
    it._hands.asks = [Proposal(DT + 900_000, SPEC.home, engaged)]
    turn = ticked(it, DT, late_ns=1_000_000)
    assert turn.decision.authority[0].who is Who.HUMAN
    assert turn.proposal.stamp_ns == DT + 900_000


def test_a_person_is_asked_for_what_lasts():
    it = control()
    ticked(it, 0)
    it.take_chunk(ActionChunk(0, np.tile(SPEC.home, (3, 1))))
    requests = []
    for i in range(1, 25):
        ticked(it, i * DT)
        requests.append((it.arbiter.request, it.request))
    first = [why for why, _ in requests].index('left: chunk exhausted; right: chunk exhausted')
    assert [told for _, told in requests].index(requests[first][0]) == first + 15
    it.take_chunk(ActionChunk(25 * DT, np.tile(SPEC.home, (3, 1))))
    ticked(it, 25 * DT)
    assert it.request == ''


def test_a_further_source_has_the_arms_while_it_speaks(tmp_path):
    path = tmp_path / 'arbiter.yaml'
    path.write_text(
        'topics:\n'
        '  policy: {topic: policy/action_chunk, timeout: 2.0, priority: 10}\n'
        '  planner: {topic: planner/target, timeout: 0.05, priority: 90}\n'
    )
    it = Control(Arbiter(SPEC, load_sources(path)), Nobody(), None, 0.1)
    ticked(it, 0)
    it.take_proposal(Proposal(DT, SPEC.home, (True,) * len(SPEC.arms), 'planner'))
    assert whys(ticked(it, DT)) == {'planner engaged'}


def test_lockstep_waits_for_everyone_and_takes_the_chunk_of_its_tick():
    it = control(['policy', 'leader'])
    it.take_joints(sample(0))
    assert it.tick(0) is None
    it.take_chunk(ActionChunk(0, np.tile(SPEC.home, (5, 1)), 'v1'))
    it.lockstep.answer('policy', 0)
    assert it.tick(0) is None
    it.lockstep.answer('leader', 0)
    turn = it.tick(0)
    assert turn.decision.authority[0].who is Who.POLICY  # the first tick of an episode too
    assert turn.decision.authority[0].policy_version == 'v1'
    assert it.watch(10**12) is None  # no clock takes part


def test_who_is_silent_in_lockstep_is_dropped_until_the_next_episode():
    it = control(['policy'])
    it.take_joints(sample(0))
    assert it.drop_silent(9.9) == []
    assert it.drop_silent(10.0) == ['policy']
    assert whys(it.tick(0)) == {'no answer from policy'}
    assert whys(ticked(it, DT)) == {'no answer from policy'}
    it.forget(DT)
    assert it.lockstep.dropped == [] and it.drop_silent(99.0) == []
    it.take_joints(sample(2 * DT))
    assert it.tick(2 * DT) is None


@pytest.mark.parametrize('participants', [None, []])
def test_real_time_and_lockstep_decide_the_same(participants):
    it = control(participants)
    commands = []
    for i in range(10):
        if i == 2:
            it.take_chunk(ActionChunk(i * DT, np.linspace(SPEC.home, SPEC.home + 0.1, 8)))
        commands.append(ticked(it, i * DT).decision.command)
    other = control(None if participants == [] else [])
    for i in range(10):
        if i == 2:
            other.take_chunk(ActionChunk(i * DT, np.linspace(SPEC.home, SPEC.home + 0.1, 8)))
        np.testing.assert_array_equal(ticked(other, i * DT).decision.command, commands[i])


@pytest.mark.parametrize('participants', [None, ['policy']])
def test_a_call_of_the_gate_is_published_until_somebody_has_come_and_the_score_is_low(
    participants,
):
    it = control(participants, Gate('distance'))
    told = []
    for tick in range(60):
        now_ns, value = tick * DT, 3.0 if 5 <= tick < 40 else 0.5
        it.take_scores(now_ns, {'distance': Reading(value, 2.0, 1.0)})
        it.take_chunk(ActionChunk(now_ns, np.tile(SPEC.home, (20, 1))))
        if it.lockstep is not None:
            it.lockstep.answer('policy', now_ns)
        it._hands.asks = [Proposal(now_ns, SPEC.home, (tick >= 30,) * 2, 'leader')]
        who = ticked(it, now_ns).decision.authority[0].who
        told.append((who, it.request))
    assert [told[i][0] for i in (4, 5, 29, 30)] == [Who.POLICY, Who.HOLD, Who.HOLD, Who.HUMAN]
    calls = [i for i, (_, request) in enumerate(told) if request]
    assert calls == list(range(5 + 15, 40))  # 0.3 s later, no blink; '' once the score is low
    assert told[20][1] == 'gate: distance 3 is above 2'


def test_what_the_gate_thought_of_a_policy_ends_when_that_is_to_rest():
    it = control(None, Gate('distance'))
    for tick in range(40):
        it.take_scores(tick * DT, {'distance': Reading(3.0, 2.0, 1.0)})
        it.take_chunk(ActionChunk(tick * DT, np.tile(SPEC.home, (20, 1))))
        ticked(it, tick * DT)
    assert it.request.startswith('gate: ')
    it.drop_plan()
    seen = [whys(ticked(it, tick * DT)) for tick in range(40, 80)]
    assert not any('gate' in why for found in seen for why in found) and 'gate' not in it.request

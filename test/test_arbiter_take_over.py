"""A correction with leader arms starts at once: no alignment first, and no snap to the leader."""

from dataclasses import dataclass

import numpy as np
import pytest

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.control import Control
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.spec import ActionChunk, JointSample, Who
from il_ros.teleop.hands import Hands
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.leader_config import MATCHED, LeaderConfig
from il_ros.teleop.leader_map import LeaderReading
from il_ros.teleop.mapping_file import load_mapping

SPEC = load_robot('sim')
DT = SPEC.dt_ns
STILL = np.zeros(SPEC.size)
WAIST = 0  # the left one, which has room both ways
PRESSED = 40  # the tick at which the dead-man is pressed
LAG = 0.25  # of the way to its command that the follower makes in a tick
SPEED = 0.4  # [rad/s] of the hand, from the press on


@dataclass
class Course:
    """What came of some ticks; the tick of the press is row PRESSED."""

    command: np.ndarray  # (n, A)
    hand: np.ndarray  # (n, A) where the leader was
    who: list[Who]


def run(config, off, speed=SPEED, ticks=160):
    """A policy moves the waist, until somebody takes over at a leader that is off by so much."""
    arbiter = Arbiter(SPEC, load_sources())
    hands = Hands(SPEC, load_mapping(), config)
    control = Control(arbiter, hands, None, 0.1)
    measured, course = SPEC.home.copy(), Course(np.empty((0, SPEC.size)), None, [])
    wave = 0.3 * np.sin(np.arange(1, ticks + 60) * SPEC.dt_s * 2)[:, None] * (STILL + 1)
    leaders = []
    for k in range(ticks):
        now_ns = (k + 1) * DT
        if k % 10 == 0:
            rows = SPEC.home + wave[k : k + 60] * (np.arange(SPEC.size) == WAIST)
            control.take_chunk(ActionChunk(now_ns, rows))
        leader = SPEC.home.copy()
        leader[WAIST] += off + speed * SPEC.dt_s * max(0, k - PRESSED)
        leaders.append(leader)
        pressed = np.zeros(len(BUTTONS))
        pressed[BUTTONS.index('leftshoulder')] = k >= PRESSED
        hands.take_joy(now_ns, np.zeros(len(AXES)), pressed)
        hands.take_leader(LeaderReading(now_ns, leader, (True, True)))
        control.take_joints(JointSample(now_ns, measured.copy(), STILL, STILL))
        decision = control.tick(now_ns).decision
        course.command = np.vstack([course.command, decision.command])
        course.who.append(decision.authority[0].who)
        measured += LAG * (decision.command - measured)
    course.hand = np.array(leaders)
    return course


def assert_never_a_jump(command):
    limits = (SPEC.velocity, SPEC.acceleration, SPEC.jerk)
    for order, limit in enumerate(limits, start=1):
        reached = np.abs(np.diff(command, order, axis=0)).max(0) / SPEC.dt_s**order
        assert (reached <= limit * (1 + 1e-6) + 1e-6).all(), (order, reached / limit)


MODES = {
    'clutched': LeaderConfig(mode='clutched'),
    'absolute': LeaderConfig(mode='absolute', blend=0.5),
    'auto': LeaderConfig(),
    'without a file': MATCHED,
}


@pytest.mark.parametrize('off', [-0.8, 0.15, 0.8])
@pytest.mark.parametrize('mode', MODES)
def test_a_correction_starts_at_once_and_without_a_jump(mode, off):
    """The person has the arm at the very tick, and the waist goes along with the hand from it."""
    course = run(MODES[mode], off)
    assert course.who[PRESSED - 1] is Who.POLICY and course.who[PRESSED] is Who.HUMAN
    assert set(course.who[PRESSED:]) == {Who.HUMAN}
    assert_never_a_jump(course.command)
    of_the_hand = course.command - run(MODES[mode], off, speed=0.0).command
    for ticks in (5, 10):  # what a hand that is held still would not have brought
        share = of_the_hand[PRESSED + ticks, WAIST] / (SPEED * ticks * SPEC.dt_s)
        assert 0.5 < share < 1.2, (ticks, share)
    start, end = PRESSED + 10, PRESSED + 30  # 0.2 s later, when the policy's motion has gone out
    went = course.command[end, WAIST] - course.command[start, WAIST]
    asked = course.hand[end, WAIST] - course.hand[start, WAIST]
    blend = {'absolute': 0.5 * (end - start) * SPEC.dt_s}.get(mode, 0.15 if off == 0.15 else 0.0)
    assert abs(went - asked) <= blend + 0.02


@pytest.mark.parametrize('off', [-0.8, 0.8])
def test_a_leader_that_is_far_off_is_never_snapped_to(off):
    """A hard switch would be at the leader, 0.8 rad away, as fast as the joints can."""
    course = run(MODES['absolute'], off)
    moved = np.abs(np.diff(course.command[PRESSED + 10 :, WAIST])) / SPEC.dt_s
    assert moved.max() < SPEED + 0.5 + 0.05  # the hand's own speed, and that of the blend
    gap = np.abs(course.command - course.hand)[:, WAIST]
    assert gap[PRESSED + 20] > gap[PRESSED] - 20 * 0.5 * SPEC.dt_s - 0.02
    assert gap[-1] < 0.02 + 0.5 * SPEC.dt_s  # and yet it is absolute in the end


def test_a_clutched_hand_keeps_its_distance():
    course = run(MODES['clutched'], 0.8)
    gap = (course.hand - course.command)[PRESSED + 15 :, WAIST]
    assert np.ptp(gap) < 5e-3


def test_a_take_over_by_service_is_clutched_like_one_by_the_dead_man():
    arbiter, hands = Arbiter(SPEC, load_sources()), Hands(SPEC, load_mapping())
    control = Control(arbiter, hands, None, 0.1)
    off = SPEC.home + 0.5
    off[[arm.gripper.start for arm in SPEC.arms]] = 1.0
    for k in range(1, 41):
        hands.take_leader(LeaderReading(k * DT, off, (True, True)))
        control.take_joints(JointSample(k * DT, SPEC.home, STILL, STILL))
        decision = control.tick(k * DT).decision
        if k == 10:
            arbiter.persons.take_over('left', 'leader')
    assert [a.who for a in decision.authority] == [Who.HUMAN, Who.HOLD]
    np.testing.assert_allclose(decision.command, SPEC.home, atol=1e-9)

"""A person tells what to learn while the policy acts: leader arms, or sticks, that have no arm."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from learning import HOLD, HUMAN, tiny

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.control import Control
from il_ros.arbiter.sources import load_sources
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.labels import labels
from il_ros.dataset.windows import NoWindows, Windows
from il_ros.policy.pilot import load_pilot
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.robot.load import load_robot
from il_ros.rollout.loop import through_wire
from il_ros.rollout.recording import BagSubscriber
from il_ros.spec import ActionChunk, JointSample, Observation, Outcome, Step, Told, Who
from il_ros.teleop.hands import Hands
from il_ros.teleop.jog import RAMP_TICKS
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.leader_config import LeaderConfig
from il_ros.teleop.leader_map import LeaderReading
from il_ros.teleop.mapping_file import load_mapping
from il_ros.trainer import train

SPEC = load_robot('sim')
LEFT, RIGHT = SPEC.arms
DT, TICKS = SPEC.dt_ns, 80
LABEL, HELD = range(20, 40), range(50, 65)  # ticks at which a button is held
SILENT = range(35, 45)  # at which the stick is at rest
WAIST = RIGHT.joints.start
SPEED = 0.2  # [rad/s] of the hand, which has the leader's right arm alone


@pytest.fixture(scope='module')
def episode(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp('bags'), lead)


@pytest.fixture(scope='module')
def steered(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp('bags'), steer)


def recorded(root, act):
    """What comes back from the bag of an episode in which a person tells, and then corrects."""
    bags = BagSubscriber(SPEC, EpisodeRecorder(root))
    hands = Hands(SPEC, load_mapping(), LeaderConfig(mode='clutched'))
    control = Control(Arbiter(SPEC, load_sources()), hands, None, 0.1)
    bags.start({'task': 'transfer', 'robot': 'sim'}, DT)
    measured = through_wire(SPEC, SPEC.home)
    for k in range(TICKS):
        bags(tick(control, partial(act, hands), k, measured))
        measured = through_wire(SPEC, control.arbiter.command)
    bags.stop('success', 'stopped')
    (found,) = load_episodes(root, SPEC, include_suspect=True)
    return found


@pytest.fixture(scope='module')
def unsaid(tmp_path_factory):
    """An episode in which nobody says anything."""
    return recorded(tmp_path_factory.mktemp('bags'), lambda hands, k, now_ns: None)


def tick(control, act, k, measured):
    """Let policy and person say something, and decide."""
    now_ns, still = (k + 1) * DT, np.zeros(SPEC.size)
    chunk = None
    if k % 8 == 1:
        rows = measured + 0.002 * np.arange(1, 25)[:, None] * (np.arange(SPEC.size) == WAIST)
        chunk = ActionChunk(now_ns, rows)
        control.take_chunk(chunk)
    act(k, now_ns)
    joints = JointSample(now_ns, measured, still, still)
    control.take_joints(joints)
    turn = control.tick(now_ns)
    seen = Observation(now_ns, {})
    outcome = Outcome(now_ns, 'success' if k == TICKS - 1 else 'running')
    return Step(seen, joints, chunk, turn.proposal, turn.decision, outcome)


def pressed(k, *besides):
    """The pad's buttons at a tick."""
    buttons = np.zeros(len(BUTTONS))
    buttons[BUTTONS.index('leftstick')] = k in LABEL
    buttons[BUTTONS.index('leftshoulder')] = k in HELD
    buttons[[BUTTONS.index(name) for name in besides]] = 1
    return buttons


def lead(hands, k, now_ns):
    """Hold the leader's right arm, which moves all the time."""
    leader = SPEC.home - 0.5
    leader[WAIST] -= SPEED * SPEC.dt_s * k
    leader[LEFT.all] = np.nan
    hands.take_joy(now_ns, np.zeros(len(AXES)), pressed(k))
    hands.take_leader(LeaderReading(now_ns, leader, (False, True)))


def steer(hands, k, now_ns):
    """Push the stick that turns the right waist, and let go of it before the button."""
    axes = np.zeros(len(AXES))
    axes[AXES.index('leftx')] = -0.4 * (k not in SILENT)  # of 0.5 rad/s
    hands.take_joy(now_ns, axes, pressed(k, 'dpad_right' if k == 0 else 'rightshoulder'))


@pytest.mark.parametrize('hands', ['episode', 'steered'])
def test_the_policy_keeps_the_arms_while_a_person_tells(request, hands):
    episode = request.getfixturevalue(hands)
    who = episode.who[LABEL.start : LABEL.stop]
    assert (who == tuple(Who).index(Who.POLICY)).all()
    moved = np.diff(episode.command[LABEL.start : LABEL.stop, WAIST])
    assert (moved > 0).all()  # as the policy wants, the hand going the other way


def test_what_was_told_goes_with_the_hand_from_where_the_robot_was(episode):
    told = np.flatnonzero(episode.told[:, 1])
    assert told.tolist() == list(LABEL) and not episode.told[:, 0].any()
    hand = episode.proposal[told, WAIST]
    assert hand[0] == pytest.approx(episode.position[LABEL.start, WAIST])
    np.testing.assert_allclose(np.diff(hand), -SPEED * SPEC.dt_s, atol=1e-9)


def test_sticks_tell_a_velocity_from_the_command_of_the_tick_and_nothing_at_rest(steered):
    """Only the arm that is selected, and no step of the policy's is in it."""
    told = np.flatnonzero(steered.told[:, 1])
    assert told.tolist() == [k for k in LABEL if k not in SILENT]
    assert not steered.told[:, 0].any()
    assert set(steered.told[told, 1]) == {Told.HOW_FAST}
    asked = steered.proposal[told] - steered.command[told - 1]
    expected = -SPEED * SPEC.dt_s * np.minimum(np.arange(1, len(told) + 1) / RAMP_TICKS, 1.0)
    np.testing.assert_allclose(asked[:, WAIST], expected, atol=1e-9)
    assert np.abs(np.delete(asked, WAIST, axis=1)).max() < 1e-9
    human = np.flatnonzero(steered.who[:, 1] == tuple(Who).index(Who.HUMAN))
    assert human.tolist() == list(HELD) and (np.diff(steered.command[HELD, WAIST]) < 0).any()


@pytest.mark.parametrize(('learn_from', 'ticks'), [('demonstrations', 0), ('dagger', len(LABEL))])
def test_it_is_learned_for_its_arm_alone_and_only_by_dagger(episode, learn_from, ticks):
    found = labels(episode, SPEC, learn_from)
    human = np.flatnonzero(episode.who[:, 1] == tuple(Who).index(Who.HUMAN))
    assert human.tolist() == list(HELD)
    assert len(found.seen) == ticks + len(HELD)
    assert (found.left[:, 0] == 0).all()  # nobody said anything of the left arm
    assert (found.left[found.starts, 1] > 0).all()
    if ticks:
        np.testing.assert_allclose(
            found.targets[LABEL.start : LABEL.stop, WAIST],
            episode.proposal[LABEL.start : LABEL.stop, WAIST],
            atol=1e-6,
        )


def test_what_velocities_lead_to_is_learned_from_what_was_seen_at_each_tick(steered):
    """The policy led the arm the other way meanwhile: none of that is in it."""
    found = labels(steered, SPEC, 'dagger')
    told = [k for k in LABEL if k not in SILENT]
    assert found.seen.tolist() == [*HELD, *told]
    tick = LABEL.start + RAMP_TICKS
    start = found.starts[found.seen.tolist().index(tick)]
    assert found.left[start].tolist() == [0, SILENT.start - tick]
    chunk = found.targets[start : start + found.left[start, 1], WAIST]
    away = -SPEED * SPEC.dt_s * np.arange(1, len(chunk) + 1)
    np.testing.assert_allclose(chunk, steered.command[tick - 1, WAIST] + away, atol=1e-6)
    assert steered.command[tick + 5, WAIST] > steered.command[tick, WAIST]
    assert labels(steered, SPEC, 'demonstrations').seen.tolist() == list(HELD)


@pytest.mark.parametrize('hands', ['episode', 'steered'])
def test_a_policy_learns_what_was_told_in_one_of_two_episodes(request, hands, unsaid, tmp_path):
    """Of a person who takes over nowhere, and says nothing at all in the other one."""
    told = only_told(request.getfixturevalue(hands))
    given = {'head': 'l2', 'inputs': ('position',), 'learn_from': 'dagger'}
    config = tiny(**given, steps=400, lr=3e-3, ema=0.9)
    windows = Windows([told], SPEC, config)
    found = train(config, [told, unsaid], SPEC, tmp_path)
    assert found['windows'] == len(windows) == np.count_nonzero(told.told[:, 1])
    pilot, batch = load_pilot(tmp_path, SPEC, 'cpu'), windows.batch(np.arange(len(windows)))
    whole = np.flatnonzero(batch.mask[:, :, WAIST].all(1))
    assert len(whole) > 5
    for window in whole:
        pilot.reset(0)
        plan = pilot.act(Observation(0, {'position': batch.values['position'][window, -1]}))
        off = plan.targets[:, WAIST] - batch.actions[window, :, WAIST]
        assert np.abs(off).max() < 0.3 * SPEED * SPEC.dt_s * config.T


def test_labels_that_nobody_asked_to_learn_are_named(episode, unsaid):
    config, remedy = tiny(inputs=('position',)), '1 have labels, as .*: learn_from = dagger'
    with pytest.raises(NoWindows, match=f'in 2 episode.*nobody demonstrated.*{remedy}'):
        Windows([unsaid, only_told(episode)], SPEC, config)
    with pytest.raises(NoWindows, match='correct the policy, or tell it what to learn'):
        Windows([unsaid], SPEC, replace(config, learn_from='dagger'))


def only_told(episode):
    """The episode without its take-over."""
    return replace(episode, who=np.where(episode.who == HUMAN, HOLD, episode.who))


def test_the_policy_goes_on_saying_what_it_would_do_while_the_person_acts(episode):
    from il_ros import wire
    from il_ros.recorder.read import read_bag

    stamps = [
        wire.read_trajectory(SPEC, data, name).stamp_ns
        for name, _, _, data in read_bag(episode.path, {wire.CHUNK.name})
    ]
    ticks = {stamp // DT - 1 for stamp in stamps}
    assert ticks & set(HELD) and ticks & set(LABEL)

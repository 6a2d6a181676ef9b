"""Leader arms: absolute where they match the follower, clutched where not; no grip is let go."""

import numpy as np
import pytest

from il_ros import wire
from il_ros.robot.load import load_robot
from il_ros.spec import JointSample
from il_ros.teleop.leader import Leader
from il_ros.teleop.leader_config import MATCHED, LeaderArm, LeaderConfig, leaders, load_leader
from il_ros.teleop.leader_grip import LeaderGrip
from il_ros.teleop.leader_map import LeaderMap, LeaderReading

SPEC = load_robot('sim')
DT = SPEC.dt_ns
LEFT, RIGHT = SPEC.arms
BOTH, NONE = (True, True), (False, False)
ARMS = np.concatenate([np.arange(arm.joints.start, arm.joints.stop) for arm in SPEC.arms])


class Person:
    """Somebody at leader arms, tick after tick; the follower is where the proposals say."""

    def __init__(self, config=MATCHED, measured=SPEC.home):
        self.leader, self.measured, self.now_ns = Leader(SPEC, config), measured.copy(), 0
        self.had = NONE

    def at(self, position, held=BOTH, has=BOTH):
        """Return the target for a leader at a position; whoever is engaged is in control."""
        self.now_ns += DT
        reading = LeaderReading(self.now_ns, position, has)
        proposal = self.leader.propose(reading, held, self.had, self.measured, self.measured)
        self.had = proposal.engaged
        return proposal.target


def apart(by):
    """A leader pose that is away from home, grips as they are."""
    pose = SPEC.home.copy()
    pose[ARMS] += by
    return pose


def test_a_leader_that_matches_is_followed_absolutely():
    person = Person()
    for by in (0.1, 0.15, 0.3):
        assert np.array_equal(person.at(apart(by)), np.clip(apart(by), SPEC.lower, SPEC.upper))


def test_a_leader_that_does_not_match_moves_the_follower_from_where_it_is():
    person = Person()
    np.testing.assert_allclose(person.at(apart(0.4)), SPEC.home, atol=1e-12)
    np.testing.assert_allclose(person.at(apart(0.5)), apart(0.1), atol=1e-12)


def test_the_clutch_is_engaged_anew_at_each_press():
    person = Person()
    person.at(apart(0.4))
    person.at(apart(0.4), held=NONE)
    person.at(apart(0.9), held=NONE)  # the hands are placed anew
    np.testing.assert_allclose(person.at(apart(0.9)), SPEC.home, atol=1e-12)
    np.testing.assert_allclose(person.at(apart(0.8)), apart(-0.1), atol=1e-12)


def test_each_arm_has_a_clutch_of_its_own():
    person, pose = Person(), apart(0.0)
    pose[LEFT.joints] += 0.4
    pose[RIGHT.joints] += 0.1
    target = person.at(pose)
    np.testing.assert_allclose(target[LEFT.joints], SPEC.home[LEFT.joints], atol=1e-12)
    assert np.array_equal(target[RIGHT.joints], pose[RIGHT.joints])


@pytest.mark.parametrize(('mode', 'by'), [('auto', 0.15), ('absolute', 0.5)])
def test_what_is_left_of_a_mismatch_goes_away_at_a_speed(mode, by):
    person = Person(LeaderConfig(mode=mode, blend=0.5))
    moved = np.array([person.at(apart(by)) for _ in range(60)])[:, ARMS] - SPEC.home[ARMS]
    np.testing.assert_allclose(moved[0], 0, atol=1e-12)  # it begins where the follower is
    assert np.diff(moved, axis=0).max() == pytest.approx(0.5 * SPEC.dt_s)
    np.testing.assert_allclose(moved[-1], by)


def test_a_clutched_leader_stays_so_however_near_it_is():
    person = Person(LeaderConfig(mode='clutched'))
    for _ in range(50):
        np.testing.assert_allclose(person.at(apart(0.1)), SPEC.home, atol=1e-12)


def test_a_leader_that_reaches_further_is_kept_inside():
    """The recorded proposal is one that the follower can do."""
    person = Person(LeaderConfig(mode='absolute', blend=np.inf, grip_match=np.inf, grip_play=0.0))
    assert np.array_equal(person.at(SPEC.upper + 1), SPEC.upper)


def test_an_arm_without_a_leader_arm_is_left_as_it_is():
    person, pose = Person(), apart(0.1)
    pose[LEFT.all] = np.nan
    target = person.at(pose, has=(False, True))
    assert person.had == (False, True)
    assert np.array_equal(target[LEFT.all], SPEC.home[LEFT.all])


def test_a_leader_may_be_engaged_by_being_there():
    person = Person(LeaderConfig(engage='always'))
    person.at(apart(0.0), held=NONE)
    assert person.had == BOTH


def test_the_dead_man_is_given_for_every_arm():
    """One state for two arms is an error of the caller."""
    with pytest.raises(ValueError, match='1 dead-man states, sim has 2 arms'):
        Person().at(SPEC.home, held=(True,))


# -- grips ------------------------------------------------------------------------------------


def grip(opening, *leads, **config):
    """Return the openings for a leader's, of a follower commanded to an opening at engagement."""
    hand = LeaderGrip(LeaderConfig(**config))
    hand.rest(opening)
    return [round(hand.follow(lead), 6) for lead in leads]


def test_a_take_over_does_not_open_a_gripper_that_holds_something():
    assert grip(0.0, 1.0, 0.6, 0.05, 0.5, grip_play=0.0) == [0.0, 0.0, 0.05, 0.5]
    assert grip(0.5, 1.0, 0.7, 0.2, grip_play=0.0) == [0.5, 0.5, 0.2]  # it went past
    assert grip(0.0, 1.0, 0.5, 0.1, 0.5, 0.9, grip='switch') == [0, 0, 0, 0, 1]


def test_a_hand_that_trembles_does_not_move_the_gripper():
    assert grip(0.5, 0.5, 0.51, 0.49, 0.6, 0.59, 0.5, grip_play=0.02) == [
        *(0.5, 0.5, 0.5),
        *(0.58, 0.58, 0.52),
    ]


def test_a_switch_has_two_thresholds():
    assert grip(1.0, 0.9, 0.5, 0.36, 0.34, 0.5, 0.64, 0.66, grip='switch') == [
        *(1, 1, 1),
        *(0, 0, 0, 1),
    ]


# -- other joints -----------------------------------------------------------------------------

NAMES = tuple(f'l{i}' for i in range(6))
OTHER = LeaderConfig(
    arms=(
        LeaderArm(
            arm='right',
            joints=NAMES,
            offset=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
            sign=(1, -1, 1, -1, 1, -1),
            scale=(1, 1, 2, 1, 1, 0.5),
            gripper='trigger',
            gripper_closed=0.8,
            gripper_open=0.2,
        ),
    )
)


def reading(names, values, config=OTHER):
    data = wire.named_joints_msg(7, names, np.array(values, dtype=float))
    return LeaderMap(SPEC, config).read(data)


def test_a_leader_may_have_other_names_signs_offsets_and_scales():
    given = (*NAMES[::-1], 'trigger', 'thumb')
    read = reading(given, [1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 0.5, 9.0])
    assert (read.stamp_ns, read.has) == (7, (False, True))
    np.testing.assert_allclose(read.position[RIGHT.all], [1, -1, 2, -1, 1, -0.5, 0.5])
    assert np.isnan(read.position[LEFT.all]).all()


def test_the_way_back_is_the_same_way():
    leader_map = LeaderMap(SPEC, OTHER)
    values = np.arange(7) * 0.1
    np.testing.assert_allclose(leader_map.to_leader(leader_map.to_follower(values)), values)


def test_a_leader_like_the_robot_reads_to_the_last_bit_as_the_robot_does():
    sample = JointSample(5, SPEC.home + 0.013, np.zeros(SPEC.size), np.zeros(SPEC.size))
    data = wire.joints_msg(SPEC, sample)
    read = LeaderMap(SPEC, MATCHED).read(data)
    assert np.array_equal(read.position, wire.read_joints(SPEC, data).position)


@pytest.mark.parametrize(
    ('names', 'values', 'message'),
    [
        (NAMES, [0] * 6, r"joints \['trigger'\] are missing"),
        (('a', 'b'), [0, 0], r"joints \['l0', .* are missing"),
        ((*NAMES, 'trigger'), [0] * 5, '7 names, but 5 of position'),
        ((*NAMES, 'trigger'), [np.nan] * 7, 'a position is not finite'),
    ],
)
def test_what_is_no_reading_is_refused(names, values, message):
    with pytest.raises(ValueError, match=message):
        reading(names, values)


def test_no_joints_is_nobody():
    assert reading((), ()) is None


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', leaders())
def test_every_shipped_leader_leads_the_robot_in_the_box(name):
    leader_map = LeaderMap(SPEC, load_leader(name))
    values = leader_map.to_leader(SPEC.home)
    np.testing.assert_allclose(leader_map.to_follower(values), SPEC.home)


ARM = '{arm: left, joints: [a, b, c, d, e, f]'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('mod: auto', "unknown key 'mod' .did you mean 'mode'"),
        ('mode: relative', "mode: 'relative' is none of auto, absolute, clutched"),
        ('drive: 2', 'drive: 2.0 is above 1'),
        ('blend: -1', 'blend: -1.0 is below 0'),
        ('{grip_close: 0.7, grip_open: 0.6}', 'grip_close must be below grip_open'),
        ('arms: [{arm: left}]', 'expected arm, joints and more'),
        (f'arms: [{ARM}, sign: [1, 2, 1, 1, 1, 1]}}]', 'left: sign: expected 1 or -1'),
        (f'arms: [{ARM}, offset: [1]}}]', 'left: offset: expected 6 numbers'),
        (f'arms: [{ARM}, scale: [1, 1, 0, 1, 1, 1]}}]', 'left: scale: 0 leads nowhere'),
        (f'arms: [{ARM}, gripper: g, gripper_open: 0.0}}]', 'gripper_open equals'),
        (f'arms: [{ARM}, ids: [1, 2]}}]', 'left: ids: expected one for each'),
        (f'arms: [{ARM}}}, {ARM}}}]', 'an arm is led twice'),
    ],
)
def test_a_wrong_file_is_refused_with_the_remedy(tmp_path, text, message):
    path = tmp_path / 'mine.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        load_leader(str(path))
    assert str(path) in str(caught.value)


def test_an_arm_of_another_shape_is_refused():
    short = LeaderConfig(arms=(LeaderArm(arm='left', joints=('a', 'b')),))
    with pytest.raises(ValueError, match='2 joints lead an arm of 6'):
        LeaderMap(SPEC, short)
    with pytest.raises(ValueError, match="unknown leader 'gelo'"):
        load_leader('gelo')

"""Hands: one person, several devices, and no word that outlives its device."""

import numpy as np
import pytest

from il_ros.robot.load import load_robot
from il_ros.spec import JointSample, Told
from il_ros.teleop.hands import Hands
from il_ros.teleop.keys import Keys
from il_ros.teleop.layout import AXES, BUTTONS, KEYS
from il_ros.teleop.leader_map import LeaderReading
from il_ros.teleop.mapping_file import load_mapping

SPEC = load_robot('sim')
DT = SPEC.dt_ns
STILL = np.zeros(SPEC.size)
AT_REST = np.zeros(len(AXES))


@pytest.fixture
def hands():
    return Hands(SPEC, load_mapping())


def buttons(*held):
    pressed = np.zeros(len(BUTTONS))
    pressed[[BUTTONS.index(name) for name in held]] = 1
    return pressed


def leader(stamp_ns):
    return LeaderReading(stamp_ns, SPEC.home + 0.1, (True, True))


def ask(hands, now_ns, sources=('', '')):
    """Return what the hands ask for of a robot that is at home."""
    return hands.propose(JointSample(now_ns, SPEC.home, STILL, STILL), SPEC.home, sources)


def test_nobody_asks_for_nothing(hands):
    assert ask(hands, 0) == []
    hands.take_joy(0, AT_REST, buttons())
    assert ask(hands, 0) == []


def test_the_sticks_ask_while_the_dead_man_is_held_and_say_once_that_it_is_let_go(hands):
    hands.take_joy(0, AT_REST, buttons('leftshoulder'))
    (held,) = ask(hands, 0)
    assert held.source == 'joystick' and held.engaged == (True, False)
    hands.take_joy(DT, AT_REST, buttons())
    (released,) = ask(hands, DT)
    assert released.engaged == (False, False)
    assert ask(hands, DT) == []


def test_arms_are_selected_before_the_dead_man_is_held(hands):
    hands.take_joy(0, AT_REST, buttons('dpad_up'))
    ask(hands, 0)
    hands.take_joy(DT, AT_REST, buttons('leftshoulder'))
    assert ask(hands, DT)[0].engaged == (True, True)


def test_a_reading_of_the_leader_arms_is_passed_on_once(hands):
    hands.take_leader(leader(0))
    (proposal,) = ask(hands, 0)
    assert proposal.source == 'leader' and proposal.engaged == (False, False)
    assert ask(hands, DT) == []
    hands.take_leader(leader(DT))
    assert ask(hands, DT)[0].stamp_ns == DT


def test_a_dead_man_waits_for_no_further_reading_of_the_leader_arms(hands):
    """These may come a period later: that period would be lost at each take-over."""
    hands.take_leader(leader(0))
    assert ask(hands, 0)[0].engaged == (False, False)
    for k, held in enumerate((('leftshoulder',), ()), start=1):
        hands.take_joy(k * DT, AT_REST, buttons(*held))
        (proposal,) = ask(hands, k * DT)
        assert proposal.source == 'leader' and proposal.engaged == (bool(held),) * 2
        assert ask(hands, k * DT) == []


def test_leader_arms_take_the_sticks_hold_away(hands):
    hands.take_joy(0, AT_REST, buttons('leftshoulder'))
    assert ask(hands, 0)[0].source == 'joystick'
    hands.take_leader(leader(DT))
    proposals = ask(hands, DT)
    assert [(p.source, p.engaged) for p in proposals] == [
        ('leader', (True, True)),
        ('joystick', (False, False)),
    ]


def test_who_leaves_the_leader_arms_lets_go_of_them(hands):
    hands.leave_leader()
    assert ask(hands, 0) == []
    hands.take_joy(0, AT_REST, buttons('leftshoulder'))
    hands.take_leader(leader(0))
    assert ask(hands, 0)[0].engaged == (True, True)
    hands.take_joy(DT, AT_REST, buttons())
    hands.leave_leader()
    (gone,) = ask(hands, DT)
    assert (gone.source, gone.engaged) == ('leader', (False, False))
    assert ask(hands, DT) == []


def test_who_says_twice_between_two_ticks_that_nobody_is_there_has_let_go_too(hands):
    """Without that the arm would wait for a leader that nobody holds, on a busy machine."""
    hands.take_joy(0, AT_REST, buttons('leftshoulder'))
    hands.take_leader(leader(0))
    assert ask(hands, 0)[0].engaged == (True, True)
    hands.take_joy(DT, AT_REST, buttons())
    hands.leave_leader()
    hands.leave_leader()
    (gone,) = ask(hands, DT)
    assert (gone.source, gone.engaged) == ('leader', (False, False))


def test_a_device_that_fell_silent_has_let_go(hands):
    hands.take_joy(0, AT_REST, buttons('leftshoulder'))
    assert ask(hands, 200_000_000) and hands.stale() == {}
    assert ask(hands, 200_000_001) == []
    assert hands.stale() == {'joystick': 'joystick is silent, no joy for 0.2 s'}


def test_a_reading_that_is_late_moves_nothing_more(hands):
    up = np.array([0.0, 1.0])
    targets = [SPEC.home]
    for k in range(15):
        if k < 5:
            hands.take_joy(k * DT, up, buttons('leftshoulder'))
        joints = JointSample(k * DT, targets[-1], STILL, STILL)
        targets.append(hands.propose(joints, targets[-1], ('', ''))[0].target)
    went = np.abs(np.diff(targets, axis=0)).max(1)
    assert (went[:9] > 0).all() and went[-1] == 0.0


@pytest.mark.parametrize(
    ('stamps', 'why'),
    [
        ([0, 0, 0], 'joystick froze, joy repeats one stamp'),
        ([10**9], 'joy is stamped ahead of joint_states'),
    ],
)
def test_stamps_that_cannot_be_now_are_named(hands, stamps, why):
    for stamp_ns in stamps:
        hands.take_joy(stamp_ns, AT_REST, buttons('leftshoulder'))
    assert ask(hands, 300_000_000) == []
    assert why in hands.stale()['joystick']


def test_a_frozen_pad_does_not_hand_leader_arms_back(hands):
    """Its dead-man was held: nobody has let go."""
    hands.take_joy(0, AT_REST, buttons('leftshoulder'))
    hands.take_leader(leader(0))
    assert ask(hands, 0)[0].engaged == (True, True)
    hands.take_leader(leader(15 * DT))
    assert ask(hands, 15 * DT) == []
    assert set(hands.stale()) == {'joystick', 'leader'}
    hands.take_joy(16 * DT, AT_REST, buttons('leftshoulder'))
    assert ask(hands, 16 * DT)[0].engaged == (True, True) and hands.stale() == {}


def test_arms_taken_by_a_word_are_kept_until_another_word(hands):
    hands.take_over()
    hands.take_joy(0, AT_REST, buttons())
    assert ask(hands, 0)[0].engaged == (True, False)
    hands.take_joy(DT, AT_REST, buttons('leftshoulder'))
    hands.hand_back()
    assert ask(hands, DT)[0].engaged == (False, False)  # the dead-man is still down
    hands.take_joy(2 * DT, AT_REST, buttons())
    assert ask(hands, 2 * DT) == []
    hands.take_joy(3 * DT, AT_REST, buttons('leftshoulder'))
    assert ask(hands, 3 * DT)[0].engaged == (True, False)


def test_leader_arms_alone_tell_by_the_word(hands):
    hands.take_leader(leader(0))
    assert not any(ask(hands, 0)[0].labels)
    hands.label()
    hands.take_leader(leader(DT))
    (told,) = ask(hands, DT)
    assert told.labels == (Told.WHERE, Told.WHERE) and told.engaged == (False, False)


def test_an_arm_that_is_kept_by_a_service_is_moved_by_the_sticks_while_it_is_selected(hands):
    """No dead-man, as no hand may be near one; the first arm is selected at the start."""
    forth = np.eye(len(AXES))[AXES.index('lefty')]

    def push(k, *pressed):
        hands.take_joy(k * DT, forth, buttons(*pressed))
        (proposal,) = ask(hands, k * DT)
        moves = proposal.target != SPEC.home
        return proposal.engaged, [bool(moves[arm.joints].any()) for arm in SPEC.arms]

    hands.keep(1)
    assert push(0) == ((False, True), [False, False])
    assert push(1, 'dpad_right') == ((False, True), [False, True])
    assert push(2, 'leftstick')[0] == (False, True)  # a label takes nothing away
    hands.let_go(1)
    assert push(3)[0] == (False, False)
    hands.keep(0)
    hands.hand_back()
    hands.take_joy(4 * DT, forth, buttons())
    assert ask(hands, 4 * DT) == []


def test_keys_that_move_only_tell_after_a_word_and_any_other_dead_man_takes_the_arms():
    """A terminal tells of one held key at a time: a button could not be held besides."""
    hands = Hands(SPEC, load_mapping('keyboard'))

    def press(k, *keys):
        held = np.array([float(key in keys) for key in KEYS])
        hands.take_joy(k * DT, held, held)
        return [(p.engaged, p.labels) for p in ask(hands, k * DT)]

    none = (Told.NOTHING, Told.NOTHING)
    tells = ((False, False), (Told.HOW_FAST, Told.NOTHING))
    hands.label()
    assert press(0, 'w') == [tells]
    assert press(1) == []
    assert press(2, 'space') == [((True, False), none)]
    assert press(3, 'w') == [tells]
    hands.forget()  # another episode: a key takes no arm by surprise
    assert press(3, 'w') == [tells]
    hands.hand_back()
    assert press(4, 'w') == []  # was held before
    press(5)
    assert press(6, 'w') == [((True, False), none)]


def test_what_is_not_finite_is_refused(hands):
    with pytest.raises(ValueError, match='joy: an axis is not finite'):
        hands.take_joy(0, AT_REST * np.nan, buttons())


def test_a_pad_with_fewer_buttons_has_those_not_held(hands):
    hands.take_joy(0, AT_REST[:2], np.zeros(3))
    hands.take_leader(leader(0))
    assert ask(hands, 0)[0].engaged == (False, False)


def test_a_key_speaks_once_a_press_and_not_for_what_was_held_before():
    keys = Keys(load_mapping())
    assert keys.pressed(buttons('start')) == []
    assert keys.pressed(buttons()) == []
    assert keys.pressed(buttons('start', 'guide')) == ['start', 'estop']
    assert keys.pressed(buttons('start', 'guide')) == []

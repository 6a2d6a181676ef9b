"""Jogging: the grasp point goes where the stick points, from where the command is, and stops."""

import numpy as np
import pinocchio
import pytest

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.spec import JointSample, Who, of_arm
from il_ros.teleop.jog import Jog
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.mapping_file import load_mapping

SPEC = load_robot('sim')
MAPPING = load_mapping()
KINEMATICS = Kinematics(SPEC)
DT = SPEC.dt_ns
LEFT, RIGHT = SPEC.arms
READY = {'left': 'dpad_left', 'right': 'dpad_right', 'both': 'dpad_up'}


def axes(**deflections):
    """The pad's axes (6,), by name."""
    values = np.zeros(len(AXES))
    for name, value in deflections.items():
        values[AXES.index(name)] = value
    return values


def buttons(*names):
    """The pad's buttons (21,), those named held."""
    return np.array([float(name in names) for name in BUTTONS])


class Rig:
    """A jog, an arbiter, and a robot that does as commanded."""

    def __init__(self, position=SPEC.home):
        self.jog = Jog(SPEC, MAPPING)
        self.arbiter = Arbiter(SPEC, load_sources())
        still = np.zeros(SPEC.size)
        self.joints = JointSample(0, position, still, still)
        self.arbiter.reset(self.joints)

    def run(self, n, sticks, held):
        """Run n ticks; return the commands (n, N)."""
        commands = []
        for _ in range(n):
            command = self.arbiter.command
            now_ns, is_held = self.joints.stamp_ns, MAPPING.is_engaged(held)
            proposal = self.jog.propose(now_ns, sticks, held, command, is_held)
            self.arbiter.persons.offer(proposal)
            self.decision = self.arbiter.tick(self.joints)
            commands.append(self.decision.command)
            still = np.zeros(SPEC.size)
            self.joints = JointSample(self.joints.stamp_ns + DT, commands[-1], still, still)
        return np.array(commands)


def moved(arm, before, after):
    """How an arm's grasp point moved: (3,) [m] and (3,) rotation vector [rad]."""
    one, two = (KINEMATICS.pose(arm, position) for position in (before, after))
    return two[:3, 3] - one[:3, 3], pinocchio.log3(two[:3, :3] @ one[:3, :3].T)


DIRECTIONS = [
    ('lefty', 1, (1, 0, 0), (0, 0, 0)),
    ('lefty', -1, (-1, 0, 0), (0, 0, 0)),
    ('leftx', 1, (0, 1, 0), (0, 0, 0)),
    ('righty', 1, (0, 0, 1), (0, 0, 0)),
    ('rightx', 1, (0, 0, 0), (0, 0, 1)),
    ('triggerright', -1, (0, 0, 0), (0, 1, 0)),  # a trigger goes from 0 to -1
    ('triggerleft', -1, (0, 0, 0), (0, -1, 0)),
]


@pytest.mark.parametrize('arm', ['left', 'right'])
@pytest.mark.parametrize(('stick', 'value', 'line', 'turn'), DIRECTIONS)
def test_the_grasp_point_goes_where_the_stick_points(arm, stick, value, line, turn):
    """Straight and without turning, or turning without moving; the other arm stands."""
    rig = Rig()
    rig.run(20, axes(**{stick: value}), buttons('leftshoulder', READY[arm]))
    command = rig.run(30, axes(), buttons('leftshoulder'))[-1]
    shift, rotation = moved(arm, SPEC.home, command)
    speed = MAPPING.plain.axes[stick].speed
    expected = abs(speed) * 20 * SPEC.dt_s
    went = shift @ line + rotation @ turn
    assert 0.5 * expected < went < 1.02 * expected  # slower where a joint is at its speed limit
    assert np.abs(shift - (shift @ line) * np.array(line)).max() < 2e-3
    assert np.abs(rotation - (rotation @ turn) * np.array(turn)).max() < 5e-3
    other = RIGHT if arm == 'left' else LEFT
    assert np.array_equal(of_arm(other, command), of_arm(other, SPEC.home))


def test_taking_over_moves_nothing_by_itself():
    """The clutch's zero is the command: the dead-man alone changes who, not where."""
    rig = Rig()
    commands = rig.run(10, axes(), buttons('leftshoulder', 'dpad_up'))
    assert np.array_equal(commands, np.tile(SPEC.home, (10, 1)))
    assert [a.who for a in rig.decision.authority] == [Who.HUMAN, Who.HUMAN]


def test_it_stops_when_the_stick_is_released():
    """The arm coasts for two centimetres at most, and is at rest within half a second."""
    rig = Rig()
    rig.run(25, axes(lefty=1.0), buttons('leftshoulder', 'dpad_left'))
    commands = rig.run(30, axes(), buttons('leftshoulder'))
    shift, _ = moved('left', commands[0], commands[-1])
    assert np.abs(shift).max() < 0.02
    assert np.abs(np.diff(commands[25:], axis=0)).max() < 1e-6


def test_letting_go_of_the_dead_man_hands_back():
    """Deflected sticks without the dead-man are nothing."""
    rig = Rig()
    rig.run(10, axes(lefty=1.0), buttons('leftshoulder', 'dpad_up'))
    rig.run(20, axes(lefty=1.0), buttons())
    assert [a.who for a in rig.decision.authority] == [Who.HOLD, Who.HOLD]
    commands = rig.run(5, axes(lefty=1.0), buttons())
    assert np.array_equal(commands[0], commands[-1])


def test_a_selection_stays_until_another_is_made():
    """The first arm is selected at the start; only selected arms are taken."""
    jog = Jog(SPEC, MAPPING)

    def engaged(*names):
        held = buttons('leftshoulder', *names)
        return jog.propose(0, axes(), held, SPEC.home, held=True).engaged

    assert engaged() == (True, False)
    assert engaged('dpad_right') == (False, True)
    assert engaged() == (False, True)
    assert engaged('dpad_up') == (True, True)


@pytest.mark.parametrize(('button', 'end'), [('A', 0.0), ('B', 1.0)])
def test_the_gripper_closes_and_opens(button, end):
    """All the way, and no further."""
    start = SPEC.home.copy()
    start[LEFT.gripper] = 0.5
    rig = Rig(start)
    command = rig.run(50, axes(), buttons('leftshoulder', button))[-1]
    assert command[LEFT.gripper] == pytest.approx(end, abs=1e-6)
    assert np.array_equal(command[LEFT.joints], SPEC.home[LEFT.joints])


@pytest.mark.parametrize(
    ('stick', 'joint'), [('leftx', 0), ('lefty', 1), ('righty', 2), ('rightx', 3)]
)
def test_with_the_shift_held_a_stick_moves_one_joint(stick, joint):
    rig = Rig()
    held = buttons('leftshoulder', 'rightshoulder')
    rig.run(25, axes(**{stick: 1.0}), held)
    moves = rig.run(15, axes(), held)[-1] - SPEC.home
    assert 0.5 * 0.5 * 25 * SPEC.dt_s < moves[joint] < 1.05 * 0.5 * 25 * SPEC.dt_s
    assert np.count_nonzero(moves) == 1


def test_joints_that_an_arm_lacks_move_nothing():
    """The seventh of six; the same mapping serves both robots."""
    rig = Rig()
    rig.run(10, axes(), buttons('leftshoulder', 'rightshoulder', 'Y'))
    assert np.array_equal(rig.arbiter.command, SPEC.home)


def test_joint_limits_are_kept_for_as_long_as_one_pushes():
    """Five seconds in every direction at once: inside, and coming back works at once."""
    rig = Rig()
    pushed = axes(lefty=1.0, leftx=1.0, righty=-1.0, rightx=1.0, triggerright=-1.0)
    commands = rig.run(250, pushed, buttons('leftshoulder', 'dpad_left'))
    assert (commands >= SPEC.lower).all() and (commands <= SPEC.upper).all()
    back = rig.run(25, axes(righty=1.0), buttons('leftshoulder'))
    assert moved('left', commands[-1], back[-1])[0][2] > 0.02  # nothing was wound up


def test_hands_do_not_run_away_from_an_arm_that_is_stopped():
    """Under an e-stop the target stays near; afterwards nothing leaps."""
    rig = Rig()
    rig.arbiter.locks.stop('software')
    rig.run(200, axes(lefty=1.0), buttons('leftshoulder', 'dpad_left'))
    command = rig.arbiter.command
    target = rig.jog.propose(0, axes(), buttons('leftshoulder'), command, held=True).target
    assert np.abs(target - command).max() < 0.2


def test_an_arm_that_the_robot_lacks_is_named(tmp_path):
    """A mapping for another robot is refused before anything moves."""
    path = tmp_path / 'joystick.yaml'
    path.write_text('dead_man: A\nselect: {B: [middle]}\n')
    with pytest.raises(ValueError, match="no arm 'middle'"):
        Jog(SPEC, load_mapping(path))

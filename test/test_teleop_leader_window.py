"""Leader arms on the screen, with PyBullet but for its window: sliders and keys are ours."""

import numpy as np
import pybullet
import pytest

from il_ros.robot.load import load_robot
from il_ros.teleop.leader_arms import NoReading
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_window import LeaderWindow, open_window

SPEC = load_robot('sim')
LEFT, RIGHT = SPEC.arms
DOWN, TRIGGERED = pybullet.KEY_IS_DOWN, pybullet.KEY_WAS_TRIGGERED | pybullet.KEY_IS_DOWN
STEP_NS = 20_000_000


class Screen:
    """PyBullet without a screen, which has no sliders, keys or texts."""

    def __init__(self):
        self.server = pybullet.connect(pybullet.DIRECT)
        self.keys, self.sliders, self.ends = {}, [], []

    def __getattr__(self, name):
        return getattr(pybullet, name)

    def getKeyboardEvents(self):
        """Return the keys of this tick."""
        keys, self.keys = self.keys, {}
        return keys

    def addUserDebugParameter(self, name, low, high, at):
        """Add a slider."""
        assert low <= at <= high
        self.sliders.append(at)
        return len(self.sliders) - 1

    def readUserDebugParameter(self, number):
        """Return where a slider is."""
        return self.sliders[number]

    def removeAllUserParameters(self):
        """Remove all sliders."""
        self.sliders.clear()


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    if pybullet.isConnected():
        pybullet.disconnect()


@pytest.fixture
def window(screen):
    return LeaderWindow(SPEC, load_leader('window'), lambda: screen, lambda: 0.0)


def read(window, screen, ticks=1, **keys):
    """Hold keys for some ticks, each pressed at the first; return where the arms are."""
    for tick in range(ticks):
        names = {'space': ' ', 'plus': '+', 'minus': '-', **{f'd{i}': str(i) for i in range(10)}}
        screen.keys = {ord(names[key]): DOWN if tick else TRIGGERED for key in keys}
        window.now_ns = getattr(window, 'now_ns', 0) + STEP_NS
        found = window.read(window.now_ns)
    return SPEC.from_wire(found)


def test_the_arms_are_taken_and_given_back_by_a_key(window, screen):
    assert np.array_equal(read(window, screen), SPEC.home) and not window.is_held
    read(window, screen, space=True)
    assert window.is_held
    read(window, screen, ticks=5)
    assert window.is_held
    read(window, screen, space=True)
    assert not window.is_held


def test_a_slider_moves_its_joint(window, screen):
    read(window, screen, space=True)
    screen.sliders[1] += 0.3
    assert read(window, screen)[1] == pytest.approx(SPEC.home[1] + 0.3)
    body = pybullet.getNumBodies() - 1
    count = pybullet.getNumJoints(body)
    number = {pybullet.getJointInfo(body, i)[1].decode(): i for i in range(count)}
    shown = pybullet.getJointState(body, number[SPEC.joint_names[1]])[0]
    assert shown == pytest.approx(SPEC.home[1] + 0.3)


def test_keys_move_one_joint_of_one_arm_and_stop_at_its_limit(window, screen):
    read(window, screen, d3=True)
    moved = read(window, screen, ticks=10, plus=True) - SPEC.home
    assert np.flatnonzero(moved).tolist() == [2] and moved[2] == pytest.approx(0.1)
    read(window, screen, d0=True)
    moved = read(window, screen, ticks=300, minus=True) - SPEC.home
    assert moved[RIGHT.joints][2] == pytest.approx((SPEC.lower - SPEC.home)[RIGHT.joints][2])
    read(window, screen, d7=True)
    assert read(window, screen, ticks=10, minus=True)[RIGHT.gripper] == pytest.approx(0.9)


def test_they_go_along_until_they_are_taken_and_the_sliders_begin_there(window, screen):
    pose = SPEC.home + 0.05
    window.drive(SPEC.to_wire(pose))
    np.testing.assert_allclose(read(window, screen, space=True), pose)
    np.testing.assert_allclose(screen.sliders, np.clip(pose, SPEC.lower, SPEC.upper))
    window.drive(SPEC.to_wire(SPEC.home))
    np.testing.assert_allclose(read(window, screen), pose)


def test_a_window_that_was_closed_is_no_reading(window, screen):
    pybullet.disconnect()
    with pytest.raises(NoReading, match='window of the leader is closed'):
        read(window, screen)
    window.close()


def test_without_a_screen_it_says_so(monkeypatch):
    monkeypatch.delenv('DISPLAY', raising=False)
    with pytest.raises(ValueError, match='DISPLAY is not set'):
        open_window()


def test_a_slow_window_is_looked_at_in_turn(screen):
    """Where a look costs a frame, a reading takes one look, and all joints come to theirs."""
    window = LeaderWindow(SPEC, load_leader('window'), lambda: screen, iter(range(9999)).__next__)
    read(window, screen, space=True)
    screen.sliders[:] = [at - 0.01 for at in screen.sliders]
    first = read(window, screen)
    assert np.count_nonzero(first != SPEC.home) <= 1
    np.testing.assert_allclose(read(window, screen, ticks=60), SPEC.home - 0.01)

"""A joystick over real topics, from SDL's virtual device through both nodes to the command."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graph import Graph, Robot, assert_within_limits

from il_ros import wire
from il_ros.robot.load import load_robot
from il_ros.spec import Who
from il_ros.teleop.layout import AXES, BUTTONS

pytestmark = pytest.mark.alone  # in real time, in which a reading must not be late
SPEC = load_robot('sim')
LEFT = SPEC.arms[0]


@pytest.fixture(scope='module')
def graph():
    with Graph({'intervention_node': {'operator': 'Ada'}}) as graph:
        graph.robot = Robot(graph, SPEC)
        words = [sys.executable, str(Path(__file__).parent / 'virtual_pad.py')]
        with (graph.logs / 'joystick_node').open('a') as log:
            pad = subprocess.Popen(
                words, env=graph.environment, stdin=subprocess.PIPE, stderr=log, text=True
            )
        graph.processes['joystick_node'] = graph.pad = pad
        graph.listen(wire.JOY, wire.AUTHORITY, wire.REQUEST)
        graph.wait(lambda: graph.robot.commands, 'no command')
        yield graph


@pytest.fixture
def moving(graph):
    """The left arm, moved by the stick, until the test ends."""
    tell(graph, 'axis lefty -32767', 'button leftshoulder 1')
    arm = graph.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.HUMAN, read)[0]
    assert (arm.why, arm.operator) == ('joystick engaged', 'Ada')
    graph.begin = len(graph.robot.commands)
    graph.wait(lambda: speed(graph) > 0.05, 'the arm moves')
    yield graph
    tell(graph, 'axis lefty 0', 'button leftshoulder 0')
    graph.next(wire.AUTHORITY, lambda arms: arms[0].who is not Who.HUMAN, read)


def tell(graph, *lines):
    """Do something with the pad."""
    graph.pad.stdin.write(''.join(f'{line}\n' for line in lines))
    graph.pad.stdin.flush()


def read(data):
    return wire.read_authority(data)[1]


def speed(graph):
    """Return how fast the arm is commanded now [rad/s]."""
    moves = graph.robot.moves(-2)[:, LEFT.joints]
    return float(np.abs(np.diff(moves, axis=0)).max() / SPEC.dt_s)


def assert_it_stands(graph):
    graph.wait(lambda: speed(graph) < 1e-6, 'the arm stands')
    assert_within_limits(SPEC, graph.robot.moves(graph.begin))


def test_unplugged_in_mid_motion_the_dead_man_is_released(moving):
    tell(moving, 'unplug')
    arm = moving.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.HOLD, read)[0]
    assert arm.why == 'no chunk yet'  # the policy's turn
    assert_it_stands(moving)
    moving.wait(lambda: 'is unplugged: everything is released' in moving.log(), 'a warning')
    tell(moving, 'plug', 'button leftshoulder 1')
    moving.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.HUMAN, read)


def test_a_driver_that_stops_is_a_person_who_is_not_there_and_may_come_back(moving):
    moving.pad.send_signal(signal.SIGSTOP)
    arm = moving.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.HOLD, read)[0]
    assert arm.why == 'joystick is silent, no joy for 0.2 s'
    assert_it_stands(moving)
    pleas = moving.heard[wire.REQUEST.name]
    moving.wait(lambda: any('silent' in wire.read_string(data) for data in pleas), 'a plea')
    moving.pad.send_signal(signal.SIGCONT)
    moving.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.HUMAN, read)
    moving.wait(lambda: speed(moving) > 0.05, 'the arm moves again')


def test_a_driver_that_repeats_one_stamp_has_frozen(graph):
    graph.pad.send_signal(signal.SIGSTOP)
    held = np.zeros(len(BUTTONS))
    held[BUTTONS.index('leftshoulder')] = 1
    reading = wire.joy_msg(graph.now_ns(), np.zeros(len(AXES)), held)
    graph.publish(wire.JOY, reading)
    graph.next(wire.AUTHORITY, lambda arms: arms[0].who is Who.HUMAN, read)

    def froze(arms):
        graph.publish(wire.JOY, reading)
        return arms[0].who is Who.HOLD and 'joy repeats one stamp' in arms[0].why

    graph.next(wire.AUTHORITY, froze, read)
    graph.pad.send_signal(signal.SIGCONT)
    graph.next(wire.AUTHORITY, lambda arms: arms[0].why == 'no chunk yet', read)

"""leader_node over real topics: it goes along with the robot, is let go of, and leads it."""

import numpy as np
import pytest
import yaml
from dynamixel_bus import PRESENT, TORQUE, SimulatedBus
from graph import Graph, Robot, assert_within_limits

from il_ros import wire
from il_ros.nodes.topics import publisher
from il_ros.robot.load import load_robot
from il_ros.spec import Authority, Decision, Who
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_map import LeaderMap

pytestmark = pytest.mark.alone  # in real time, in which a servo must not be late
SPEC = load_robot('sim')
LEFT, RIGHT = SPEC.arms
MAP = LeaderMap(SPEC, load_leader('sim'))


def dead_man(graph, is_held):
    buttons = np.zeros(len(BUTTONS))
    buttons[BUTTONS.index('leftshoulder')] = is_held
    graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), np.zeros(len(AXES)), buttons))


def plan(graph, target, T=50):
    """Propose to go straight to target (A,)."""
    share = np.linspace(0, 1, T + 1)[1:, None]
    rows = graph.robot.position + share * (target - graph.robot.position)
    graph.publish(wire.CHUNK, wire.trajectory_msg(SPEC, graph.now_ns(), rows))


def leader_at(graph):
    """Return where the leader is next, in the robot's joints."""
    return graph.next(wire.LEADER, read=MAP.read).position


def who(graph):
    return wire.read_authority(graph.heard[wire.AUTHORITY.name][-1])[1][0].who


def test_a_driven_leader_is_where_the_robot_is_when_a_hand_takes_over():
    parts = {'intervention_node': {'leader': 'sim'}, 'leader_node': {'leader': 'sim'}}
    with Graph(parts) as graph:
        graph.robot = Robot(graph, SPEC)
        graph.listen(wire.AUTHORITY, wire.LEADER)
        goal = SPEC.home + np.where(np.arange(SPEC.size) == LEFT.joints.start, 0.6, 0.0)
        graph.wait(lambda: graph.robot.commands, 'no command')
        while np.abs(graph.robot.position - goal).max() > 0.02:  # a policy goes there
            plan(graph, goal)
            graph.count(wire.AUTHORITY, 20)
        graph.wait(lambda: np.abs(leader_at(graph) - goal).max() < 0.02, 'the leader is there')
        begin, hands, had = len(graph.robot.commands), goal.copy(), set()
        for tick in range(200):  # a hand leads it back
            hands[LEFT.joints.start] = max(goal[LEFT.joints.start] - 0.005 * tick, 0.3)
            message = wire.named_joints_msg(graph.now_ns(), MAP.names, MAP.to_leader(hands))
            graph.publish(wire.LEADER_HANDS, message)
            dead_man(graph, True)
            graph.count(wire.AUTHORITY, 1)
            had.add(who(graph))
            if graph.robot.position[LEFT.joints.start] < goal[LEFT.joints.start] - 0.1:
                break
        assert tick < 199 and Who.HUMAN in had
        assert_within_limits(SPEC, graph.robot.moves(begin))
        graph.publish(wire.LEADER_HANDS, wire.nobody_msg(graph.now_ns()))
        dead_man(graph, False)
        graph.wait(lambda: who(graph) is not Who.HUMAN, 'handed back')


def joints(data):
    return wire.read_named_joints(data)[1]


def config(path, bus):
    """Write the YAML of a left leader arm that a service engages, and that is pulled along."""
    arm = {
        'arm': 'left',
        'joints': [f'left_{i}' for i in range(6)],
        'gripper': 'left_trigger',
        'port': bus.path,
        'ids': list(bus.servos),
    }
    told = {'driver': 'dynamixel', 'engage': 'service', 'drive': 0.2, 'arms': [arm]}
    path.write_text(yaml.safe_dump({**told, 'baud': 9600}))  # the slower, the more patient
    return {'leader': str(path), 'rate_hz': 20.0}


def test_dynamixels_are_pulled_along_engaged_by_service_and_missed_when_silent(tmp_path):
    with SimulatedBus([1, 2, 3, 4, 5, 6, 7]) as bus:
        bus.servos[3].put(PRESENT, 3072)
        with Graph({'leader_node': config(tmp_path / 'mine.yaml', bus)}) as graph:
            graph.listen(wire.LEADER, wire.DIAGNOSTICS)
            assert graph.next(wire.LEADER, read=joints) == {}
            assert graph.ask('leader_node/left/engage')[0]
            found = graph.next(wire.LEADER, len, joints)
            assert len(found) == 7 and found['left_2'] == pytest.approx(np.pi / 2)
            assert graph.ask('leader_node/release')[0]
            graph.next(wire.LEADER, lambda j: not j, joints)
            graph.robot = Robot(graph, SPEC)
            shoulder, home = bus.servos[2], SPEC.home[LEFT.joints][1]
            wanted = round(home * 4096 / (2 * np.pi)) + 2048
            has = Authorities(graph, Who.HOLD)
            graph.wait(lambda: shoulder.get(PRESENT) == wanted, 'goes along')
            assert shoulder.table[TORQUE]
            has.who = Who.HUMAN
            graph.wait(lambda: not shoulder.table[TORQUE], 'is let go')
            bus.servos[5].is_silent = True
            told = graph.next(wire.DIAGNOSTICS, lambda said: 'servo 5' in said, leader_status)
            assert bus.path in told
            bus.servos[5].is_silent, has.who = False, Who.HOLD
            graph.wait(lambda: shoulder.table[TORQUE], 'is pulled again')
        assert not any(servo.table[TORQUE] for servo in bus.servos.values())


class Authorities:
    """An intervention node's word, 50 times a second."""

    def __init__(self, graph, who):
        self.who, self.graph = who, graph
        self.out = publisher(graph.node, wire.AUTHORITY)
        graph.node.create_timer(SPEC.dt_s, self.say)

    def say(self):
        """Say who has the arms."""
        said = (Authority(self.who, 'because', 0),) * len(SPEC.arms)
        decision = Decision(self.graph.now_ns(), SPEC.home, said)
        self.out.publish(wire.authority_msg(SPEC, decision))


def leader_status(data):
    """Return what leader_node says of itself."""
    said = {name: message for name, message, _ in wire.read_diagnostics(data)[1]}
    return said.get('leader_node', '')

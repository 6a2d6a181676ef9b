"""The intervention node over real topics: whatever comes in, one command goes out and is safe."""

import numpy as np
import pytest
from graph import Graph, Robot, assert_within_limits, changed

from il_ros import wire
from il_ros.robot.load import load_robot
from il_ros.spec import JointSample, Who
from il_ros.teleop.layout import AXES, BUTTONS

pytestmark = pytest.mark.alone  # in real time, in which a tick must not be late
SPEC = load_robot('sim')
LOCK = wire.Topic('estop', 'std_msgs/msg/Bool')
STILL = np.zeros(SPEC.size)


@pytest.fixture(scope='module')
def graph():
    with Graph({'intervention_node': {'operator': 'Ada'}}) as graph:
        graph.robot = Robot(graph, SPEC)
        graph.listen(wire.AUTHORITY, wire.PERSON, wire.REQUEST, wire.DIAGNOSTICS)
        graph.wait(lambda: graph.robot.commands, 'no command')
        yield graph


@pytest.fixture(autouse=True)
def begin_at_rest(graph):
    """Each test starts with the arms at home, and nobody there."""
    graph.robot.position = SPEC.home.copy()
    assert graph.ask('intervention_node/reset')[0]
    await_authority(graph, Who.HOLD, why='no chunk yet')
    graph.heard[wire.REQUEST.name].clear()


def await_request(graph, why):
    """Wait until a person has been asked for because why."""
    told = graph.heard[wire.REQUEST.name]
    graph.wait(lambda: any(why in wire.read_string(data) for data in told), f'a plea: {why}')


def read(data):
    return wire.read_authority(data)[1]


def await_authority(graph, left, right=None, why=''):
    """Return the first authority with these in control, one of them because why."""
    right = right or left
    return graph.next(
        wire.AUTHORITY,
        lambda arms: (
            (arms[0].who, arms[1].who) == (left, right) and any(why in a.why for a in arms)
        ),
        read,
    )


def send_chunk(graph, target, T=30, stamp_ns=None, spec=SPEC):
    """Propose to go straight from here to target within T ticks."""
    share = np.linspace(0, 1, T + 1)[1:, None]
    targets = graph.robot.position + share * (target - graph.robot.position)
    stamp_ns = stamp_ns or graph.now_ns()
    graph.publish(wire.CHUNK, wire.trajectory_msg(spec, stamp_ns, targets, 'v1'))


def send_hands(graph, target, is_held):
    """Move the leader arms, the dead-man held or not."""
    buttons = np.zeros(len(BUTTONS))
    buttons[BUTTONS.index('leftshoulder')] = is_held
    now_ns = graph.now_ns()
    graph.publish(wire.JOY, wire.joy_msg(now_ns, np.zeros(6), buttons))
    sample = JointSample(now_ns, target, STILL, STILL)
    graph.publish(wire.LEADER, wire.joints_msg(SPEC, sample))


def test_the_command_begins_at_the_measured_pose_with_the_stamp_of_its_joints(graph):
    stamp_ns, command = graph.robot.commands[-1]
    np.testing.assert_allclose(command, SPEC.home, atol=1e-12)
    assert 0 < graph.now_ns() - stamp_ns < 10**9


def test_a_plan_is_executed_within_limits_and_the_arms_stand_when_it_ends(graph):
    begin, goal = len(graph.robot.commands), SPEC.home + 0.1
    send_chunk(graph, goal)
    arm = await_authority(graph, Who.POLICY)[0]
    assert (arm.why, arm.policy_version) == ('chunk', 'v1')
    await_authority(graph, Who.HOLD, why='chunk exhausted')
    moves = graph.robot.moves(begin)
    assert_within_limits(SPEC, moves)
    assert np.abs(moves[-1] - moves[0])[SPEC.arms[0].joints].min() > 0.05
    graph.wait(lambda: np.ptp(graph.robot.moves()[-5:], axis=0).max() < 1e-9, 'the arms stand')


@pytest.mark.parametrize(
    ('fields', 'why'),
    [
        ({'name': [f'elbow_{i}' for i in range(14)]}, "is a joint of robot 'sim'"),
        ({'position': np.zeros(3)}, '14 names, but 3 of position'),
        ({'position': np.full(14, np.nan)}, 'are not finite'),
    ],
)
def test_wrong_joints_are_named_and_the_arms_hold_until_right_ones_come(graph, fields, why):
    graph.robot.distort = lambda data: changed(data, **fields)
    arms = await_authority(graph, Who.HOLD, why=why)
    assert arms[0].why == arms[1].why
    graph.robot.distort = lambda data: data
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.HOLD, why='chunk')
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.POLICY)
    assert why in graph.log()


def test_joints_that_stop_coming_stop_the_arms_which_go_on_when_they_come_again(graph):
    begin = len(graph.robot.commands)
    send_chunk(graph, SPEC.home + 0.2, T=40)
    await_authority(graph, Who.POLICY)
    graph.robot.is_silent = True
    await_authority(graph, Who.HOLD, why='joint_states older than 0.1 s')
    await_request(graph, 'joint_states older')
    graph.count(wire.AUTHORITY, 25)  # time to brake
    moves = graph.robot.moves(begin)
    assert_within_limits(SPEC, moves)
    assert np.ptp(moves[-3:], axis=0).max() < 1e-9
    graph.robot.is_silent = False
    await_authority(graph, Who.HOLD, why='no chunk')
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.POLICY)


def test_a_robot_that_comes_back_elsewhere_is_commanded_from_where_it_is(graph):
    """Switched off in mid-motion, moved by hand, on again: no restart, and no leap."""
    send_chunk(graph, SPEC.home + 0.2, T=40)
    await_authority(graph, Who.POLICY)
    graph.robot.is_silent = True
    await_authority(graph, Who.HOLD, why='joint_states older than 0.1 s')
    graph.count(wire.AUTHORITY, 70)  # time to brake, and to be missed
    count = len(graph.robot.commands)
    graph.count(wire.AUTHORITY, 20)
    assert len(graph.robot.commands) == count  # nobody tells a robot that is not there
    elsewhere = SPEC.home - 0.15
    graph.robot.position, graph.robot.is_silent = elsewhere.clip(SPEC.lower, SPEC.upper), False
    await_authority(graph, Who.HOLD, why='no chunk')
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.POLICY)
    graph.count(wire.AUTHORITY, 30)
    moves = graph.robot.moves(count)
    arms = np.concatenate([np.arange(SPEC.size)[arm.joints] for arm in SPEC.arms])
    assert np.abs(moves[0] - elsewhere)[arms].max() < 0.005
    assert_within_limits(SPEC, moves)


@pytest.mark.parametrize('kind', ['nan', 'joints', 'count'])
def test_an_impossible_plan_stops_the_arms_and_says_why(graph, kind):
    send_chunk(graph, SPEC.home + 0.2, T=40)
    await_authority(graph, Who.POLICY)
    targets = np.zeros((10, SPEC.size))
    data = wire.trajectory_msg(SPEC, graph.now_ns(), targets * (np.nan if kind == 'nan' else 1))
    message = wire.from_bytes(wire.CHUNK, data)
    if kind == 'joints':
        message.joint_names = [f'{name}_x' for name in message.joint_names]
    if kind == 'count':
        for point in message.points:
            point.positions = point.positions[:-1]
    graph.publish(wire.CHUNK, wire.to_bytes(wire.CHUNK, message))
    why = {'nan': 'policy proposed NaN', 'joints': 'are missing', 'count': '13'}[kind]
    await_authority(graph, Who.HOLD, why=why)
    await_request(graph, why)


def test_holding_the_dead_man_takes_over_and_letting_go_hands_back(graph):
    send_chunk(graph, SPEC.home + 0.2, T=60)
    await_authority(graph, Who.POLICY)
    begin = len(graph.robot.commands)
    for _ in range(10):
        send_hands(graph, SPEC.home + 0.05, is_held=True)
        graph.count(wire.AUTHORITY, 1)
    arm = await_authority(graph, Who.HUMAN)[0]
    assert (arm.why, arm.operator) == ('leader engaged', 'Ada')
    assert graph.heard[wire.PERSON.name]
    send_hands(graph, SPEC.home + 0.05, is_held=False)
    await_authority(graph, Who.HOLD, why='no chunk')  # what was planned before counts no more
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.POLICY)
    assert_within_limits(SPEC, graph.robot.moves(begin))


def test_an_arm_is_taken_over_and_handed_back_by_service(graph):
    send_chunk(graph, SPEC.home + 0.2, T=60)
    await_authority(graph, Who.POLICY)
    assert graph.ask('intervention_node/right/take_over') == (True, '')
    await_authority(graph, Who.POLICY, Who.HOLD, why='silent: go on, or hand back')
    send_hands(graph, SPEC.home, is_held=False)
    await_authority(graph, Who.POLICY, Who.HUMAN)
    assert graph.ask('intervention_node/right/hand_back') == (True, '')
    await_authority(graph, Who.POLICY, Who.HOLD, why='no chunk')
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.POLICY)


def test_sticks_only_tell_after_the_word_and_the_policy_keeps_the_arms(graph):
    assert graph.ask('intervention_node/label') == (True, '')
    send_chunk(graph, SPEC.home + 0.2, T=60)
    await_authority(graph, Who.POLICY)
    told = graph.heard[wire.PERSON.name]
    told.clear()

    def is_told():
        forth = np.eye(len(AXES))[AXES.index('lefty')]
        graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), forth, np.zeros(len(BUTTONS))))
        return any(wire.read_trajectory(SPEC, data, 'told').version == '+left' for data in told)

    graph.wait(is_told, 'a label of the left arm')
    await_authority(graph, Who.POLICY)
    assert graph.ask('intervention_node/hand_back')[0]


def test_sticks_move_an_arm_that_was_taken_by_service(graph):
    assert graph.ask('intervention_node/left/take_over') == (True, '')
    begin = len(graph.robot.commands)

    def moves():
        forth = np.eye(len(AXES))[AXES.index('lefty')]
        graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), forth, np.zeros(len(BUTTONS))))
        moved = np.abs(np.diff(graph.robot.moves(begin - 1)[:, SPEC.arms[0].joints], axis=0))
        return moved.sum() > 0.05

    graph.wait(moves, 'the left arm moves')
    arm = await_authority(graph, Who.HUMAN, Who.HOLD)[0]
    assert arm.why == 'joystick engaged'
    assert graph.ask('intervention_node/left/hand_back')[0]
    await_authority(graph, Who.HOLD, why='no chunk yet')
    assert_within_limits(SPEC, graph.robot.moves(begin))


def test_other_leader_arms_are_refused_and_the_node_goes_on(graph):
    sample = wire.joints_msg(SPEC, JointSample(graph.now_ns(), SPEC.home, STILL, STILL))
    graph.publish(wire.LEADER, changed(sample, name=[f'a{i}' for i in range(14)]))
    graph.publish(wire.LEADER, changed(sample, position=np.full(14, np.nan)))
    graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), np.full(6, np.nan), np.zeros(2)))
    for why in (
        'joy: an axis is not finite',
        'leader refused: leader/joint_states: joints [',
        'position',
    ):
        graph.wait(lambda why=why: why in graph.log(), f'the refusal: {why}')
    graph.count(wire.AUTHORITY, 5)


def test_an_estop_is_latched_until_it_is_cleared_and_says_why(graph):
    graph.publish(LOCK, wire.to_bytes(LOCK, wire.STORE.types[LOCK.type](data=True)))
    await_authority(graph, Who.ESTOP, why='estop pressed')
    assert graph.ask('intervention_node/clear_estop') == (False, 'estop pressed')
    graph.publish(LOCK, wire.to_bytes(LOCK, wire.STORE.types[LOCK.type](data=False)))
    send_chunk(graph, SPEC.home + 0.2)
    graph.count(wire.AUTHORITY, 10)
    assert all(arm.who is Who.ESTOP for arm in read(graph.heard[wire.AUTHORITY.name][-1]))
    assert graph.ask('intervention_node/clear_estop') == (True, '')
    await_authority(graph, Who.HOLD, why='no chunk')
    send_chunk(graph, SPEC.home)
    await_authority(graph, Who.POLICY)


def test_anyone_may_stop_the_arms_by_service_or_by_the_guide_button(graph):
    assert graph.ask('intervention_node/estop') == (True, '')
    await_authority(graph, Who.ESTOP, why='estop: software')
    assert graph.ask('intervention_node/clear_estop') == (True, '')
    await_authority(graph, Who.HOLD)
    buttons = np.zeros(len(BUTTONS))
    for pressed in (0, 1):
        buttons[BUTTONS.index('guide')] = pressed
        graph.publish(wire.JOY, wire.joy_msg(graph.now_ns(), np.zeros(6), buttons))
    await_authority(graph, Who.ESTOP, why='estop: joystick')
    assert graph.ask('intervention_node/clear_estop') == (True, '')
    await_authority(graph, Who.HOLD)


def test_a_reset_in_mid_motion_brakes_before_the_command_is_seated_anew(graph):
    begin = len(graph.robot.commands)
    send_chunk(graph, SPEC.home + 0.2, T=40)
    await_authority(graph, Who.POLICY)
    graph.count(wire.AUTHORITY, 10)
    assert graph.ask('intervention_node/reset') == (True, '')
    await_authority(graph, Who.HOLD, why='coming to rest before the reset')
    await_authority(graph, Who.HOLD, why='no chunk yet')
    assert_within_limits(SPEC, graph.robot.moves(begin))


def test_diagnostics_tell_rates_and_what_is_wrong(graph):
    def status(data):
        return {
            name: (message, values) for name, message, values in wire.read_diagnostics(data)[1]
        }

    first = graph.next(wire.DIAGNOSTICS, lambda m: 'intervention_node' in m, status)
    _, values = first['intervention_node']
    assert {'joint_states_hz', 'command_hz', 'command_age_ms', 'chunk_age_longest_ms'} <= set(
        values
    )
    graph.robot.is_silent = True
    graph.next(
        wire.DIAGNOSTICS, lambda m: 'joint_states older' in m['intervention_node'][0], status
    )
    graph.robot.is_silent = False

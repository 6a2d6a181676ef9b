"""Hand guiding over real topics: wrenches push the simulated arms, and the command goes along."""

import itertools
import threading
from time import sleep

import numpy as np
import pytest
import yaml
from graph import Graph, assert_within_limits

from il_ros import wire
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.share import share
from il_ros.sim.guide import GuidingHand
from il_ros.spec import Who

pytestmark = pytest.mark.alone  # in real time, in which a tick must not be late
SPEC = load_robot('sim')
LEFT, RIGHT = SPEC.arms
KINEMATICS = Kinematics(SPEC)
BUTTON = wire.guide_topic('guiding/left')
FREE = wire.guide_topic(SPEC.guide_topics['left'])
PARTS = {
    'sim_node': {'task': 'nothing'},
    'intervention_node': {'guiding': True, 'operator': 'Ada'},
}


@pytest.fixture(scope='module')
def graph():
    with Graph(PARTS) as graph:
        topics = (wire.JOINT_STATES, wire.AUTHORITY, wire.PERSON, wire.COMMAND, FREE)
        graph.listen(*topics)
        yield graph


def joints(data):
    return wire.read_joints(SPEC, data)


def arms(data):
    return wire.read_authority(data)[1]


def guided(graph, goal, seconds):
    """Pull the left arm to goal (A,) by wrenches, on a straight way of joints."""
    hand, start = GuidingHand(SPEC), graph.next(wire.JOINT_STATES, read=joints).position
    for part in np.linspace(0, 1, round(seconds * SPEC.control_hz)):
        sample = graph.next(wire.JOINT_STATES, read=joints)
        wrench = hand.pull(sample, start + part * (goal - start))[0]
        graph.publish(wire.HAND_WRENCH, wire.wrench_msg(wrench))


def commands(graph, since=0):
    """Return stamps and commands (n, A) that were published from the since-th on."""
    heard = graph.heard[wire.COMMAND.name][since:]
    chunks = [wire.read_trajectory(SPEC, data, 'command') for data in heard]
    return [c.stamp_ns for c in chunks], np.array([c.targets[0] for c in chunks])


def test_an_arm_is_taken_over_by_service_guided_and_handed_back_without_a_jump(graph):
    start = graph.next(wire.JOINT_STATES, read=joints).position
    goal = start.copy()
    goal[LEFT.joints] += [0.3, 0.1, -0.1, 0.0, 0.1, 0.0]
    begin = len(graph.heard[wire.COMMAND.name])
    assert graph.ask('intervention_node/left/take_over')[0]
    left, right = graph.next(wire.AUTHORITY, lambda a: a[0].who is Who.HUMAN, arms)
    assert (left.why, left.operator, right.who) == ('guided', 'Ada', Who.HOLD)
    assert graph.next(FREE, read=wire.read_bool)
    guided(graph, goal, 2.0)
    reached = graph.next(wire.JOINT_STATES, read=joints).position
    assert np.abs(reached - goal)[LEFT.joints].max() < 0.03
    assert graph.ask('intervention_node/left/hand_back')[0]
    graph.next(FREE, lambda free: not free, wire.read_bool)
    graph.count(wire.JOINT_STATES, 25)
    after = graph.next(wire.JOINT_STATES, read=joints).position
    assert np.abs(after - reached).max() < 0.06  # it was under way for as long as a service takes
    _stamps, sent = commands(graph, begin)
    assert_within_limits(SPEC, sent)
    assert np.abs(sent[-1] - after)[LEFT.joints].max() < 2e-3
    assert np.abs(after - start)[RIGHT.joints].max() < 1e-3


def test_a_button_at_the_arm_is_a_dead_man_and_what_was_measured_is_the_action(graph):
    held = threading.Event()

    def hold():
        while not held.is_set():
            graph.publish(BUTTON, wire.bool_msg(True))
            sleep(0.02)

    said = len(graph.heard[wire.PERSON.name])
    thread = threading.Thread(target=hold)
    thread.start()
    try:
        graph.next(wire.AUTHORITY, lambda a: a[0].why == 'guided', arms)
        guided(graph, graph.next(wire.JOINT_STATES, read=joints).position + 0.1, 1.0)
    finally:
        held.set()
        thread.join()
    graph.next(wire.AUTHORITY, lambda a: a[0].who is Who.HOLD, arms)
    samples = [joints(data) for data in graph.heard[wire.JOINT_STATES.name]]
    after = {one.stamp_ns: other.position for one, other in itertools.pairwise(samples)}
    heard = graph.heard[wire.PERSON.name][said:]
    actions = [wire.read_trajectory(SPEC, data, 'person') for data in heard]
    exact = [
        np.array_equal(action.targets[0][LEFT.joints], after[action.stamp_ns][LEFT.joints])
        for action in actions
        if action.stamp_ns in after
    ]
    assert len(exact) > 40 and np.mean(exact) > 0.9  # but where a tick came too late


def test_what_pushes_at_no_link_is_refused_and_the_sim_goes_on(graph):
    hand = GuidingHand(SPEC)
    sample = graph.next(wire.JOINT_STATES, read=joints)
    data = wire.wrench_msg(hand.pull(sample, sample.position)[0])
    message = wire.from_bytes(wire.HAND_WRENCH, data)
    message.header.frame_id = 'tail'
    graph.publish(wire.HAND_WRENCH, wire.to_bytes(wire.HAND_WRENCH, message))
    graph.wait(lambda: "the URDF has no link 'tail'" in graph.log(), 'the refusal')
    graph.count(wire.JOINT_STATES, 5)


def test_a_robot_whose_arms_cannot_be_freed_says_what_is_missing(tmp_path):
    source = share('config', 'robots', 'sim.yaml')
    given = yaml.safe_load(source.read_text())
    given['urdf'] = str((source.parent / given['urdf']).resolve())
    del given['guide_topics']
    path = tmp_path / 'mine.yaml'
    path.write_text(yaml.safe_dump(given))
    with Graph({'intervention_node': {'robot': str(path), 'guiding': True}}) as graph:
        node = graph.processes['intervention_node']
        graph.wait(lambda: node.poll() is not None, 'it ends')
        assert node.returncode != 0 and 'its YAML has no guide_topics' in graph.log()

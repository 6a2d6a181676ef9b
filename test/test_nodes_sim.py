"""The sim node in real time: it takes what a robot's controller takes, and tells its state."""

import numpy as np
import pytest
from graph import Graph

from il_ros import wire
from il_ros.observation import images
from il_ros.robot.load import load_robot
from il_ros.spec import Decision

pytestmark = pytest.mark.alone  # in real time, in which a tick must not be late
SPEC = load_robot('sim')
(TARGET,) = SPEC.command_topics
IMAGE = wire.image_topic('cam_high', 'jpeg')
INFO = wire.camera_info_topic('cam_high')


@pytest.fixture(scope='module')
def graph():
    parameters = {'cameras': 'cam_high', 'command_timeout_s': 0.1, 'seed': 3}
    with Graph({'sim_node': parameters}) as graph:
        graph.listen(wire.JOINT_STATES, wire.TASK_STATE, wire.TASK_OUTCOME, IMAGE, INFO)
        yield graph


def joints(graph):
    """Return the next measured joints."""
    return graph.next(wire.JOINT_STATES, read=lambda data: wire.read_joints(SPEC, data))


def send(graph, position, **changes):
    """Send a command, with other fields than it should have."""
    data = wire.command_msg(SPEC, TARGET, Decision(graph.now_ns(), position, ()))
    message = wire.from_bytes(wire.COMMAND, data)
    for name, value in changes.items():
        setattr(message.points[0] if hasattr(message.points[0], name) else message, name, value)
    graph.publish(wire.COMMAND, wire.to_bytes(wire.COMMAND, message))


def drive(graph, position, ticks):
    """Command a pose for some ticks; return where the arms are then."""
    for _ in range(ticks):
        send(graph, position)
        sample = joints(graph)
    return sample.position


def test_every_state_is_told_with_one_stamp_and_images_with_their_intrinsics(graph):
    sample = joints(graph)
    graph.wait(
        lambda: any(
            wire.read_poses(data)[0] == sample.stamp_ns
            for data in graph.heard[wire.TASK_STATE.name]
        ),
        'the poses of the same tick',
    )
    image = graph.next(IMAGE)
    stamp_ns, pixels = images.decode(IMAGE.type, wire.to_bytes(IMAGE, image))
    info = graph.next(INFO)
    assert pixels.shape == (info.height, info.width, 3) and info.k[0] > 0
    assert image.header.frame_id == info.header.frame_id == 'cam_high_optical_frame'
    assert stamp_ns > 0


def test_who_comes_late_gets_the_description(graph):
    graph.listen(wire.ROBOT_DESCRIPTION)
    graph.wait(lambda: graph.heard[wire.ROBOT_DESCRIPTION.name], 'the URDF')
    assert wire.read_string(graph.heard[wire.ROBOT_DESCRIPTION.name][0]) == SPEC.urdf


def test_arms_go_where_they_are_told_and_hold_when_commands_stop(graph):
    assert graph.ask('sim_node/reset')[0] and graph.ask('sim_node/start')[0]
    home, arm = joints(graph).position, SPEC.arms[0].joints
    reached = drive(graph, SPEC.home + 0.05, 30)
    np.testing.assert_allclose(reached[arm], SPEC.home[arm] + 0.05, atol=0.02)
    assert np.abs(reached - home)[arm].max() > 0.03
    graph.count(wire.JOINT_STATES, 15)
    still = joints(graph).position
    graph.count(wire.JOINT_STATES, 10)
    np.testing.assert_allclose(joints(graph).position, still, atol=1e-3)


@pytest.mark.parametrize(
    ('changes', 'why'),
    [
        ({'velocities': np.ones(14)}, 'final velocity is not zero'),
        ({'positions': np.full(14, np.nan)}, 'not a finite position'),
        ({'positions': np.zeros(13)}, 'not as many positions'),
        ({'joint_names': [f'a{i}' for i in range(14)]}, "joints ['left_waist'"),
        ({'header': wire.header(1_000_000_000)}, 'the trajectory ended in the past'),
        ({'points': []}, 'a trajectory without points'),
    ],
)
def test_what_a_trajectory_controller_refuses_is_refused(graph, changes, why):
    assert graph.ask('sim_node/reset')[0] and graph.ask('sim_node/start')[0]
    home = joints(graph).position
    for _ in range(5):
        send(graph, home + 0.3, **changes)
        joints(graph)
    graph.wait(lambda: f'command refused: command: {why}' in graph.log(), f'the refusal: {why}')
    np.testing.assert_allclose(joints(graph).position, home, atol=0.02)


def test_after_a_reset_everything_stands_until_the_start(graph):
    assert graph.ask('sim_node/reset')[0]
    home = joints(graph).position
    np.testing.assert_array_equal(drive(graph, SPEC.home + 0.3, 5), home)
    elapsed = graph.next(wire.TASK_OUTCOME, read=wire.read_outcome).elapsed_s
    assert elapsed == 0.0
    began_ns = int(graph.client.trigger('sim_node/start'))
    outcome = graph.next(wire.TASK_OUTCOME, lambda o: o.elapsed_s > 0, wire.read_outcome)
    assert outcome.stamp_ns >= began_ns
    assert np.abs(drive(graph, SPEC.home + 0.05, 10) - home).max() > 0.01


def test_the_parameter_seed_is_the_scene_of_the_next_reset(graph):
    places = []
    for seed in (5, 6, 5):
        graph.client.set('sim_node', {'seed': seed})
        assert graph.ask('sim_node/reset')[0]
        places.append(graph.next(wire.TASK_STATE, read=lambda data: wire.read_poses(data)[1]))
    np.testing.assert_array_equal(places[0], places[2])
    assert np.abs(places[0] - places[1]).max() > 1e-3

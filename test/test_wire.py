"""The wire's bytes against rclpy's, sent through the middleware both ways, for every encoder."""

import os
import time
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message
from recorder_samples import ROBOT, N, decision

from il_ros import wire
from il_ros.spec import Authority, CommandTopic, JointSample, Outcome, Who

T_NS = 12_345_678_901
RANDOM = np.random.default_rng(0)
SAMPLE = JointSample(T_NS, *RANDOM.normal(size=(3, N)))
TARGETS = RANDOM.normal(size=(3, N))
POSES = RANDOM.normal(size=(2, 7))
IMAGE = RANDOM.integers(0, 256, (24, 32, 3), dtype=np.uint8)
JPEG = RANDOM.integers(0, 256, 101, dtype=np.uint8)
OUTCOME = Outcome(T_NS, 'failure', 'dropped', 3.25, 2.5, 4.0)
HUMAN = Authority(Who.HUMAN, 'test', T_NS, 'Ada')
HOLD = Authority(Who.HOLD, 'test', T_NS, awaits_ns=T_NS + 1)
STEP = replace(decision(T_NS), authority=(HUMAN, HOLD))
AXES, BUTTONS = RANDOM.uniform(-1, 1, 6), RANDOM.integers(0, 2, 21)
FLOATS = CommandTopic('left/commands', wire.FLOATS, ('left_gripper', 'left_arm'))
TRAJECTORY = CommandTopic('right/joint_trajectory', wire.COMMAND.type, ('right_arm',))

ENCODED = {
    'joints': (wire.JOINT_STATES.type, wire.joints_msg(ROBOT, SAMPLE)),
    'trajectory': (wire.CHUNK.type, wire.trajectory_msg(ROBOT, T_NS, TARGETS, 'v1')),
    'nothing': (wire.CHUNK.type, wire.trajectory_msg(ROBOT, T_NS, TARGETS[:0])),
    'floats': (wire.FLOATS, wire.command_msg(ROBOT, FLOATS, STEP)),
    'command': (wire.COMMAND.type, wire.command_msg(ROBOT, TRAJECTORY, STEP)),
    'poses': (wire.TASK_STATE.type, wire.poses_msg(T_NS, POSES)),
    'no poses': (wire.TASK_STATE.type, wire.poses_msg(T_NS, POSES[:0])),
    'outcome': (wire.TASK_OUTCOME.type, wire.outcome_msg(OUTCOME)),
    'authority': (wire.AUTHORITY.type, wire.authority_msg(ROBOT, STEP)),
    'episode': (wire.EPISODE.type, wire.episode_msg('running', {'number': 3, 'é': ''})),
    'joy': (wire.JOY.type, wire.joy_msg(T_NS, AXES, BUTTONS)),
    'string': (wire.REQUEST.type, wire.string_msg('stuck at the bin: ü')),
    'clock': (wire.CLOCK.type, wire.clock_msg(T_NS)),
    'image': ('sensor_msgs/msg/Image', wire.image_msg(T_NS, 'cam', IMAGE)),
    'jpeg': ('sensor_msgs/msg/CompressedImage', wire.compressed_msg(T_NS, 'cam', 'jpeg', JPEG)),
    'camera': ('sensor_msgs/msg/CameraInfo', wire.camera_info_msg(T_NS, 'cam', (32, 24), 0.8)),
}


def class_of(kind: str) -> type:
    """Return the message class that rclpy uses."""
    package, _, name = kind.split('/')
    return getattr(import_module(f'{package}.msg'), name)


class Crossed:
    """What crossed: `raw`, the bytes of typed publishers; `typed`, the messages of raw ones."""

    def __init__(self):
        self.raw: dict = {}
        self.typed: dict = {}

    def connect(self, node, name: str) -> None:
        """Send one message both ways, each kept for the subscriber that is found later."""
        kind, data = ENCODED[name]
        topic, cls = f'crossed_{os.getpid()}_{name.replace(" ", "_")}', class_of(kind)
        kept = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        typed, raw = (node.create_publisher(cls, f'{topic}_{way}', kept) for way in ('a', 'b'))
        typed.publish(deserialize_message(data, cls))
        raw.publish(data)
        take_raw, take_typed = (
            lambda message, into=into: into.__setitem__(name, message)
            for into in (self.raw, self.typed)
        )
        node.create_subscription(cls, f'{topic}_a', take_raw, kept, raw=True)
        node.create_subscription(cls, f'{topic}_b', take_typed, kept)


@pytest.fixture(scope='module')
def crossed():
    """Every message of ENCODED, through the middleware."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node, executor = (
        rclpy.create_node('wire', context=context),
        SingleThreadedExecutor(context=context),
    )
    executor.add_node(node)
    got = Crossed()
    for name in ENCODED:
        got.connect(node, name)
    give_up = time.monotonic() + 30
    while len(got.raw) + len(got.typed) < 2 * len(ENCODED) and time.monotonic() < give_up:
        executor.spin_once(timeout_sec=0.1)
    yield got
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


def assert_same(ours, theirs) -> None:
    """Compare two messages field by field, down to the leaves."""
    if hasattr(theirs, 'get_fields_and_field_types'):
        for field in theirs.get_fields_and_field_types():
            assert_same(getattr(ours, field), getattr(theirs, field))
    elif isinstance(theirs, bytes):  # rclpy's name for an octet
        assert bytes([ours]) == theirs
    elif isinstance(theirs, (str, int, float)):
        assert ours == theirs
    else:
        assert len(ours) == len(theirs)
        for one, two in zip(ours, theirs, strict=True):
            assert_same(one, two)


@pytest.mark.parametrize('name', ENCODED)
def test_a_typed_subscriber_sees_what_we_write(name, crossed):
    """Every field of every message."""
    kind, data = ENCODED[name]
    assert_same(wire.from_bytes(kind, data), crossed.typed[name])


@pytest.mark.parametrize('name', ENCODED)
def test_a_typed_publisher_sends_what_we_write(name, crossed):
    """As long, and the same but for the padding, in which rclpy leaves what was in its memory."""
    kind, data = ENCODED[name]
    theirs = crossed.raw[name]
    assert len(theirs) == len(data)
    assert wire.to_bytes(kind, wire.from_bytes(kind, theirs)) == data


@pytest.mark.parametrize('name', ENCODED)
def test_the_stamp_is_read_without_decoding(name, crossed):
    """At the front of the bytes, of those types that have a header."""
    kind, _ = ENCODED[name]
    has_header = 'header' in class_of(kind).get_fields_and_field_types()
    assert wire.stamp_ns_of(kind, crossed.raw[name]) == (T_NS if has_header else None)


def test_joints_come_back_inside_units(crossed):
    """Grippers travel in joint units."""
    assert crossed.typed['joints'].position[1] == pytest.approx(0.04 * SAMPLE.position[1])
    sample = wire.read_joints(ROBOT, crossed.raw['joints'])
    assert sample.stamp_ns == T_NS
    for field in ('position', 'velocity', 'effort'):
        np.testing.assert_allclose(getattr(sample, field), getattr(SAMPLE, field))


def test_chunks_come_back(crossed):
    """Point i is due i + 1 periods after the stamp."""
    times = [p.time_from_start.nanosec for p in crossed.typed['trajectory'].points]
    assert times == [20_000_000, 40_000_000, 60_000_000]
    chunk = wire.read_trajectory(ROBOT, crossed.raw['trajectory'], 'here')
    assert (chunk.stamp_ns, chunk.version) == (T_NS, 'v1')
    np.testing.assert_allclose(chunk.targets, TARGETS)
    assert wire.read_trajectory(ROBOT, crossed.raw['nothing'], 'here').targets.shape == (0, N)


def test_task_comes_back(crossed):
    """Poses in their order, and how the task stands."""
    stamp_ns, poses = wire.read_poses(crossed.raw['poses'])
    assert stamp_ns == T_NS
    np.testing.assert_array_equal(poses, POSES)
    assert wire.read_outcome(crossed.raw['outcome']) == OUTCOME


def test_authority_comes_back(crossed):
    """One status per arm, left then right, its message who commands."""
    assert [s.message for s in crossed.typed['authority'].status] == ['human', 'hold']
    stamp_ns, arms = wire.read_authority(crossed.raw['authority'])
    assert stamp_ns == T_NS
    told = [(a.who, a.why, a.since_ns, a.operator, a.awaits_ns) for a in arms]
    assert told == [
        (Who.HUMAN, 'test', T_NS, 'Ada', -1),
        (Who.HOLD, 'test', T_NS, '', T_NS + 1),
    ]


def test_the_rest_comes_back(crossed):
    """Joystick, texts, clock."""
    stamp_ns, axes, buttons = wire.read_joy(crossed.raw['joy'])
    assert stamp_ns == T_NS
    np.testing.assert_array_equal(axes, AXES.astype(np.float32))
    np.testing.assert_array_equal(buttons, BUTTONS)
    assert wire.read_string(crossed.raw['string']) == 'stuck at the bin: ü'
    assert wire.read_clock(crossed.raw['clock']) == T_NS
    assert wire.read_episode(crossed.raw['episode']) == ('running', {'number': '3', 'é': ''})


def test_images_are_the_pixels(crossed):
    """Row by row, RGB."""
    message = crossed.typed['image']
    assert (message.height, message.width, message.encoding, message.step) == (24, 32, 'rgb8', 96)
    np.testing.assert_array_equal(np.frombuffer(message.data, np.uint8).reshape(24, 32, 3), IMAGE)
    assert bytes(crossed.typed['jpeg'].data) == JPEG.tobytes()


def test_commands_carry_their_own_joints(crossed):
    """In the order that the robot's file says, in joint units."""
    command = ROBOT.to_wire(STEP.command)
    assert crossed.typed['floats'].data.tolist() == [command[1], command[0]]
    assert crossed.typed['command'].joint_names == ['right_arm']

"""Real messages of a small robot, as the recorder receives them, for the recorder's tests."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from il_ros import wire
from il_ros.recorder.bag import BagWriter
from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.spec import Arm, Authority, Camera, Decision, JointSample, RobotSpec, Who

DT_NS = 20_000_000
N = 4
CONFIG = RecorderConfig(disk_floor_mb=0, disk_stop_mb=0)
ROBOT = RobotSpec(
    name='small',
    urdf='<robot/>',
    joint_names=('left_arm', 'left_gripper', 'right_arm', 'right_gripper'),
    arms=(Arm('left', slice(0, 1), slice(1, 2)), Arm('right', slice(2, 3), slice(3, 4))),
    cameras=(Camera('cam_high', 32, 24, 25.0),),
    control_hz=50.0,
    lower=-np.ones(N),
    upper=np.ones(N),
    velocity=np.ones(N),
    acceleration=np.ones(N),
    jerk=np.ones(N),
    effort=np.ones(N),
    home=np.zeros(N),
    joint_scale=np.array([1.0, 0.04, 1.0, 0.04]),
    joint_offset=np.zeros(N),
)
IMAGE = wire.image_topic('cam_high', 'raw')
Message = tuple[wire.Topic, bytes, int]


def decision(stamp_ns: int, left: Who = Who.POLICY, right: Who = Who.POLICY) -> Decision:
    """Return a decision of the arbiter."""
    arms = tuple(Authority(who, 'test', stamp_ns) for who in (left, right))
    return Decision(stamp_ns, np.zeros(N), arms)


def messages(ticks: int, seed: int = 0, start_ns: int = 1_000_000_000) -> Iterator[Message]:
    """Yield what so many control ticks send: topic, serialized message, stamp [ns]."""
    random = np.random.default_rng(seed)
    yield wire.ROBOT_DESCRIPTION, wire.string_msg(ROBOT.urdf), start_ns
    for k in range(ticks):
        t = start_ns + k * DT_NS
        sample = JointSample(t, *random.normal(size=(3, N)))
        yield wire.JOINT_STATES, wire.joints_msg(ROBOT, sample), t
        if k % 2 == 0:
            image = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            yield IMAGE, wire.image_msg(t, 'cam_high', image), t
        who = Who.HUMAN if k % 5 == 0 else Who.POLICY
        yield wire.AUTHORITY, wire.authority_msg(ROBOT, decision(t, left=who)), t
        yield wire.COMMAND, wire.trajectory_msg(ROBOT, t, random.normal(size=(1, N))), t


def rows(given: list[Message]) -> list[tuple[str, str, int, bytes]]:
    """Return messages as read_bag gives them."""
    return [(topic.name, topic.type, stamp_ns, data) for topic, data, stamp_ns in given]


def write_bag(folder: Path, given: list[Message], compression: str = 'none', **meta) -> Path:
    """Write a whole bag, a chunk every 20 messages."""
    ticks = iter(range(10**9))
    bag = BagWriter(folder, compression, meta, clock=lambda: next(ticks), flush_s=20e-9)
    for topic, data, stamp_ns in given:
        bag.write(topic, data, stamp_ns)
    bag.close({**meta, 'termination_reason': 'stopped'})
    return folder


def record(recorder: EpisodeRecorder, given: list[Message], outcome: str = 'success') -> Path:
    """Record one whole episode."""
    recorder.start({'task': 'transfer', 'seed': 3}, given[0][2])
    for topic, data, stamp_ns in given:
        recorder.add(topic, data, stamp_ns)
    return recorder.stop(outcome, 'stopped', given[-1][2])

"""The load that recorders are measured with: three raw 640x480 cameras, and the state at 50 Hz."""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from il_ros import wire
from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.spec import Authority, Decision, JointSample, RobotSpec, Who

CAMERAS = ('cam_high', 'cam_left_wrist', 'cam_right_wrist')
WIDTH, HEIGHT = 640, 480  # [px]
CAMERA_HZ, STATE_HZ = 30, 50
POOL = 7  # different images: more than a compressor remembers
STATE = (wire.JOINT_STATES, wire.COMMAND, wire.AUTHORITY)
IMAGES = tuple(wire.image_topic(name, 'raw') for name in CAMERAS)
Load = tuple[int, wire.Topic, bytes]  # due at [ns], topic, serialized message

_STAMP = slice(4, 12)  # of a message that begins with a header, in CDR


def load(spec: RobotSpec, seconds: float, first_ns: int = 0) -> Iterator[Load]:
    """
    Yield the messages of so many seconds from first_ns on, in the order of their stamps.

    Each is made once, images of noise, and then only gets its stamp: what is measured is to be
    the recorder, not the load.
    """
    state, images = _state(spec), _images()
    states, frames = _stamps(seconds, STATE_HZ), _stamps(seconds, CAMERA_HZ)
    for due_ns in sorted({*states, *frames}):
        stamp_ns = first_ns + due_ns
        if due_ns in states:
            for topic, data in state.items():
                yield stamp_ns, topic, stamped(data, stamp_ns)
        if due_ns in frames:
            for i, topic in enumerate(IMAGES):
                yield stamp_ns, topic, stamped(images[(due_ns + i) % POOL], stamp_ns)


def stamped(data: bytes, stamp_ns: int) -> bytes:
    """Return a serialized message that begins with a header, with another stamp."""
    view = memoryview(data)
    stamp = struct.pack('<iI', *divmod(stamp_ns, 1_000_000_000))
    return b''.join((view[: _STAMP.start], stamp, view[_STAMP.stop :]))


def _stamps(seconds: float, hz: int) -> range:
    period_ns = 1_000_000_000 // hz
    return range(0, int(seconds * hz) * period_ns, period_ns)


def _images() -> list[bytes]:
    noise = np.random.default_rng(0).integers(0, 256, (POOL, HEIGHT, WIDTH, 3), dtype=np.uint8)
    return [wire.image_msg(0, 'camera', image) for image in noise]


def _state(spec: RobotSpec) -> dict[wire.Topic, bytes]:
    """Return what a robot and its arbiter send each tick."""
    zero = np.zeros(spec.size)
    authority = tuple(Authority(Who.POLICY, 'chunk', 0) for _ in spec.arms)
    joints = wire.joints_msg(spec, JointSample(0, spec.home, zero, zero))
    command = wire.trajectory_msg(spec, 0, spec.home[None])
    decision = wire.authority_msg(spec, Decision(0, spec.home, authority))
    return dict(zip(STATE, (joints, command, decision), strict=True))


def write_speed(
    root: str | Path, spec: RobotSpec, seconds: float = 2.0, compression: str = 'none'
) -> tuple[float, float]:
    """Return MB and messages a second at which a bag takes so many seconds of the load."""
    messages = list(load(spec, seconds))
    recorder = EpisodeRecorder(root, RecorderConfig(compression, disk_floor_mb=0, disk_stop_mb=0))
    recorder.start({'task': 'bench'}, 0)
    began = time.perf_counter()
    for stamp_ns, topic, data in messages:
        recorder.add(topic, data, stamp_ns)
    recorder.stop('unlabeled', 'stopped', messages[-1][0])
    took_s = time.perf_counter() - began
    return sum(len(data) for _, _, data in messages) / 1e6 / took_s, len(messages) / took_s

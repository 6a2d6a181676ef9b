"""How fast bags are written here: three raw 640x480 cameras at 30 Hz and the state at 50 Hz."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from il_ros import wire
from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.read import read_bag

CAMERAS = ('cam_high', 'cam_left_wrist', 'cam_right_wrist')
WIDTH, HEIGHT = 640, 480  # [px]
CAMERA_HZ, STATE_HZ = 30, 50
JOINTS = 14
POOL = 7  # different images: more than a compressor remembers
Load = tuple[int, wire.Topic, bytes]  # due at [ns], topic, serialized message


def load(seconds: float, seed: int = 0) -> Iterator[Load]:
    """Yield the messages of so many seconds in the order of their stamps; images are noise."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (POOL, HEIGHT, WIDTH, 3), dtype=np.uint8)
    for stamp_ns in sorted({*_stamps(seconds, CAMERA_HZ), *_stamps(seconds, STATE_HZ)}):
        if stamp_ns in _stamps(seconds, STATE_HZ):
            for topic in (wire.JOINT_STATES, wire.COMMAND, wire.AUTHORITY):
                yield stamp_ns, topic, _state(topic, stamp_ns)
        if stamp_ns in _stamps(seconds, CAMERA_HZ):
            for i, name in enumerate(CAMERAS):
                image = images[(stamp_ns + i) % POOL]
                data = wire.image_msg(stamp_ns, name, image)
                yield stamp_ns, wire.image_topic(name, 'raw'), data


def _stamps(seconds: float, hz: int) -> range:
    period_ns = 1_000_000_000 // hz
    return range(0, int(seconds * hz) * period_ns, period_ns)


def _state(topic: wire.Topic, stamp_ns: int) -> bytes:
    """Return a message of about the size that the topic has on a robot of 14 joints."""
    if topic is wire.AUTHORITY:
        rows = [wire.status_msg(arm, 'policy', {'why': 'on time'}) for arm in ('left', 'right')]
        return wire.diagnostics_msg(stamp_ns, rows)
    kind, names, values = wire.STORE.types[topic.type], _NAMES, np.zeros(JOINTS)
    head = wire.header(stamp_ns)
    if topic is wire.JOINT_STATES:
        return wire.to_bytes(topic, kind(head, names, values, values, values))
    point = wire.STORE.types['trajectory_msgs/msg/JointTrajectoryPoint']
    nothing = np.zeros(0)
    row = point(values, nothing, nothing, nothing, wire.duration_msg(20_000_000))
    return wire.to_bytes(topic, kind(head, names, [row]))


_NAMES = [f'joint_{i}' for i in range(JOINTS)]


def write_speed(
    root: str | Path, seconds: float = 2.0, compression: str = 'none'
) -> dict[str, Any]:
    """Write so many seconds of the load as fast as it goes; return mb_s and messages_s."""
    messages = list(load(seconds))
    config = RecorderConfig(compression=compression, disk_floor_mb=0, disk_stop_mb=0)
    recorder = EpisodeRecorder(root, config)
    recorder.start({'task': 'bench'}, 0)
    started = time.perf_counter()
    for stamp_ns, topic, data in messages:
        recorder.add(topic, data, stamp_ns)
    recorder.stop('unlabeled', 'stopped', messages[-1][0])
    took_s = time.perf_counter() - started
    size = sum(len(data) for _, _, data in messages)
    return {'mb_s': size / 1e6 / took_s, 'messages_s': len(messages) / took_s}


def real_time(root: str | Path, seconds: float) -> dict[str, Any]:
    """Write the load as it would come; return expected, received and lost messages, and late_s."""
    recorder = EpisodeRecorder(root, RecorderConfig(transport='raw'))
    recorder.start({'task': 'bench'}, 0)
    started_ns, expected, late_ns = time.monotonic_ns(), 0, 0
    for stamp_ns, topic, data in load(seconds):
        ahead_ns = started_ns + stamp_ns - time.monotonic_ns()
        time.sleep(max(0, ahead_ns) * 1e-9)
        late_ns = max(late_ns, -ahead_ns)
        recorder.add(topic, data, stamp_ns)
        expected += 1
    folder = recorder.stop('unlabeled', 'stopped', round(seconds * 1e9))
    received = sum(1 for _ in read_bag(folder))
    return {
        'expected': expected,
        'received': received,
        'lost': expected - received,
        'late_s': late_ns * 1e-9,
    }


def bench(seconds: float = 10.0, folder: str | Path | None = None) -> dict[str, Any]:
    """
    Measure the writer in a temporary folder, 84 MB for each of the seconds.

    Returns seconds, mb_s and messages_s (as fast as it goes), and expected, received, lost and
    late_s (the longest that a message waited) in real time.
    """
    with TemporaryDirectory(dir=folder) as root:
        fast = write_speed(Path(root) / 'fast')
        paced = real_time(Path(root) / 'paced', seconds)
    return {'seconds': seconds, **fast, **paced}

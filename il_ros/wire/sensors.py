"""Poses, images, pads, texts and clocks <-> bytes."""

from typing import Any

import numpy as np

from il_ros.spec import Wrench
from il_ros.wire.cdr import TYPES, from_bytes, header, ns_of, time_msg, to_bytes
from il_ros.wire.topics import BOOL, CLOCK, HAND_WRENCH, JOY, REQUEST, TASK_STATE

_Vector3 = TYPES['geometry_msgs/msg/Vector3']
_Point = TYPES['geometry_msgs/msg/Point']
_Quaternion = TYPES['geometry_msgs/msg/Quaternion']
_Pose = TYPES['geometry_msgs/msg/Pose']


def poses_msg(stamp_ns: int, poses: np.ndarray, frame_id: str = 'world') -> bytes:
    """Encode poses (K, 7), xyz [m] and quaternion xyzw, as geometry_msgs/PoseArray."""
    kind = TYPES[TASK_STATE.type]
    rows = [
        _Pose(_Point(*map(float, row[:3])), _Quaternion(*map(float, row[3:]))) for row in poses
    ]
    return to_bytes(TASK_STATE, kind(header=header(stamp_ns, frame_id), poses=rows))


def _values(message: Any, names: str) -> tuple[float, ...]:
    return tuple(getattr(message, name) for name in names)


def read_poses(data: bytes) -> tuple[int, np.ndarray]:
    """Decode a PoseArray: stamp [ns] and poses (K, 7)."""
    message = from_bytes(TASK_STATE, data)
    rows = [(*_values(p.position, 'xyz'), *_values(p.orientation, 'xyzw')) for p in message.poses]
    return ns_of(message.header.stamp), np.array(rows, dtype=np.float64).reshape(-1, 7)


def joy_msg(stamp_ns: int, axes: np.ndarray, buttons: np.ndarray) -> bytes:
    """Encode sensor_msgs/Joy: axes (6,) in -1..1, buttons (21,), in the joy package's order."""
    kind = TYPES[JOY.type]
    return to_bytes(
        JOY,
        kind(
            header=header(stamp_ns),
            axes=np.asarray(axes, dtype=np.float32),
            buttons=np.asarray(buttons, dtype=np.int32),
        ),
    )


def read_joy(data: bytes) -> tuple[int, np.ndarray, np.ndarray]:
    """Decode sensor_msgs/Joy: stamp [ns], axes, buttons."""
    message = from_bytes(JOY, data)
    return ns_of(message.header.stamp), np.asarray(message.axes), np.asarray(message.buttons)


def string_msg(text: str) -> bytes:
    """Encode std_msgs/String."""
    return to_bytes(REQUEST, TYPES[REQUEST.type](data=text))


def read_string(data: bytes) -> str:
    """Decode std_msgs/String."""
    return str(from_bytes(REQUEST, data).data)


def bool_msg(value: bool) -> bytes:
    """Encode std_msgs/Bool."""
    return to_bytes(BOOL, TYPES[BOOL](data=bool(value)))


def read_bool(data: bytes) -> bool:
    """Decode std_msgs/Bool."""
    return bool(from_bytes(BOOL, data).data)


def wrench_msg(wrench: Wrench) -> bytes:
    """Encode a push as geometry_msgs/WrenchStamped, whose frame is the link."""
    kind = TYPES['geometry_msgs/msg/Wrench']
    force, torque = (_Vector3(*map(float, row)) for row in (wrench.force, wrench.torque))
    stamped = TYPES[HAND_WRENCH.type]
    head = header(wrench.stamp_ns, wrench.link)
    return to_bytes(HAND_WRENCH, stamped(header=head, wrench=kind(force=force, torque=torque)))


def read_wrench(data: bytes) -> Wrench:
    """Decode geometry_msgs/WrenchStamped; ValueError for what is not finite."""
    message = from_bytes(HAND_WRENCH, data)
    force, torque = (
        np.array(_values(row, 'xyz')) for row in (message.wrench.force, message.wrench.torque)
    )
    if not (np.isfinite(force).all() and np.isfinite(torque).all()):
        raise ValueError(f'{HAND_WRENCH.name}: not finite: force {force}, torque {torque}')
    return Wrench(ns_of(message.header.stamp), message.header.frame_id, force, torque)


def clock_msg(stamp_ns: int) -> bytes:
    """Encode rosgraph_msgs/Clock."""
    return to_bytes(CLOCK, TYPES[CLOCK.type](clock=time_msg(stamp_ns)))


def read_clock(data: bytes) -> int:
    """Decode rosgraph_msgs/Clock [ns]."""
    return ns_of(from_bytes(CLOCK, data).clock)


def image_msg(stamp_ns: int, frame_id: str, image: np.ndarray) -> bytes:
    """Encode an image (H, W, 3) uint8 RGB as sensor_msgs/Image."""
    height, width, _ = image.shape
    message = TYPES['sensor_msgs/msg/Image'](
        header=header(stamp_ns, frame_id),
        height=height,
        width=width,
        encoding='rgb8',
        is_bigendian=0,
        step=3 * width,
        data=image.reshape(-1),
    )
    return to_bytes('sensor_msgs/msg/Image', message)


def compressed_msg(stamp_ns: int, frame_id: str, encoding: str, data: np.ndarray) -> bytes:
    """Encode compressed bytes (n,) uint8 as sensor_msgs/CompressedImage; encoding jpeg or png."""
    message = TYPES['sensor_msgs/msg/CompressedImage'](
        header=header(stamp_ns, frame_id), format=f'rgb8; {encoding} compressed bgr8', data=data
    )
    return to_bytes('sensor_msgs/msg/CompressedImage', message)


def camera_info_msg(stamp_ns: int, frame_id: str, size: tuple[int, int], fov_rad: float) -> bytes:
    """Encode a pinhole camera's intrinsics: size (width, height) [px], vertical field of view."""
    width, height = size
    focal = height / 2 / np.tan(fov_rad / 2)
    cx, cy = width / 2, height / 2
    roi = TYPES['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    message = TYPES['sensor_msgs/msg/CameraInfo'](
        header=header(stamp_ns, frame_id),
        height=height,
        width=width,
        distortion_model='plumb_bob',
        d=np.zeros(5),
        k=np.array([focal, 0, cx, 0, focal, cy, 0, 0, 1.0]),
        r=np.eye(3).reshape(-1),
        p=np.array([focal, 0, cx, 0, 0, focal, cy, 0, 0, 0, 1.0, 0]),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )
    return to_bytes('sensor_msgs/msg/CameraInfo', message)

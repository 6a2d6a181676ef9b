"""
The wire: our nouns <-> the CDR bytes of standard ROS messages, with nothing of ROS installed.

Nodes publish and receive these bytes, the recorder stores them, the dataset reads them back: one
conversion for all, so what was recorded is what the policy saw. A test holds the bytes against
rclpy's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from il_ros.spec import (
    ActionChunk,
    Authority,
    CommandTopic,
    Decision,
    JointSample,
    Outcome,
    RobotSpec,
    Who,
)

STORE = get_typestore(Stores.ROS2_JAZZY)
_T = STORE.types
_Time = _T['builtin_interfaces/msg/Time']
_Duration = _T['builtin_interfaces/msg/Duration']
_Header = _T['std_msgs/msg/Header']
_Point = _T['geometry_msgs/msg/Point']
_Quaternion = _T['geometry_msgs/msg/Quaternion']
_Pose = _T['geometry_msgs/msg/Pose']
_TrajectoryPoint = _T['trajectory_msgs/msg/JointTrajectoryPoint']
_Status = _T['diagnostic_msgs/msg/DiagnosticStatus']
_KeyValue = _T['diagnostic_msgs/msg/KeyValue']
_NONE = np.zeros(0)
_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Topic:
    """A topic of the graph: relative name, message type, whether late subscribers get the last."""

    name: str
    type: str
    latched: bool = False


JOINT_STATES = Topic('joint_states', 'sensor_msgs/msg/JointState')
ROBOT_DESCRIPTION = Topic('robot_description', 'std_msgs/msg/String', latched=True)
TASK_STATE = Topic('task/state', 'geometry_msgs/msg/PoseArray')
TASK_OUTCOME = Topic('task/outcome', 'diagnostic_msgs/msg/DiagnosticArray')
CHUNK = Topic('policy/action_chunk', 'trajectory_msgs/msg/JointTrajectory')
SCORE = Topic('policy/score', 'diagnostic_msgs/msg/DiagnosticArray')
LEADER = Topic('leader/joint_states', 'sensor_msgs/msg/JointState')
JOY = Topic('joy', 'sensor_msgs/msg/Joy')
PERSON = Topic('person/proposal', 'trajectory_msgs/msg/JointTrajectory')
COMMAND = Topic('command', 'trajectory_msgs/msg/JointTrajectory')
AUTHORITY = Topic('authority', 'diagnostic_msgs/msg/DiagnosticArray')
REQUEST = Topic('intervention/request', 'std_msgs/msg/String', latched=True)
EPISODE = Topic('episode', 'diagnostic_msgs/msg/DiagnosticStatus', latched=True)
DIAGNOSTICS = Topic('/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray')
CLOCK = Topic('/clock', 'rosgraph_msgs/msg/Clock')


def image_topic(camera: str, transport: str) -> Topic:
    """Return the topic of a camera: transport 'raw' is Image, 'jpeg' and 'png' CompressedImage."""
    if transport == 'raw':
        return Topic(f'camera/{camera}/image_raw', 'sensor_msgs/msg/Image')
    return Topic(f'camera/{camera}/image_raw/compressed', 'sensor_msgs/msg/CompressedImage')


def camera_info_topic(camera: str) -> Topic:
    """Return the topic of a camera's intrinsics."""
    return Topic(f'camera/{camera}/camera_info', 'sensor_msgs/msg/CameraInfo')


# -- bytes ------------------------------------------------------------------------------------


def to_bytes(topic_or_type: Topic | str, message: Any) -> bytes:
    """Serialise a message of STORE as little-endian CDR, the bytes a ROS 2 subscriber receives."""
    kind = topic_or_type.type if isinstance(topic_or_type, Topic) else topic_or_type
    return bytes(STORE.serialize_cdr(message, kind))


def from_bytes(topic_or_type: Topic | str, data: bytes) -> Any:
    """Deserialise CDR bytes into a message of STORE."""
    kind = topic_or_type.type if isinstance(topic_or_type, Topic) else topic_or_type
    return STORE.deserialize_cdr(data, kind)


def time_msg(stamp_ns: int) -> Any:
    """Return integer nanoseconds as builtin_interfaces/Time."""
    return _Time(sec=stamp_ns // _SECOND, nanosec=stamp_ns % _SECOND)


def duration_msg(span_ns: int) -> Any:
    """Return integer nanoseconds as builtin_interfaces/Duration."""
    return _Duration(sec=span_ns // _SECOND, nanosec=span_ns % _SECOND)


def ns_of(time: Any) -> int:
    """Return a Time or Duration message as integer nanoseconds."""
    return int(time.sec) * _SECOND + int(time.nanosec)


def header(stamp_ns: int, frame_id: str = '') -> Any:
    """Return a std_msgs/Header."""
    return _Header(stamp=time_msg(stamp_ns), frame_id=frame_id)


def stamp_ns_of(topic_or_type: Topic | str, data: bytes) -> int | None:
    """Return the header stamp of serialized bytes [ns], None for a type that has no header."""
    kind = topic_or_type.type if isinstance(topic_or_type, Topic) else topic_or_type
    fields = STORE.fielddefs[kind][1]
    if not fields or fields[0][0] != 'header' or len(data) < 12:
        return None
    order = 'little' if data[1] & 1 else 'big'  # CDR: 4 bytes of encapsulation, then sec, nanosec
    sec = int.from_bytes(data[4:8], order, signed=True)  # type: ignore[arg-type]
    return sec * _SECOND + int.from_bytes(data[8:12], order)  # type: ignore[arg-type]


# -- joints -----------------------------------------------------------------------------------


class WrongJoints(ValueError):
    """A message's joints are not the robot's."""


def joints_msg(spec: RobotSpec, sample: JointSample) -> bytes:
    """Encode a sample as sensor_msgs/JointState, in joint units."""
    kind = _T[JOINT_STATES.type]
    return to_bytes(
        JOINT_STATES,
        kind(
            header=header(sample.stamp_ns),
            name=list(spec.joint_names),
            position=spec.to_wire(sample.position),
            velocity=sample.velocity * spec.wire_scale,
            effort=np.asarray(sample.effort, dtype=np.float64),
        ),
    )


def read_joints(spec: RobotSpec, data: bytes) -> JointSample:
    """
    Decode a sensor_msgs/JointState that carries every joint of the robot (others are ignored).

    Raises WrongJoints naming the joints that are missing.
    """
    message = from_bytes(JOINT_STATES, data)
    order = joint_order(spec.joint_names, message.name, 'joint_states')
    position = np.asarray(message.position)[order]
    velocity = np.asarray(message.velocity)[order] if len(message.velocity) else 0 * position
    effort = np.asarray(message.effort)[order] if len(message.effort) else 0 * position
    return JointSample(
        ns_of(message.header.stamp),
        spec.from_wire(position),
        velocity / spec.wire_scale,
        effort,
    )


def joint_order(wanted: Iterable[str], given: Iterable[str], where: str) -> np.ndarray:
    """Return indices that pick the wanted names out of the given ones; WrongJoints if missing."""
    place = {name: i for i, name in enumerate(given)}
    wanted = tuple(wanted)
    missing = [name for name in wanted if name not in place]
    if missing:
        raise WrongJoints(f'{where}: joints {missing} are missing; it has {sorted(place)}')
    return np.array([place[name] for name in wanted], dtype=np.intp)


# -- trajectories -----------------------------------------------------------------------------


def trajectory_msg(
    spec: RobotSpec, stamp_ns: int, targets: np.ndarray, version: str = ''
) -> bytes:
    """
    Encode targets (T, A) as trajectory_msgs/JointTrajectory; T may be 0, which says "nothing".

    Row i is the target for stamp_ns + (i + 1) * dt, as its time_from_start says. The frame_id,
    which joints have no use for, carries the version of the policy that planned it.
    """
    rows = np.asarray(targets, dtype=np.float64).reshape(-1, spec.size)
    points = [
        _TrajectoryPoint(
            positions=row,
            velocities=_NONE,
            accelerations=_NONE,
            effort=_NONE,
            time_from_start=duration_msg((i + 1) * spec.dt_ns),
        )
        for i, row in enumerate(spec.to_wire(rows))
    ]
    kind = _T['trajectory_msgs/msg/JointTrajectory']
    return to_bytes(
        CHUNK,
        kind(header=header(stamp_ns, version), joint_names=list(spec.joint_names), points=points),
    )


def read_trajectory(spec: RobotSpec, data: bytes, where: str) -> ActionChunk:
    """
    Decode a JointTrajectory over all joints; targets (T, A), T may be 0.

    Raises WrongJoints for other joints, ValueError for points not one control period apart.
    """
    message = from_bytes(CHUNK, data)
    order = joint_order(spec.joint_names, message.joint_names, where)
    if len(message.joint_names) != spec.size:
        raise WrongJoints(f'{where}: {len(message.joint_names)} joints, the robot has {spec.size}')
    for i, point in enumerate(message.points):
        if ns_of(point.time_from_start) != (i + 1) * spec.dt_ns:
            raise ValueError(
                f'{where}: point {i} is at {ns_of(point.time_from_start) * 1e-9:.4f} s, expected '
                f'{(i + 1) * spec.dt_s:.4f} s; points stand one control period apart'
            )
        if len(point.positions) != spec.size:
            raise WrongJoints(f'{where}: point {i} has {len(point.positions)} positions')
    rows = [np.asarray(point.positions)[order] for point in message.points]
    targets = spec.from_wire(np.stack(rows)) if rows else np.zeros((0, spec.size))
    return ActionChunk(ns_of(message.header.stamp), targets, message.header.frame_id)


# -- commands ---------------------------------------------------------------------------------

FLOATS = 'std_msgs/msg/Float64MultiArray'


def command_topic(target: CommandTopic) -> Topic:
    """Return the topic that a robot takes commands on."""
    return Topic(target.topic, target.type)


def command_msg(spec: RobotSpec, target: CommandTopic, decision: Decision) -> bytes:
    """Encode what one topic of the robot carries of a decision's command, in joint units."""
    order = joint_order(target.joints, spec.joint_names, target.topic)
    values = spec.to_wire(np.asarray(decision.command, dtype=np.float64))[order]
    if target.type == FLOATS:
        layout = _T['std_msgs/msg/MultiArrayLayout'](dim=[], data_offset=0)
        return to_bytes(FLOATS, _T[FLOATS](layout=layout, data=values))
    point = _TrajectoryPoint(
        positions=values,
        velocities=_NONE,
        accelerations=_NONE,
        effort=_NONE,
        time_from_start=duration_msg(spec.dt_ns),
    )
    kind = _T['trajectory_msgs/msg/JointTrajectory']
    return to_bytes(
        COMMAND,
        kind(header=header(decision.stamp_ns), joint_names=list(target.joints), points=[point]),
    )


# -- task -------------------------------------------------------------------------------------


def poses_msg(stamp_ns: int, poses: np.ndarray, frame_id: str = 'world') -> bytes:
    """Encode poses (K, 7), xyz [m] and quaternion xyzw, as geometry_msgs/PoseArray."""
    kind = _T[TASK_STATE.type]
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


# -- diagnostics ------------------------------------------------------------------------------

OK, WARN, ERROR, STALE = 0, 1, 2, 3


def status_msg(name: str, message: str, values: dict[str, Any], level: int = OK) -> Any:
    """Return a diagnostic_msgs/DiagnosticStatus with values as text."""
    pairs = [_KeyValue(key=k, value=str(v)) for k, v in values.items()]
    return _Status(level=level, name=name, message=message, hardware_id='', values=pairs)


def diagnostics_msg(stamp_ns: int, statuses: Iterable[Any]) -> bytes:
    """Encode statuses as diagnostic_msgs/DiagnosticArray."""
    kind = _T[DIAGNOSTICS.type]
    return to_bytes(DIAGNOSTICS, kind(header=header(stamp_ns), status=list(statuses)))


def read_diagnostics(data: bytes) -> tuple[int, list[tuple[str, str, dict[str, str]]]]:
    """Decode a DiagnosticArray: stamp [ns] and (name, message, values) of each status."""
    message = from_bytes(DIAGNOSTICS, data)
    rows = [(s.name, s.message, {v.key: v.value for v in s.values}) for s in message.status]
    return ns_of(message.header.stamp), rows


def outcome_msg(outcome: Outcome) -> bytes:
    """Encode how the task stands as task/outcome."""
    values = {'reason': outcome.reason, 'elapsed_s': repr(outcome.elapsed_s)}
    return diagnostics_msg(outcome.stamp_ns, [status_msg('task', outcome.state, values)])


def read_outcome(data: bytes) -> Outcome:
    """Decode task/outcome."""
    stamp_ns, [(_, state, values)] = read_diagnostics(data)
    return Outcome(stamp_ns, state, values['reason'], float(values['elapsed_s']))


def authority_msg(spec: RobotSpec, decision: Decision) -> bytes:
    """Encode who commands each arm, left then right, as the authority topic."""
    statuses = [
        status_msg(
            arm.name,
            a.who.value,
            {
                'why': a.why,
                'since_ns': a.since_ns,
                'operator': a.operator,
                'policy_version': a.policy_version,
                'gate_score': repr(a.gate_score),
            },
        )
        for arm, a in zip(spec.arms, decision.authority, strict=True)
    ]
    return diagnostics_msg(decision.stamp_ns, statuses)


def read_authority(data: bytes) -> tuple[int, tuple[Authority, ...]]:
    """Decode the authority topic: stamp [ns] and one Authority per arm."""
    stamp_ns, rows = read_diagnostics(data)
    arms = tuple(
        Authority(
            Who(who),
            v['why'],
            int(v['since_ns']),
            v['operator'],
            v['policy_version'],
            float(v['gate_score']),
        )
        for _, who, v in rows
    )
    return stamp_ns, arms


def episode_msg(phase: str, values: dict[str, Any]) -> bytes:
    """Encode the session's phase, number, outcome and counts as the episode topic."""
    return to_bytes(EPISODE, status_msg('session', phase, values))


def read_episode(data: bytes) -> tuple[str, dict[str, str]]:
    """Decode the episode topic: phase and values."""
    message = from_bytes(EPISODE, data)
    return message.message, {v.key: v.value for v in message.values}


# -- the rest ---------------------------------------------------------------------------------


def joy_msg(stamp_ns: int, axes: np.ndarray, buttons: np.ndarray) -> bytes:
    """Encode sensor_msgs/Joy: axes (6,) in -1..1, buttons (21,), in the joy package's order."""
    kind = _T[JOY.type]
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
    return to_bytes(REQUEST, _T[REQUEST.type](data=text))


def read_string(data: bytes) -> str:
    """Decode std_msgs/String."""
    return str(from_bytes(REQUEST, data).data)


def clock_msg(stamp_ns: int) -> bytes:
    """Encode rosgraph_msgs/Clock."""
    return to_bytes(CLOCK, _T[CLOCK.type](clock=time_msg(stamp_ns)))


def read_clock(data: bytes) -> int:
    """Decode rosgraph_msgs/Clock [ns]."""
    return ns_of(from_bytes(CLOCK, data).clock)


def image_msg(stamp_ns: int, frame_id: str, image: np.ndarray) -> bytes:
    """Encode an image (H, W, 3) uint8 RGB as sensor_msgs/Image."""
    height, width, _ = image.shape
    message = _T['sensor_msgs/msg/Image'](
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
    message = _T['sensor_msgs/msg/CompressedImage'](
        header=header(stamp_ns, frame_id), format=f'rgb8; {encoding} compressed bgr8', data=data
    )
    return to_bytes('sensor_msgs/msg/CompressedImage', message)


def camera_info_msg(stamp_ns: int, frame_id: str, size: tuple[int, int], fov_rad: float) -> bytes:
    """Encode a pinhole camera's intrinsics: size (width, height) [px], vertical field of view."""
    width, height = size
    focal = height / 2 / np.tan(fov_rad / 2)
    cx, cy = width / 2, height / 2
    roi = _T['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    message = _T['sensor_msgs/msg/CameraInfo'](
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


Reader = Callable[[bytes], Any]

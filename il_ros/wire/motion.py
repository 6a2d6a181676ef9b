"""Joint states, trajectories and commands <-> bytes, in joint units on the wire."""

from collections.abc import Iterable, Sequence

import numpy as np

from il_ros.spec import (
    UNTOLD,
    ActionChunk,
    CommandTopic,
    Decision,
    JointSample,
    Proposal,
    RobotSpec,
    Told,
)
from il_ros.wire.cdr import TYPES, duration_msg, from_bytes, header, ns_of, to_bytes
from il_ros.wire.topics import CHUNK, COMMAND, FLOATS, JOINT_STATES

_TrajectoryPoint = TYPES['trajectory_msgs/msg/JointTrajectoryPoint']
_NONE = np.zeros(0)
_SIGNS = {Told.WHERE: '', Told.HOW_FAST: '+'}  # before the name of an arm


class WrongJoints(ValueError):
    """A message's joints are not the robot's."""


def joints_msg(spec: RobotSpec, sample: JointSample) -> bytes:
    """Encode a sample as sensor_msgs/JointState, in joint units."""
    kind = TYPES[JOINT_STATES.type]
    return to_bytes(
        JOINT_STATES,
        kind(
            header=header(sample.stamp_ns),
            name=list(spec.joint_names),
            position=spec.to_wire(sample.position),
            velocity=sample.velocity * spec.wire_scale,
            effort=np.asarray(sample.effort, dtype=np.float64) * spec.driver_sign,
        ),
    )


def read_joints(spec: RobotSpec, data: bytes) -> JointSample:
    """
    Decode a sensor_msgs/JointState that carries every joint of the robot (others are ignored).

    Raises WrongJoints naming the joints that are missing, or for not as many values as names.
    """
    message = from_bytes(JOINT_STATES, data)
    order = joint_order(spec.joint_names, message.name, 'joint_states')
    for part in ('position', 'velocity', 'effort'):
        count = len(getattr(message, part))
        if count != len(message.name) and (count or part == 'position'):
            raise WrongJoints(f'joint_states: {len(message.name)} names, but {count} of {part}')
    position = np.asarray(message.position)[order]
    velocity = np.asarray(message.velocity)[order] if len(message.velocity) else 0 * position
    effort = np.asarray(message.effort)[order] if len(message.effort) else 0 * position
    return JointSample(
        ns_of(message.header.stamp),
        spec.from_wire(position),
        velocity / spec.wire_scale,
        effort * spec.driver_sign,
    )


def nobody_msg(stamp_ns: int) -> bytes:
    """Encode a JointState without joints: nobody is at the leader arms."""
    return named_joints_msg(stamp_ns, (), _NONE)


def named_joints_msg(stamp_ns: int, names: Sequence[str], position: np.ndarray) -> bytes:
    """Encode positions (M,) of joints that are not the robot's, in their own units."""
    kind = TYPES[JOINT_STATES.type]
    message = kind(
        header=header(stamp_ns),
        name=list(names),
        position=np.asarray(position, dtype=np.float64),
        velocity=_NONE,
        effort=_NONE,
    )
    return to_bytes(JOINT_STATES, message)


def read_named_joints(data: bytes) -> tuple[int, dict[str, float]]:
    """Decode a JointState of any joints: stamp [ns], and position by name; WrongJoints."""
    message = from_bytes(JOINT_STATES, data)
    if len(message.position) != len(message.name):
        count = len(message.position)
        raise WrongJoints(f'joint_states: {len(message.name)} names, but {count} of position')
    pairs = zip(message.name, map(float, message.position), strict=True)
    return ns_of(message.header.stamp), dict(pairs)


def is_nobody(data: bytes) -> bool:
    """Whether a JointState has no joints."""
    return len(from_bytes(JOINT_STATES, data).name) == 0


def joint_order(wanted: Iterable[str], given: Iterable[str], where: str) -> np.ndarray:
    """Return indices that pick the wanted names out of the given ones; WrongJoints if missing."""
    place = {name: i for i, name in enumerate(given)}
    wanted = tuple(wanted)
    missing = [name for name in wanted if name not in place]
    if missing:
        raise WrongJoints(f'{where}: joints {missing} are missing; it has {sorted(place)}')
    return np.array([place[name] for name in wanted], dtype=np.intp)


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
    kind = TYPES['trajectory_msgs/msg/JointTrajectory']
    return to_bytes(
        CHUNK,
        kind(header=header(stamp_ns, version), joint_names=list(spec.joint_names), points=points),
    )


def person_msg(spec: RobotSpec, stamp_ns: int, proposal: Proposal | None) -> bytes | None:
    """
    Encode what a person's hands ask for at stamp_ns; None where nothing is to be recorded.

    The frame_id names the arms of which it is but a label, with a plus if it tells how fast.
    """
    if proposal is None or proposal.told_ns == UNTOLD:
        return None
    told_ns = stamp_ns if proposal.told_ns is None else proposal.told_ns
    arms = zip(spec.arms, proposal.labels, strict=False)
    labelled = ' '.join(_SIGNS[told] + arm.name for arm, told in arms if told)
    return trajectory_msg(spec, told_ns, proposal.target[None], labelled)


def read_told_arms(data: bytes) -> tuple[str, ...]:
    """Return the names of the arms that a person_msg is but a label of."""
    words = from_bytes(CHUNK, data).header.frame_id.split()
    return tuple(word.removeprefix(_SIGNS[Told.HOW_FAST]) for word in words)


def read_told(spec: RobotSpec, chunk: ActionChunk) -> tuple[Told, ...]:
    """Return, per arm, what a chunk of person_msg is but a label of."""
    words = chunk.version.split()

    def told(name: str) -> Told:
        return next((t for t, sign in _SIGNS.items() if sign + name in words), Told.NOTHING)

    return tuple(told(arm.name) for arm in spec.arms)


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


def command_msg(spec: RobotSpec, target: CommandTopic, decision: Decision) -> bytes:
    """Encode what one topic of the robot carries of a decision's command, in joint units."""
    order = joint_order(target.joints, spec.joint_names, target.topic)
    values = spec.to_wire(np.asarray(decision.command, dtype=np.float64))[order]
    if target.type == FLOATS:
        layout = TYPES['std_msgs/msg/MultiArrayLayout'](dim=[], data_offset=0)
        return to_bytes(FLOATS, TYPES[FLOATS](layout=layout, data=values))
    point = _TrajectoryPoint(
        positions=values,
        velocities=_NONE,
        accelerations=_NONE,
        effort=_NONE,
        time_from_start=duration_msg(spec.dt_ns),
    )
    kind = TYPES['trajectory_msgs/msg/JointTrajectory']
    return to_bytes(
        COMMAND,
        kind(header=header(decision.stamp_ns), joint_names=list(target.joints), points=[point]),
    )

"""A robot's YAML and URDF -> RobotSpec. Only these two files know the robot's numbers."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.config import config_file, from_mapping, load_config, shipped
from il_ros.registry import nearest
from il_ros.robot.calibration import load_calibration
from il_ros.robot.urdf import Limit, limits, parse
from il_ros.spec import Arm, Calibration, Camera, CommandTopic, RobotSpec, Safety


@dataclass(frozen=True)
class ArmConfig:
    """One arm as the YAML describes it; each list is its joints, then the gripper."""

    name: str
    joints: tuple[str, ...]
    gripper: str
    gripper_closed: float  # joint value at opening 0
    gripper_open: float  # joint value at opening 1
    acceleration: tuple[float, ...]  # [rad/s^2], [opening/s^2]
    jerk: tuple[float, ...]  # [rad/s^3], [opening/s^3]
    home: tuple[float, ...]  # [rad], [opening]


@dataclass(frozen=True)
class TopicConfig:
    """One command topic; no joints means all of them, in the robot's order."""

    topic: str
    type: str = 'trajectory_msgs/msg/JointTrajectory'
    joints: tuple[str, ...] = ()


@dataclass(frozen=True)
class RobotConfig:
    """The YAML of a robot; the mappings in it are read into the classes above."""

    name: str = ''
    urdf: str = ''  # relative to the YAML
    control_hz: float = 50.0
    arms: tuple[Any, ...] = ()
    cameras: tuple[Any, ...] = ()
    joint_state_topics: tuple[str, ...] = ('joint_states',)
    command_topics: tuple[Any, ...] = ()
    guide_topics: Any = None  # a mapping arm: topic (std_msgs/Bool); without it none is guided
    safety: Any = None  # a mapping of Safety's fields; without it only limits of joints are kept
    calibration: str = ''  # file of `il-ros calibrate`, relative to the YAML; '': as the URDF


def robots() -> tuple[str, ...]:
    """Names of the robots that ship in config/robots."""
    return shipped('robots')


def load_robot(name_or_path: str | Path) -> RobotSpec:
    """
    Read config/robots/<name>.yaml, or the YAML at a path, and the URDF that it names.

    Raises ValueError saying which file, which key, and what is allowed.
    """
    path = robot_file(name_or_path)
    config = load_config(RobotConfig, path)
    arms = [_part(ArmConfig, given, f'{path}: arms') for given in config.arms]
    if not arms:
        raise ValueError(f'{path}: no arms; list at least one under "arms"')
    cameras = tuple(_part(Camera, given, f'{path}: cameras') for given in config.cameras)
    topics = [
        _part(TopicConfig, given, f'{path}: command_topics') for given in config.command_topics
    ]
    text = _urdf_text(path, config.urdf)
    return _spec(path, config, text, arms, cameras, topics)


def robot_file(name_or_path: str | Path) -> Path:
    """Return the YAML of a robot that ships, or the YAML at a path; ValueError for no name."""
    return config_file('robots', name_or_path, 'robot')


def _part(kind: type, given: Any, where: str) -> Any:
    """Read one mapping of a list; a missing or unknown key is named."""
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected a mapping, got {given!r}')
    try:
        return from_mapping(kind, given, where)
    except TypeError as error:
        raise ValueError(f'{where}: {str(error).split("() ")[-1]}') from error


def _urdf_text(path: Path, urdf: str) -> str:
    file = path.parent / urdf
    if not file.is_file():
        raise ValueError(f'{path}: urdf: no such file: {file}')
    return file.read_text()


def _spec(
    path: Path,
    config: RobotConfig,
    text: str,
    arms: list[ArmConfig],
    cameras: tuple[Camera, ...],
    topics: list[TopicConfig],
) -> RobotSpec:
    names = tuple(name for arm in arms for name in (*arm.joints, arm.gripper))
    scale, offset = _units(path, arms)
    rows = _limits_of(names, text, f'{path}: urdf {config.urdf}')
    lower, upper, velocity, effort = _inside(rows, scale, offset)
    return RobotSpec(
        name=config.name or path.stem,
        urdf=text,
        joint_names=names,
        arms=_places(arms),
        cameras=cameras,
        control_hz=config.control_hz,
        lower=lower,
        upper=upper,
        velocity=velocity,
        acceleration=_joined(path, arms, 'acceleration'),
        jerk=_joined(path, arms, 'jerk'),
        effort=effort,
        home=np.clip(_joined(path, arms, 'home'), lower, upper),
        joint_scale=scale,
        joint_offset=offset,
        joint_state_topics=tuple(config.joint_state_topics),
        command_topics=tuple(_command_topic(path, topic, names) for topic in topics),
        guide_topics=_guide_topics(config.guide_topics, arms, f'{path}: guide_topics'),
        calibration=_calibration(path, config.calibration, names),
        safety=_safety(config.safety, [arm.name for arm in arms], f'{path}: safety'),
    )


def _calibration(path: Path, file: str, names: tuple[str, ...]) -> Calibration:
    """How the driver counts the joints called names; as the URDF where nothing was measured."""
    return load_calibration(path.parent / file, names) if file else Calibration()


def _limits_of(names: tuple[str, ...], text: str, where: str) -> list[Limit]:
    """The URDF's limits of the joints called names."""
    known = limits(parse(text, where))
    for name in names:
        if name not in known:
            raise ValueError(f'{where}: joint {name!r} has no limits{nearest(name, known)}')
    return [known[name] for name in names]


def _command_topic(path: Path, topic: TopicConfig, names: tuple[str, ...]) -> CommandTopic:
    if unknown := [name for name in topic.joints if name not in names]:
        raise ValueError(f'{path}: command topic {topic.topic!r}: unknown joints {unknown}')
    return CommandTopic(topic.topic, topic.type, topic.joints or names)


def _guide_topics(given: Any, arms: list[ArmConfig], where: str) -> dict[str, str]:
    """Read what frees each arm for a hand; ValueError unless that is one topic an arm."""
    if given is None:
        return {}
    names = [arm.name for arm in arms]
    if not isinstance(given, dict) or sorted(given) != sorted(names):
        raise ValueError(f'{where}: expected a topic for each of the arms {names}, got {given!r}')
    return {str(arm): str(topic) for arm, topic in given.items()}


def _safety(given: Any, arms: list[str], where: str) -> Safety | None:
    """Read what the arms shall keep away from; ValueError names what cannot be."""
    if given is None:
        return None
    safety: Safety = _part(Safety, given, where)
    if not isinstance(safety.workspace, dict):
        raise ValueError(f'{where}: workspace: expected arm: [x, x, y, y, z, z]')
    boxes = {arm: _box(box, f'{where}: workspace: {arm}') for arm, box in safety.workspace.items()}
    if unknown := [arm for arm in boxes if arm not in arms]:
        raise ValueError(f'{where}: workspace of {unknown}; the arms are {arms}')
    for name in ('approach_s', 'lag', 'effort'):
        if getattr(safety, name) <= 0:
            raise ValueError(f'{where}: {name} {getattr(safety, name):g}; expected more than 0')
    table = None if safety.table is None else float(safety.table)
    return replace(safety, table=table, workspace=boxes)


def _box(given: Any, where: str) -> tuple[float, ...]:
    """Return x, y and z, from .. to [m]; ValueError when that is no box."""
    box = tuple(float(end) for end in given)
    if len(box) != 6 or any(low >= high for low, high in zip(box[::2], box[1::2], strict=True)):
        raise ValueError(f'{where}: {given!r} is not x, y and z, each from .. to [m]')
    return box


def _places(arms: list[ArmConfig]) -> tuple[Arm, ...]:
    """Where each arm's joints and gripper lie in a joint vector."""
    places, start = [], 0
    for arm in arms:
        grip = start + len(arm.joints)
        places.append(Arm(arm.name, slice(start, grip), slice(grip, grip + 1)))
        start = grip + 1
    return tuple(places)


def _units(path: Path, arms: list[ArmConfig]) -> tuple[np.ndarray, np.ndarray]:
    """Joint units per inside unit (N,), and joint units at inside 0 (N,)."""
    scale, offset = [], []
    for arm in arms:
        if arm.gripper_open == arm.gripper_closed:
            raise ValueError(f'{path}: {arm.name}: gripper_open equals gripper_closed')
        scale += [1.0] * len(arm.joints) + [float(arm.gripper_open - arm.gripper_closed)]
        offset += [0.0] * len(arm.joints) + [float(arm.gripper_closed)]
    return np.array(scale), np.array(offset)


def _inside(rows: list[Limit], scale: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, ...]:
    """Limits in inside units; a gripper whose joint value falls as it opens swaps its ends."""
    ends = np.array([[row.lower, row.upper] for row in rows])  # (N, 2)
    ends = np.sort((ends - offset[:, None]) / scale[:, None], axis=1)
    velocity = np.array([row.velocity for row in rows]) / np.abs(scale)
    return ends[:, 0], ends[:, 1], velocity, np.array([row.effort for row in rows])


def _joined(path: Path, arms: list[ArmConfig], key: str) -> np.ndarray:
    """One list of the YAML over all arms (N,)."""
    for arm in arms:
        given, wanted = len(getattr(arm, key)), len(arm.joints) + 1
        if given != wanted:
            raise ValueError(f'{path}: {arm.name}: {key} has {given} numbers, expected {wanted}')
    return np.array([float(value) for arm in arms for value in getattr(arm, key)])

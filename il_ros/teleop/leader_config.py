"""config/leaders/*.yaml: a leader's joints as the follower's, and how its hands take the arms."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.config import config_file, from_mapping, load_config, load_yaml, shipped

MODES = ('auto', 'absolute', 'clutched')
ENGAGE = ('button', 'service', 'always')
GRIPS = ('follow', 'switch')


@dataclass(frozen=True)
class LeaderArm:
    """One leader arm; lists are in the order of the follower's joints, base to wrist."""

    arm: str  # of the robot, that it leads
    joints: tuple[str, ...]  # names in leader/joint_states
    offset: tuple[float, ...] = ()  # [rad] what the leader reads where the follower is at 0
    sign: tuple[float, ...] = ()  # 1 or -1
    scale: tuple[float, ...] = ()  # follower's [rad] per leader's [rad]
    gripper: str = ''  # '' where it has none: the follower's stays as it is
    gripper_closed: float = 0.0  # what the leader reads at opening 0
    gripper_open: float = 1.0  # at opening 1
    port: str = ''  # of its bus: /dev/serial/by-id/...
    ids: tuple[int, ...] = ()  # on that bus, joints and then gripper


@dataclass(frozen=True)
class LeaderConfig:
    """A leader; one whose joints are called and counted as the follower's needs no file."""

    arms: tuple[LeaderArm, ...] = ()  # none: the follower's own
    driver: str = ''  # of leader_node, see il_ros/teleop/leader_arms.py; '' another program's
    mode: str = 'auto'  # absolute where leader and follower match at engagement, else clutched
    match: float = 0.2  # [rad] of the joint that is furthest off: less is a match
    blend: float = 0.5  # [rad/s] at which what is left of a mismatch goes away, in absolute mode
    engage: str = 'button'  # the dead-man; ~/engage of leader_node; always, while it is heard
    grip: str = 'follow'  # the leader's opening, or a switch between open and closed
    grip_play: float = 0.02  # [opening] the leader's may change by without the follower's
    grip_close: float = 0.35  # of a switch: below, it closes
    grip_open: float = 0.65  # above, it opens
    grip_match: float = (
        0.1  # [opening] the leader's must come so near to the follower's to have it
    )
    drive: float = 0.0  # 0 to 1 of its motors' strength: goes along while nobody has the arms
    drive_speed: float = 1.5  # [rad/s]
    baud: int = 57600  # of a bus
    calibration: str = ''  # file of `il-ros calibrate leader`, relative to the YAML
    source: Path | None = field(default=None, compare=False)

    def is_absolute(self, apart: np.ndarray) -> bool:
        """Whether an arm that is engaged so far (n,) [rad] from the follower's goes to it."""
        if self.mode == 'auto':
            return bool(np.abs(apart).max() <= self.match)
        return self.mode == 'absolute'


MATCHED = LeaderConfig(blend=inf, grip_play=0.0, grip_match=inf)


def leaders() -> tuple[str, ...]:
    """Return the names of the leaders that ship in config/leaders."""
    return shipped('leaders')


def load_leader(name_or_path: str) -> LeaderConfig:
    """
    Read config/leaders/<name>.yaml, or the YAML at a path; '' is a leader like the follower.

    Raises ValueError saying which file, which key, and what is allowed.
    """
    if not name_or_path:
        return MATCHED
    path = config_file('leaders', name_or_path, 'leader')
    given = load_config(LeaderConfig, path)
    measured = _measured(path, given.calibration)
    arms = tuple(_arm(row, f'{path}: arms', measured) for row in given.arms)
    values = {f.name: getattr(given, f.name) for f in fields(given)}
    config = LeaderConfig(**{**values, 'arms': arms, 'source': path})
    _check(config, str(path))
    return config


def _measured(path: Path, file: str) -> dict[str, Any]:
    """Return what `il-ros calibrate leader` has found for each arm, {} where it has not."""
    return load_yaml(path.parent / file).get('arms', {}) if file else {}


def _arm(given: Any, where: str, measured: Mapping[str, Any]) -> LeaderArm:
    if not isinstance(given, dict) or not {'arm', 'joints'} <= set(given):
        raise ValueError(f'{where}: expected arm, joints and more, got {given!r}')
    arm = from_mapping(LeaderArm, {**given, **measured.get(given['arm'], {})}, where)
    where = f'{where}: {arm.arm}'
    for key in ('offset', 'sign', 'scale'):
        row = getattr(arm, key)
        if row and (len(row) != len(arm.joints) or not all(map(_is_number, row))):
            raise ValueError(
                f'{where}: {key}: expected {len(arm.joints)} numbers, got {list(row)}'
            )
    if any(abs(sign) != 1 for sign in arm.sign):
        raise ValueError(f'{where}: sign: expected 1 or -1 each, got {list(arm.sign)}')
    if not all(arm.scale):
        raise ValueError(f'{where}: scale: 0 leads nowhere')
    if arm.gripper and arm.gripper_open == arm.gripper_closed:
        raise ValueError(f'{where}: gripper_open equals gripper_closed')
    if arm.ids and len(arm.ids) != len(arm.joints) + bool(arm.gripper):
        raise ValueError(f'{where}: ids: expected one for each joint, and for a gripper')
    return arm


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)


def _check(config: LeaderConfig, where: str) -> None:
    """Raise ValueError for a value that is none of its choices, or out of its range."""
    for key, choices in (('mode', MODES), ('engage', ENGAGE), ('grip', GRIPS)):
        if getattr(config, key) not in choices:
            known = ', '.join(choices)
            raise ValueError(f'{where}: {key}: {getattr(config, key)!r} is none of {known}')
    for key in ('match', 'blend', 'grip_play', 'grip_match', 'drive', 'drive_speed'):
        if not getattr(config, key) >= 0.0:
            raise ValueError(f'{where}: {key}: {getattr(config, key)} is below 0')
    if config.drive > 1.0:
        raise ValueError(f'{where}: drive: {config.drive} is above 1')
    if not config.grip_close < config.grip_open:
        raise ValueError(f'{where}: grip_close must be below grip_open')
    led = [arm.arm for arm in config.arms]
    if len(set(led)) != len(led):
        raise ValueError(f'{where}: arms: an arm is led twice')

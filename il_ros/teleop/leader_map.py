"""A leader's joints <-> the follower's, and leader/joint_states as readings."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from il_ros import wire
from il_ros.spec import Arm, RobotSpec
from il_ros.teleop.leader_config import LeaderArm, LeaderConfig


@dataclass(frozen=True)
class LeaderReading:
    """Where a leader is, in the follower's joints and inside units."""

    stamp_ns: int
    position: np.ndarray  # (N,) [rad, opening]; NaN for joints that it does not have
    has: tuple[bool, ...]  # per arm of the robot: there is a leader arm


class LeaderMap:
    """The leader's M joints, in the follower's order: which of its, and how they are counted."""

    def __init__(self, spec: RobotSpec, config: LeaderConfig):
        """Raises ValueError for an arm that the robot does not have, or of another shape."""
        self.spec = spec
        names: list[str] = []
        columns: list[int] = []
        zero: list[float] = []
        per: list[float] = []  # leader's units per inside unit
        for leader in config.arms:
            arm = spec.arm(leader.arm)
            count = arm.joints.stop - arm.joints.start
            if len(leader.joints) != count:
                raise ValueError(
                    f'{config.source}: {leader.arm}: {len(leader.joints)} joints lead an arm of '
                    f'{count}'
                )
            names += [*leader.joints, *([leader.gripper] if leader.gripper else [])]
            columns += range(arm.joints.start, arm.joints.stop + bool(leader.gripper))
            zero += _zeros(leader)
            per += _units(leader)
        if not config.arms:
            names, columns = list(spec.joint_names), list(range(spec.size))
            zero, per = list(spec.wire_offset), list(spec.wire_scale)
        self.names = tuple(names)  # (M,)
        self.columns = np.array(columns, dtype=np.intp)  # (M,) of the follower
        self._zero, self._per = np.array(zero, dtype=float), np.array(per, dtype=float)
        self.unit = np.abs(self._per)  # (M,) of the leader per rad or opening of the follower

    def to_follower(self, position: np.ndarray) -> np.ndarray:
        """Leader's joints (M,) in its own units -> (N,) inside units, NaN for none."""
        found = np.full(self.spec.size, np.nan)
        found[self.columns] = ((position - self._zero) / self._per).round(12)
        return found

    def to_leader(self, position: np.ndarray) -> np.ndarray:
        """Follower's joints (N,) in inside units -> leader's (M,) in its own."""
        return position[self.columns] * self._per + self._zero

    def read(self, data: bytes) -> LeaderReading | None:
        """
        Decode leader/joint_states, of whole arms; None without any joints: nobody is at it.

        Raises WrongJoints naming what is missing, ValueError for what is not finite.
        """
        stamp_ns, given = wire.read_named_joints(data)
        if not given:
            return None
        has = self._arms_in(given)
        led = self.leads(has)
        values = np.array([given.get(name, 0.0) for name in self.names])
        if not np.isfinite(values[led]).all():
            raise ValueError('leader/joint_states: a position is not finite')
        position = self.to_follower(values)
        position[self.columns[~led]] = np.nan
        return LeaderReading(stamp_ns, position, has)

    def message(self, stamp_ns: int, position: np.ndarray, led: np.ndarray) -> bytes:
        """Encode those of the leader's joints (M,), in its own units, that led (M,) bool says."""
        names = [name for name, is_led in zip(self.names, led, strict=True) if is_led]
        return wire.named_joints_msg(stamp_ns, names, position[led])

    def leads(self, arms: tuple[bool, ...]) -> np.ndarray:
        """Return which of the leader's joints (M,) bool belong to these of the robot's arms."""
        whose = np.zeros(self.spec.size, dtype=bool)
        for arm, is_one in zip(self.spec.arms, arms, strict=True):
            whose[arm.all] = is_one
        return whose[self.columns]

    def _arms_in(self, given: Collection[str]) -> tuple[bool, ...]:
        """Return which arms of the robot are led; WrongJoints for a part of one, or for none."""
        whole = []
        for arm in self.spec.arms:
            own = [n for n, c in zip(self.names, self.columns, strict=True) if c in _range(arm)]
            missing = [name for name in own if name not in given]
            whole.append(bool(own) and not missing)
            if missing and len(missing) < len(own):
                raise wire.WrongJoints(f'leader/joint_states: joints {missing} are missing')
        if not any(whole):
            raise wire.WrongJoints(f'leader/joint_states: joints {list(self.names)} are missing')
        return tuple(whole)


def _range(arm: Arm) -> range:
    return range(arm.all.start, arm.all.stop)


def _zeros(leader: LeaderArm) -> list[float]:
    grip = [leader.gripper_closed] if leader.gripper else []
    return [*(leader.offset or (0.0,) * len(leader.joints)), *grip]


def _units(leader: LeaderArm) -> list[float]:
    ones = (1.0,) * len(leader.joints)
    pairs = zip(leader.sign or ones, leader.scale or ones, strict=True)
    grip = [leader.gripper_open - leader.gripper_closed] if leader.gripper else []
    return [*(1.0 / (sign * scale) for sign, scale in pairs), *grip]

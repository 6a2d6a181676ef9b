"""What a bag says of the state: every message of one episode, by topic and stamp, decoded once."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from il_ros import wire
from il_ros.dataset.episode import WHO
from il_ros.recorder.read import read_bag
from il_ros.spec import CommandTopic, RobotSpec

FLOATS = 'std_msgs/msg/Float64MultiArray'
Joints = tuple[np.ndarray, np.ndarray]  # positions and velocities (N,), NaN where not told


class Readings:
    """
    Messages of one episode, last word first come by stamp [ns]; joints still in the wire's units.

    Raises WrongJoints, naming the bag, for a message over joints that the robot does not have.
    """

    def __init__(self, folder: Path, spec: RobotSpec):
        self.folder = folder
        self.spec = spec
        self.joints: dict[str, dict[int, Joints]] = {t: {} for t in spec.joint_state_topics}
        self.commands: dict[int, np.ndarray] = {}  # (A,), NaN where not told
        self.unstamped: list[tuple[int, np.ndarray]] = []  # log time [ns], command (A,)
        self.authority: dict[int, np.ndarray] = {}  # (arms,) index into WHO
        self.objects: dict[int, np.ndarray] = {}  # (K, 7)
        self.proposals: dict[int, np.ndarray] = {}  # (A,), inside units
        self.told: dict[int, np.ndarray] = {}  # (arms,) Told: of which the proposal is but a label
        self.labels: dict[int, np.ndarray] = {}  # (L, A), inside units
        self.joint_names: set[str] = set()  # all that were heard of
        for topic, kind, log_ns, data in read_bag(folder, self._topics()):
            self._read(topic, kind, log_ns, data)

    def move(self, stamps: Mapping[int, int]) -> None:
        """Give what was decided and proposed at some stamps [ns] the stamps of ticks instead."""
        kept: tuple[dict[int, Any], ...]
        kept = self.authority, self.commands, self.proposals, self.told
        for told in kept:
            told.update({tick: told.pop(stamp) for stamp, tick in stamps.items() if stamp in told})

    def _topics(self) -> set[str]:
        """Return the topics that tell of the state."""
        fixed = (wire.AUTHORITY.name, wire.TASK_STATE.name, wire.PERSON.name)
        return {*fixed, *self.joints, *(c.topic for c in command_topics(self.spec))}

    def _read(self, topic: str, kind: str, log_ns: int, data: bytes) -> None:
        """Take one message."""
        if topic in self.joints:
            self._read_joints(topic, data)
        elif topic == wire.AUTHORITY.name:
            stamp_ns, arms = wire.read_authority(data)
            self.authority[stamp_ns] = np.array([WHO.index(a.who) for a in arms], dtype=np.uint8)
        elif topic == wire.TASK_STATE.name:
            stamp_ns, poses = wire.read_poses(data)
            self.objects[stamp_ns] = poses
        elif topic == wire.PERSON.name:
            self._read_person(data)
        else:
            self._read_command(topic, kind, log_ns, data)

    def _read_joints(self, topic: str, data: bytes) -> None:
        """Take a JointState, perhaps of one arm only, or of joints that are not ours, too."""
        message = wire.from_bytes(wire.JOINT_STATES, data)
        self.joint_names.update(message.name)
        told, columns = self._columns(message.name)
        position, velocity = np.full((2, self.spec.size), np.nan)
        position[columns] = message.position[told]
        velocity[columns] = message.velocity[told] if len(message.velocity) else 0.0
        self.joints[topic][wire.ns_of(message.header.stamp)] = position, velocity

    def _read_person(self, data: bytes) -> None:
        """Take what a person's hands asked for at a tick, or an expert's whole chunk."""
        where = f'{self.folder}: {wire.PERSON.name}'
        chunk = wire.read_trajectory(self.spec, data, where)
        if len(chunk.targets) == 1:
            self.proposals[chunk.stamp_ns] = chunk.targets[0]
            self.told[chunk.stamp_ns] = np.array(wire.read_told(self.spec, chunk))
        elif len(chunk.targets):
            self.labels[chunk.stamp_ns] = chunk.targets

    def _read_command(self, topic: str, kind: str, log_ns: int, data: bytes) -> None:
        """Take a command for all joints or for one arm's."""
        message = wire.from_bytes(kind, data)
        if kind == FLOATS:
            names = next(c.joints for c in command_topics(self.spec) if c.topic == topic)
            self.unstamped.append((log_ns, self._command(topic, names, message.data)))
            return
        if not message.points:
            return
        command = self._command(topic, message.joint_names, message.points[0].positions)
        stamp_ns = wire.ns_of(message.header.stamp)
        known = self.commands.get(stamp_ns, command)
        self.commands[stamp_ns] = np.where(np.isnan(command), known, command)

    def _command(self, topic: str, names: Iterable[str], values: np.ndarray) -> np.ndarray:
        """Return values in the order of names as (A,), NaN for the joints that are not named."""
        names = list(names)
        told, columns = self._columns(names)
        if len(told) != len(names) or len(values) != len(names):
            raise wire.WrongJoints(
                f'{self.folder}: {topic} has {len(values)} values for joints {names}; '
                f'robot {self.spec.name!r} has {list(self.spec.joint_names)}'
            )
        command = np.full(self.spec.size, np.nan)
        command[columns] = values
        return command

    def _columns(self, names: Iterable[str]) -> tuple[list[int], list[int]]:
        """Return the places in names that are ours, and where they stand in the robot's order."""
        ours = {name: i for i, name in enumerate(self.spec.joint_names)}
        pairs = [(i, ours[name]) for i, name in enumerate(names) if name in ours]
        return [i for i, _ in pairs], [column for _, column in pairs]


def command_topics(spec: RobotSpec) -> tuple[CommandTopic, ...]:
    """Return where the robot's commands go; one topic for all joints when it says nothing else."""
    whole = CommandTopic(wire.COMMAND.name, wire.COMMAND.type, spec.joint_names)
    return spec.command_topics or (whole,)

"""Writes bags as other recorders do: rosbag2 of either storage, topics and joints of their own."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from il_ros import wire
from il_ros.observation import images
from il_ros.spec import RobotSpec

START_NS = 1_700_000_000_000_000_000
ARMS = ('left', 'right')
STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}
TRAJECTORY, FLOATS, JOINTS = wire.COMMAND.type, wire.FLOATS, wire.JOINT_STATES.type
LATE_NS = 3_000_000  # what is sent is received so much later


@dataclass
class ForeignBag:
    """A robot that swings for some seconds: 100 Hz joint states, 50 Hz commands, per arm."""

    spec: RobotSpec
    seconds: float = 2.0
    command: str = TRAJECTORY  # type of the commands, '' for none
    hole_s: tuple[float, float] = (9e9, 9e9)  # nothing is sent from, to
    marks: list = field(default_factory=list)  # (seconds, type, value) on /marks
    image: str = 'jpeg'  # transport
    header_ns: int | None = None  # of every header, if it is one for all

    def at(self, seconds):
        """Return the joints (N,) at a time, in the units of the wire."""
        swing = 0.2 * np.sin(2 * seconds + np.arange(self.spec.size))
        inside = self.spec.home + swing
        for arm in self.spec.arms:
            inside[arm.gripper] = 0.5 + swing[arm.gripper]
        return self.spec.to_wire(inside)

    def names(self, arm):
        """Return one arm's joints as they are called in the bag."""
        return [f'{name}_joint' for name in self.spec.joint_names[self.spec.arm(arm).all]]

    @property
    def rename(self):
        """What an import has to be told of the joints."""
        return {f'{name}_joint': name for name in self.spec.joint_names}

    def config(self, **differences):
        """Return the mapping of an import's YAML."""
        commands = [f'/{arm}/command' for arm in ARMS] if self.command else []
        orders = {f'/{arm}/command': self.names(arm) for arm in ARMS}
        return {
            'robot': 'sim',
            'joint_states': [f'/{arm}/joint_states' for arm in ARMS],
            'commands': commands,
            'order': orders if self.command == FLOATS else {},
            'rename': self.rename,
            **differences,
        }

    def write(self, folder: Path, storage: str) -> Path:
        """Write the bag and return its folder."""
        with Writer(folder, version=9, storage_plugin=STORAGES[storage]) as writer:
            known = {}
            for stamp_ns, topic, kind, data in sorted(self.messages(), key=lambda row: row[0]):
                if topic not in known:
                    known[topic] = writer.add_connection(topic, kind, typestore=wire.STORE)
                writer.write(known[topic], stamp_ns + LATE_NS, data)
        return folder

    def messages(self):
        """Yield (when sent [ns], topic, type, bytes)."""
        for i in range(round(self.seconds * 100)):
            seconds = i / 100
            if self.hole_s[0] < seconds < self.hole_s[1]:
                continue
            stamp_ns = START_NS + i * 10_000_000
            for arm in ARMS:
                yield stamp_ns, f'/{arm}/joint_states', JOINTS, self._state(arm, seconds, stamp_ns)
                if i % 2 == 0 and self.command:
                    sent_ns = stamp_ns + 1_000_000  # a person answers what is seen
                    data = self._command(arm, seconds + 0.02, sent_ns)
                    yield sent_ns, f'/{arm}/command', self.command, data
            if i % 4 == 0 and self.image:
                kind = images.kind(self.image)
                picture = np.full((48, 64, 3), i // 4, dtype=np.uint8)
                header_ns = stamp_ns if self.header_ns is None else self.header_ns
                yield stamp_ns, '/eye', kind, images.encode(header_ns, 'eye', picture, self.image)
        for seconds, kind, value in self.marks:
            data = wire.to_bytes(kind, wire.TYPES[kind](data=value))
            yield START_NS + round(seconds * 1e9), '/marks', kind, data

    def _header(self, stamp_ns):
        return wire.header(stamp_ns if self.header_ns is None else self.header_ns)

    def _state(self, arm, seconds, stamp_ns):
        """One arm's JointState."""
        values = self.at(seconds)[self.spec.arm(arm).all]
        rates = (self.at(seconds + 1e-4) - self.at(seconds - 1e-4))[self.spec.arm(arm).all] / 2e-4
        none = np.zeros(0)
        message = wire.TYPES[JOINTS](self._header(stamp_ns), self.names(arm), values, rates, none)
        return wire.to_bytes(JOINTS, message)

    def _command(self, arm, seconds, stamp_ns):
        """One arm's command of the type wanted."""
        values, none = self.at(seconds)[self.spec.arm(arm).all], np.zeros(0)
        if self.command == FLOATS:
            layout = wire.TYPES['std_msgs/msg/MultiArrayLayout'](dim=[], data_offset=0)
            return wire.to_bytes(FLOATS, wire.TYPES[FLOATS](layout, values))
        header, names = self._header(stamp_ns), self.names(arm)
        if self.command == JOINTS:
            return wire.to_bytes(JOINTS, wire.TYPES[JOINTS](header, names, values, none, none))
        point = wire.TYPES['trajectory_msgs/msg/JointTrajectoryPoint'](
            values, none, none, none, wire.duration_msg(0)
        )
        return wire.to_bytes(TRAJECTORY, wire.TYPES[TRAJECTORY](header, names, [point]))

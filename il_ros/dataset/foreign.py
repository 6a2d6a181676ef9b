"""Bags of other recorders: which of their topics are what, and what one of them tells."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from il_ros import wire
from il_ros.dataset.series import Told, series_of
from il_ros.dataset.to_bag import Frame
from il_ros.observation.images import decode
from il_ros.recorder.closing import check_outcome
from il_ros.recorder.names import ros_name, wire_name
from il_ros.recorder.read import read_bag, read_meta, topics_of
from il_ros.registry import nearest
from il_ros.spec import RobotSpec

JOINTS = wire.JOINT_STATES.type
TRAJECTORY = wire.COMMAND.type
COMMANDS = (TRAJECTORY, wire.FLOATS, JOINTS)
IMAGES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
NUMBERS = tuple(
    f'std_msgs/msg/{n}' for n in ('Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt32')
)
MARKS = ('std_msgs/msg/Bool', 'std_msgs/msg/String', *NUMBERS)
BAG, GAPS = 'bag', 'gaps'
APART_NS = 1_000_000_000  # a header's clock and the recorder's: further apart they are two clocks
EARLY_NS = 1_000_000_000  # an image is worth having so long before an episode's first tick


@dataclass(frozen=True)
class ImportConfig:
    """The YAML of an import; topics by the names that `ros2 bag info` shows."""

    robot: str = ''  # a name in config/robots, or a robot YAML relative to this file
    joint_states: tuple[str, ...] = ('/joint_states',)  # together they have all joints
    commands: tuple[str, ...] = ()  # of a joint without one its motion is the action
    order: dict[str, Any] = field(default_factory=dict)  # topic of an array: its joints in order
    rename: dict[str, str] = field(default_factory=dict)  # a joint of the bag: ours
    cameras: dict[str, str] = field(default_factory=dict)  # our camera: topic, raw or compressed
    stamps: str = 'header'  # when a message is of: 'header', or 'log' as it was received
    split: str = BAG  # an episode is a bag, what lies between gaps, or what a topic marks
    gap_s: float = 0.5  # joint states that pause longer have a gap
    task: str = ''
    operator: str = 'person'
    outcome: str = 'success'  # success, failure or unlabeled

    def __post_init__(self):
        if self.stamps not in ('header', 'log'):
            raise ValueError(f"stamps: expected 'header' or 'log', got {self.stamps!r}")
        if not self.gap_s > 0:
            raise ValueError(f'gap_s: expected seconds above 0, got {self.gap_s!r}')
        for key in ('order', 'rename', 'cameras'):
            if not isinstance(getattr(self, key), dict):
                raise ValueError(f'{key}: expected a mapping, got {getattr(self, key)!r}')
        check_outcome(self.outcome)


class Recording:
    """
    What one bag tells of joints, commands and marks; joints in its units, by our names' places.

    ValueError names bag, topic and remedy for a topic that is not there or of another type, and
    for stamps that cannot be; WrongJoints for joints that are not ours, or none told of.
    """

    def __init__(self, folder: Path, config: ImportConfig, spec: RobotSpec):
        self.folder, self.config, self.spec = folder, config, spec
        self._namespace = read_meta(folder).get('namespace', '/')
        self._types = topics_of(folder)
        self.marks: list[tuple[int, Any]] = []  # stamp [ns], value
        self._cameras = {self._topic(t, IMAGES): name for name, t in config.cameras.items()}
        _check_cameras(config, spec)
        states = {self._topic(topic, (JOINTS,)) for topic in config.joint_states}
        commands = {self._topic(topic, COMMANDS) for topic in config.commands}
        marks = {self._topic(config.split, MARKS)} - {BAG, GAPS}
        self._orders = {self._topic(t, (wire.FLOATS,)): tuple(n) for t, n in config.order.items()}
        self._unstamped: set[str] = set()  # topics that are of when they were received
        self._apart: dict[str, tuple[int, int]] = {}  # topic: stamp and when received [ns]
        told: list[Told] = []
        asked: list[Told] = []
        for topic, kind, log_ns, data in read_bag(folder, states | commands | marks):
            message = wire.from_bytes(kind, data)
            stamp_ns = self._stamp(topic, kind, data, log_ns)
            if topic in states:
                told.append(self._joints(topic, stamp_ns, message))
            if topic in commands:
                asked.append(self._command(topic, kind, stamp_ns, message))
            if topic in marks:
                self.marks.append((stamp_ns, message.data))
        self.states = series_of(told, spec.size)
        self.commands = series_of(asked, spec.size)
        self._check_joints()
        self._check_clocks()

    def frames(self) -> Iterator[Frame]:
        """Yield the images as our topics, about in the order of time; ValueError as above."""
        seen: set[str] = set()
        for topic, kind, log_ns, data in read_bag(self.folder, self._cameras.keys()):
            if topic not in seen:
                self._check_image(topic, kind, data)
                seen.add(topic)
            stamp_ns = self._stamp(topic, kind, data, log_ns)
            transport = 'raw' if kind == IMAGES[0] else 'jpeg'
            self._check_clocks()
            if self.config.stamps == 'log':
                data = wire.restamped(data, stamp_ns)
            yield stamp_ns, wire.image_topic(self._cameras[topic], transport), data

    def _check_image(self, topic: str, kind: str, data: bytes) -> None:
        try:
            decode(kind, data)
        except ValueError as error:
            raise ValueError(
                f'{self.folder}: {topic}: {error}; leave it out of "cameras", or convert it'
            ) from error

    def _topic(self, name: str, kinds: Collection[str]) -> str:
        """Return a topic's name on the wire; ValueError unless the bag has it, of a right type."""
        if name in (BAG, GAPS):
            return name
        short = wire_name(ros_name(name, self._namespace), self._namespace)
        if short not in self._types:
            known = sorted(ros_name(topic, self._namespace) for topic in self._types)
            raise ValueError(
                f'{self.folder}: has no topic {name!r}{nearest(ros_name(name), known)}; it has '
                f'{", ".join(known)}; name one of these, or record it'
            )
        if self._types[short] not in kinds:
            raise ValueError(
                f'{self.folder}: {name} is a {self._types[short]}, expected '
                f'{" or ".join(kinds)}; name another topic, or convert it'
            )
        return short

    def _stamp(self, topic: str, kind: str, data: bytes, log_ns: int) -> int:
        """Return when a message is of [ns]; one without a header is of when it was received."""
        stamp_ns = None if self.config.stamps == 'log' else wire.stamp_ns_of(kind, data)
        if stamp_ns is None or (stamp_ns == 0 and kind == TRAJECTORY):  # 0: at once
            self._unstamped.add(topic)
            return log_ns
        if abs(stamp_ns - log_ns) > APART_NS:
            self._apart.setdefault(topic, (stamp_ns, log_ns))
        return stamp_ns

    def _check_clocks(self) -> None:
        """Raise ValueError for headers that are not set, and for two clocks in use."""
        for topic, (stamp_ns, log_ns) in self._apart.items():
            if self.config.stamps == 'header' and (stamp_ns == 0 or self._unstamped):
                other = f', as {sorted(self._unstamped)} always are' if self._unstamped else ''
                raise ValueError(
                    f'{self.folder}: {topic} is stamped {stamp_ns * 1e-9:.3f} s and was received '
                    f'at {log_ns * 1e-9:.3f} s; set "stamps: log", so that all are of when they '
                    f'were received{other}'
                )

    def _joints(self, topic: str, stamp_ns: int, message: Any) -> Told:
        """Read a JointState: positions, and velocities if it has them."""
        values, rates = np.asarray(message.position), np.asarray(message.velocity)
        ours = self._places(topic, message.name, len(values), is_strict=False)
        has_rates = len(rates) == len(values) and np.isfinite(rates).all()
        at = list(ours.values())
        return Told(
            topic, stamp_ns, tuple(ours), values[at][None], rates=rates[at] if has_rates else None
        )

    def _command(self, topic: str, kind: str, stamp_ns: int, message: Any) -> Told:
        """Read a command: where joints are to be, and after how many seconds each."""
        if kind == wire.FLOATS:
            names = self._orders.get(topic, self.spec.joint_names)
            rows, after_s = [np.asarray(message.data)], [0.0]
        elif kind == JOINTS:
            names, rows, after_s = message.name, [np.asarray(message.position)], [0.0]
        else:
            names = message.joint_names
            rows = [np.asarray(point.positions) for point in message.points]
            after_s = [wire.ns_of(point.time_from_start) * 1e-9 for point in message.points]
        sizes = {len(row) for row in rows} or {len(names)}
        ours = self._places(topic, names, min(sizes), is_strict=kind == wire.FLOATS)
        values = np.array(rows).reshape(-1, len(names))[:, list(ours.values())]
        return Told(topic, stamp_ns, tuple(ours), values, np.array(after_s))

    def _places(
        self, topic: str, names: Collection[str], count: int, is_strict: bool
    ) -> dict[int, int]:
        """
        Return where our joints (keys) stand among names; WrongJoints if there are none.

        count: of values told, which must be as many as names. is_strict: all must be ours.
        """
        names = [self.config.rename.get(name, name) for name in names]
        order = self.spec.joint_names
        ours = {order.index(name): i for i, name in enumerate(names) if name in order}
        if count != len(names):
            raise wire.WrongJoints(
                f'{self.folder}: {topic} has {count} values for the joints {names}; say under '
                '"order" which joints it carries'
            )
        if is_strict and len(ours) != len(names):
            other = [name for name in names if name not in order]
            raise wire.WrongJoints(f'{self.folder}: {topic}: {other} are not in {list(order)}')
        return ours

    def _check_joints(self) -> None:
        """Raise WrongJoints unless each joint was heard of."""
        known = {column for series in self.states for column in series.columns}
        names = self.spec.joint_names
        missing = [name for i, name in enumerate(names) if i not in known]
        if missing:
            raise wire.WrongJoints(
                f'{self.folder}: {", ".join(self.config.joint_states)} tell nothing of the joints '
                f'{missing} of robot {self.spec.name!r}; add the topic that does to '
                '"joint_states", or say under "rename" what they are called there'
            )


def _check_cameras(config: ImportConfig, spec: RobotSpec) -> None:
    known = [camera.name for camera in spec.cameras]
    for name in config.cameras:
        if name not in known:
            raise ValueError(
                f'cameras: robot {spec.name!r} has no camera {name!r}{nearest(name, known)}; it '
                f'has {known}; name one of these, or add it to the YAML of the robot'
            )

"""What a plain program sees of a graph for a while: joints that stand, leaders, cameras."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic, monotonic_ns, sleep
from typing import TypeVar

import numpy as np

from il_ros import wire
from il_ros.nodes.client import GraphError
from il_ros.nodes.visit import Visit
from il_ros.observation import images
from il_ros.observation.joints import JointMerger
from il_ros.robot.latency import coarse
from il_ros.spec import Calibration, JointSample, RobotSpec
from il_ros.teleop.leader_arms import LeaderArms, NoReading

STILL_S = 1.0  # that a pose is looked at
STILL = 0.05  # [rad, opening] by which it may move meanwhile: a hand trembles
TRIES = 10
READ_EVERY_S = 0.02
S = TypeVar('S')


class Joints:
    """The robot's joints as they come."""

    def __init__(self, visit: Visit, spec: RobotSpec):
        self.visit = visit
        self.samples: list[JointSample] = []
        self._merger = JointMerger(spec)
        for name in spec.joint_state_topics:
            visit.listen(wire.Topic(name, wire.JOINT_STATES.type), self._take)

    def _take(self, data: bytes) -> None:
        sample = self._merger.add(data)
        if sample is not None:
            self.samples.append(sample)

    def wait(self) -> None:
        """Wait until all joints are heard; GraphError names those that are not."""
        self.visit.wait_until(
            lambda: bool(self.samples),
            lambda: f'joint_states: not heard of {self._merger.missing()}; is the driver up?',
        )

    def position(self) -> np.ndarray:
        """Return where the joints (N,) stand; GraphError when they do not."""
        news = _news(self.samples)
        return still(lambda seconds: [s.position for s in news(seconds)], 'joint_states')


class DriverJoints(Joints):
    """The same, as the driver counts them, whatever calibration the robot has."""

    def __init__(self, visit: Visit, spec: RobotSpec):
        self._plain = replace(spec, calibration=Calibration())
        super().__init__(visit, self._plain)

    def position(self) -> np.ndarray:
        """Return what the driver says (N,), in its units; GraphError while it changes."""
        return self._plain.to_wire(super().position())


class LeaderJoints:
    """The joints of a leader that another program publishes, in its own units."""

    def __init__(self, visit: Visit, names: Sequence[str]):
        self.visit, self.names = visit, tuple(names)
        self.samples: list[np.ndarray] = []
        visit.listen(wire.LEADER, self._take)

    def _take(self, data: bytes) -> None:
        given = wire.read_named_joints(data)[1]
        if all(name in given for name in self.names):
            self.samples.append(np.array([given[name] for name in self.names]))

    def position(self) -> np.ndarray:
        """Return where the leader (M,) is held; GraphError where it is not heard, or not still."""
        what = f'{wire.LEADER.name}: not heard of {", ".join(self.names)}; is it up?'
        self.visit.wait_until(lambda: bool(self.samples), what)
        return still(_news(self.samples), wire.LEADER.name)


class LeaderDevice:
    """The joints of a leader that is read here, by its driver: nobody else may have it."""

    def __init__(self, arms: LeaderArms):
        self._arms = arms

    def position(self) -> np.ndarray:
        """Return where the leader (M,) is held; GraphError where it is not read, or not still."""
        return still(self._read, 'the leader')

    def _read(self, seconds: float) -> list[np.ndarray]:
        found, end_s = [], monotonic() + seconds
        while monotonic() < end_s:
            try:
                found.append(self._arms.read(monotonic_ns()))
            except NoReading as error:
                raise GraphError(str(error)) from error
            sleep(READ_EVERY_S)
        return found


def still(read: Callable[[float], Sequence[np.ndarray]], what: str) -> np.ndarray:
    """
    Return the median of what read(seconds) gives, once it is still: a hand comes to rest.

    Raises GraphError when it never is, or nothing comes.
    """
    for _ in range(TRIES):
        seen = np.array(read(STILL_S))
        if not len(seen):
            raise GraphError(f'{what}: nothing came for {STILL_S:g} s')
        moved = np.ptp(seen, axis=0).max()
        if moved <= STILL:
            return np.median(seen, axis=0)
    raise GraphError(f'{what}: does not stand still, moves by {moved:.2f}; hold it, and try again')


def _news(samples: list[S]) -> Callable[[float], list[S]]:
    """Return what waits for some seconds, and gives what was added to samples meanwhile."""

    def read(seconds: float) -> list[S]:
        begin = len(samples)
        sleep(seconds)
        return samples[begin:]

    return read


class Cameras:
    """The images of a robot's cameras, as they come."""

    def __init__(self, visit: Visit, spec: RobotSpec, transport: str):
        self.visit = visit
        self.seen: dict[str, list[tuple[int, np.ndarray]]] = defaultdict(list)  # stamp, coarse()
        self.newest: dict[str, np.ndarray] = {}  # (H, W, 3)
        for camera in spec.cameras:
            topic = wire.image_topic(camera.name, transport)
            visit.listen(topic, partial(self._take, camera.name, topic.type))

    @property
    def names(self) -> list[str]:
        """Those of which images have come."""
        return sorted(name for name, seen in self.seen.items() if seen)

    def _take(self, name: str, kind: str, data: bytes) -> None:
        stamp_ns, self.newest[name] = images.decode(kind, data)
        self.seen[name].append((stamp_ns, coarse(self.newest[name])))

    def next(self, name: str) -> np.ndarray:
        """Return the next image (H, W, 3) of a camera; GraphError where none comes."""
        begin = len(self.seen[name])
        what = f'{name}: no image; is the camera up, and its transport this one?'
        self.visit.wait_until(lambda: len(self.seen[name]) > begin, what)
        return self.newest[name]

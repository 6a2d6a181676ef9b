"""Writes small bags message by message, so that tests know what is in them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from il_ros import wire
from il_ros.observation import images
from il_ros.recorder.bag import BagWriter
from il_ros.spec import Authority, Decision, JointSample, RobotSpec, Who

START_NS = 5_000_000_000


@dataclass
class SmallBag:
    """An episode of n ticks; every array can be changed before it is written."""

    spec: RobotSpec
    n: int = 20
    seed: int = 0
    meta: dict = field(default_factory=lambda: {'task': 'transfer', 'seed': 7, 'robot': 'sim'})

    def __post_init__(self):
        draw = np.random.default_rng(self.seed)
        shape = (self.n, self.spec.size)
        self.stamps = START_NS + np.arange(self.n) * self.spec.dt_ns
        self.position, self.velocity, self.command = draw.uniform(0.1, 0.9, (3, *shape))
        self.proposal = self.command + 0.01
        self.objects = draw.uniform(-1, 1, (self.n, 1, 7))
        self.who = np.full((self.n, len(self.spec.arms)), Who.HUMAN.value, dtype=object)
        self.silent: set[tuple[str, int]] = set()  # (topic, tick) that is not written
        self.labels: dict[int, np.ndarray] = {}  # tick -> (L, A)
        self.images: dict[str, dict[int, np.ndarray]] = {}  # camera -> stamp -> (H, W, 3)
        self.transport = 'png'

    def messages(self):
        """Yield (log time, topic, bytes) of the whole episode."""
        for camera, frames in self.images.items():
            for stamp, image in frames.items():
                topic = wire.image_topic(camera, self.transport)
                yield stamp, topic, images.encode(stamp, camera, image, self.transport)
        for tick, stamp in enumerate(self.stamps.tolist()):
            for topic, data in self._state(tick, stamp):
                if (topic.name, tick) not in self.silent:
                    yield stamp, topic, data

    def _state(self, tick, stamp):
        nobody = np.zeros(self.spec.size)
        sample = JointSample(stamp, self.position[tick], self.velocity[tick], nobody)
        authority = tuple(Authority(Who(w), 'test', START_NS) for w in self.who[tick])
        decision = Decision(stamp, self.command[tick], authority)
        yield wire.JOINT_STATES, wire.joints_msg(self.spec, sample)
        yield wire.TASK_STATE, wire.poses_msg(stamp, self.objects[tick])
        yield wire.PERSON, wire.trajectory_msg(self.spec, stamp, self.proposal[tick][None])
        if tick in self.labels:
            yield wire.PERSON, wire.trajectory_msg(self.spec, stamp, self.labels[tick])
        yield wire.AUTHORITY, wire.authority_msg(self.spec, decision)
        yield wire.COMMAND, wire.trajectory_msg(self.spec, stamp, self.command[tick][None])

    def write(self, folder: Path) -> Path:
        """Write the bag and return its folder."""
        return write_bag(folder, self.messages(), self.meta)


def write_bag(folder: Path, messages, meta) -> Path:
    """Write (log time, topic, bytes) in the order of time."""
    writer = BagWriter(folder, meta=meta)
    for stamp, topic, data in sorted(messages, key=lambda row: row[0]):
        writer.write(topic, data, stamp)
    writer.close(meta)
    return folder

"""A subscriber that records: the bytes a ROS graph would send, into the same bags."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from il_ros import wire
from il_ros.calibration import KEY, card
from il_ros.observation import images
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.sim.cameras import FOV_RAD
from il_ros.spec import RobotSpec, Step

OUTCOME_EVERY = 10  # ticks; the sim says how the task stands five times a second, and at the end


class BagSubscriber:
    """Write every Step of an episode to the recorder, as the topics that the graph would carry."""

    def __init__(self, spec: RobotSpec, recorder: EpisodeRecorder, transport: str = 'jpeg'):
        self.spec = spec
        self.recorder = recorder
        self.transport = transport

    def start(self, meta: dict[str, Any], now_ns: int) -> None:
        """Open a bag for the episode that meta describes."""
        self.recorder.start({**meta, KEY: card(self.spec)}, now_ns)
        self._ticks = 0
        self._now_ns = now_ns
        self.recorder.add(wire.ROBOT_DESCRIPTION, wire.string_msg(self.spec.urdf), now_ns)

    def __call__(self, step: Step) -> None:
        """Write one step."""
        self._now_ns = step.joints.stamp_ns
        for topic, data in messages(self.spec, step, self.transport, self._ticks):
            self.recorder.add(topic, data, self._now_ns)
        self._ticks += 1

    def stop(self, outcome: str, termination: str) -> Path:
        """Close the bag and return its folder."""
        return self.recorder.stop(outcome, termination, self._now_ns)


def messages(
    spec: RobotSpec, step: Step, transport: str, tick: int
) -> Iterator[tuple[wire.Topic, bytes]]:
    """Yield the messages of one step in the order the graph sends them."""
    stamp_ns = step.joints.stamp_ns
    yield wire.TASK_STATE, wire.poses_msg(stamp_ns, step.objects)
    if step.outcome.is_over or tick % OUTCOME_EVERY == 0:
        yield wire.TASK_OUTCOME, wire.outcome_msg(step.outcome)
    for camera in spec.cameras:
        if camera.name in step.frames:
            yield wire.image_topic(camera.name, transport), step.frames[camera.name]
            frame, size = images.frame_of(camera.name), (camera.width, camera.height)
            info = wire.camera_info_msg(stamp_ns, frame, size, FOV_RAD)
            yield wire.camera_info_topic(camera.name), info
    yield wire.JOINT_STATES, wire.joints_msg(spec, step.joints)
    if step.chunk is not None:
        chunk = step.chunk
        if chunk.scores:
            yield wire.SCORE, wire.scores_msg(chunk, {})
        yield wire.CHUNK, wire.trajectory_msg(spec, stamp_ns, chunk.targets, chunk.version)
    person = wire.person_msg(spec, stamp_ns, step.proposal)
    if person is not None:
        yield wire.PERSON, person
    if step.label is not None:
        yield wire.PERSON, wire.trajectory_msg(spec, stamp_ns, step.label.targets)
    yield wire.AUTHORITY, wire.authority_msg(spec, step.decision)
    yield wire.COMMAND, wire.trajectory_msg(spec, stamp_ns, step.decision.command[None])

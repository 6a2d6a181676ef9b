"""Which topics an episode is made of, how often each should come, and which it cannot lack."""

from dataclasses import dataclass

from il_ros import wire
from il_ros.recorder.config import RecorderConfig
from il_ros.spec import RobotSpec

# Topics that come when there is something to say: silence on them is no fault.
EVENTS = frozenset(
    topic.name
    for topic in (
        wire.TASK_OUTCOME,
        wire.CHUNK,
        wire.SCORE,
        wire.JOY,
        wire.PERSON,
        wire.ROBOT_DESCRIPTION,
        wire.REQUEST,
        wire.EPISODE,
        wire.DIAGNOSTICS,
        wire.CLOCK,
    )
)


@dataclass(frozen=True)
class Stream:
    """A topic to record."""

    topic: wire.Topic
    expected_hz: float = 0.0  # 0: unknown, learned from its start
    is_required: bool = False


def is_steady(name: str) -> bool:
    """Whether a topic is one that comes at a rate."""
    return name not in EVENTS and not name.endswith('camera_info')


def is_camera(name: str) -> bool:
    """Whether a topic carries a camera's images."""
    return name.startswith('camera/') and '/image_raw' in name


def robot_streams(
    spec: RobotSpec, config: RecorderConfig, cameras: tuple[str, ...] | None = None
) -> tuple[Stream, ...]:
    """
    Return every topic of a robot's session.

    cameras: the names of those recorded, None for all that the robot has. ValueError for an
    unknown name in config.required or config.rates.
    """
    control = [wire.Topic(name, wire.JOINT_STATES.type) for name in spec.joint_state_topics]
    control += [wire.Topic(c.topic, c.type) for c in spec.command_topics] or [wire.COMMAND]
    hz = {topic: spec.control_hz for topic in (*control, wire.AUTHORITY)}
    hz |= {
        wire.image_topic(camera.name, config.transport): camera.rate_hz
        for camera in spec.cameras
        if cameras is None or camera.name in cameras
    }
    required = {topic.name for topic in hz} | set(config.required)
    infos = [wire.camera_info_topic(c.name) for c in spec.cameras]
    others = [wire.TASK_STATE, wire.TASK_OUTCOME, wire.CHUNK, wire.SCORE, wire.LEADER, wire.JOY]
    others += [wire.PERSON, wire.ROBOT_DESCRIPTION, wire.REQUEST, wire.EPISODE, wire.DIAGNOSTICS]
    topics = (*hz, *infos, *others)
    _check_names({*config.required, *config.rates}, {topic.name for topic in topics})
    return tuple(
        Stream(topic, config.rates.get(topic.name, hz.get(topic, 0.0)), topic.name in required)
        for topic in topics
    )


def _check_names(given: set[str], known: set[str]) -> None:
    unknown = sorted(given - known)
    if unknown:
        raise ValueError(
            f'recorder: unknown topics {unknown}; this robot has {", ".join(sorted(known))}'
        )

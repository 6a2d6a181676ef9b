"""
The words around the messages: an episode's metadata, and the metadata.yaml that rosbag2 reads.

An episode's metadata is a flat mapping. MCAP and rosbag2 hold text only: a string stands as it
is, all else as JSON, so that `ros2 bag info` shows it readably and it comes back with its types.
Source: rosbag2_storage's BagMetadata, version 9 (ROS 2 Jazzy).
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RECORD = 'il_ros.episode'  # the MCAP metadata record that holds an episode's metadata
FILE = 'metadata.yaml'
VERSION = 9
_FOREVER = {'sec': 9223372036, 'nsec': 854775807}  # rmw's infinite duration
_Loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)  # 10 times faster where libyaml is there


class _Dumper(getattr(yaml, 'CSafeDumper', yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        """Write out what occurs twice: not every reader of these files knows anchors."""
        return True


@dataclass(frozen=True)
class BagTopic:
    """A topic as rosbag2 lists it."""

    name: str  # fully qualified
    type: str
    qos: tuple[dict[str, Any], ...]
    type_hash: str
    count: int


@dataclass(frozen=True)
class Contents:
    """What one bag file holds, in log time."""

    file: str  # name inside the bag's folder
    topics: tuple[BagTopic, ...]
    start_ns: int
    end_ns: int


def offered_qos(latched: bool) -> dict[str, Any]:
    """Return the QoS profile a topic was offered with, as rosbag2 writes it."""
    return {
        'history': 'keep_last',
        'depth': 1 if latched else 10,
        'reliability': 'reliable',
        'durability': 'transient_local' if latched else 'volatile',
        'deadline': dict(_FOREVER),
        'lifespan': dict(_FOREVER),
        'liveliness': 'automatic',
        'liveliness_lease_duration': dict(_FOREVER),
        'avoid_ros_namespace_conventions': False,
    }


def encode(meta: dict[str, Any]) -> dict[str, str]:
    """Return the metadata as text; ValueError names a key whose value JSON cannot hold."""
    return {str(key): _text(str(key), value) for key, value in meta.items()}


def decode(texts: dict[str, str]) -> dict[str, Any]:
    """Return what encode() was given (tuples come back as lists)."""
    return {key: _value(text) for key, text in texts.items()}


def _text(key: str, value: Any) -> str:
    if isinstance(value, str) and _value(value) == value:
        return value
    try:
        return json.dumps(value)
    except TypeError as error:
        raise ValueError(
            f'episode metadata {key!r}: {error}; give text, numbers, lists'
        ) from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def dump_qos(qos: tuple[dict[str, Any], ...]) -> str:
    """Return QoS profiles as the YAML text that a channel of a bag carries."""
    return yaml.dump(list(qos), Dumper=_Dumper, sort_keys=False).strip()


def load_qos(text: str) -> tuple[dict[str, Any], ...]:
    """Return the QoS profiles in a channel's YAML text."""
    return tuple(yaml.load(text, Loader=_Loader) or ())


def information(contents: Contents, meta: dict[str, Any]) -> dict[str, Any]:
    """Return rosbag2's description of a bag of one file."""
    count = sum(topic.count for topic in contents.topics)
    start_ns = contents.start_ns if count else 0
    span = {
        'duration': {'nanoseconds': contents.end_ns - contents.start_ns if count else 0},
        'starting_time': {'nanoseconds_since_epoch': start_ns},
        'message_count': count,
    }
    return {
        'version': VERSION,
        'storage_identifier': 'mcap',
        **span,
        'topics_with_message_count': [_topic_row(topic) for topic in contents.topics],
        'compression_format': '',  # chunks compress themselves
        'compression_mode': '',
        'relative_file_paths': [contents.file],
        'files': [{'path': contents.file, **span}],
        'custom_data': encode(meta),
        'ros_distro': 'jazzy',
    }


def _topic_row(topic: BagTopic) -> dict[str, Any]:
    described = {
        'name': topic.name,
        'type': topic.type,
        'serialization_format': 'cdr',
        'offered_qos_profiles': list(topic.qos),
        'type_description_hash': topic.type_hash,
    }
    return {'topic_metadata': described, 'message_count': topic.count}


def dump(described: dict[str, Any]) -> str:
    """Return rosbag2's description as YAML text."""
    return yaml.dump(described, Dumper=_Dumper, sort_keys=False)


def save(folder: Path, described: dict[str, Any]) -> None:
    """Write metadata.yaml in one step: whoever reads it sees the old one or the new one."""
    text = dump({'rosbag2_bagfile_information': described})
    partial = folder / f'.{FILE}.partial'
    try:
        with partial.open('w') as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(folder / FILE)
    finally:
        partial.unlink(missing_ok=True)


def load(folder: Path) -> dict[str, Any]:
    """Return rosbag2's description of a bag; ValueError when it is none."""
    path = folder / FILE
    try:
        return dict(yaml.load(path.read_text(), Loader=_Loader)['rosbag2_bagfile_information'])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: not the metadata of a bag ({error}); delete it and run "il-ros inspect '
            f'{folder}", which writes it again'
        ) from error

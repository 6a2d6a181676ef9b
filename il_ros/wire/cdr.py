"""Messages of the standard packages and their CDR bytes, by rosbags: nothing of ROS is needed."""

from typing import Any

from rosbags.typesys import Stores, get_typestore

from il_ros.wire.topics import Topic

STORE = get_typestore(Stores.ROS2_JAZZY)
TYPES = STORE.types
SECOND_NS = 1_000_000_000
_Time = TYPES['builtin_interfaces/msg/Time']
_Duration = TYPES['builtin_interfaces/msg/Duration']
_Header = TYPES['std_msgs/msg/Header']


def to_bytes(topic_or_type: Topic | str, message: Any) -> bytes:
    """Serialise a message of STORE as little-endian CDR, the bytes a ROS 2 subscriber receives."""
    kind = topic_or_type.type if isinstance(topic_or_type, Topic) else topic_or_type
    return bytes(STORE.serialize_cdr(message, kind))


def from_bytes(topic_or_type: Topic | str, data: bytes) -> Any:
    """Deserialise CDR bytes into a message of STORE."""
    kind = topic_or_type.type if isinstance(topic_or_type, Topic) else topic_or_type
    return STORE.deserialize_cdr(data, kind)


def time_msg(stamp_ns: int) -> Any:
    """Return integer nanoseconds as builtin_interfaces/Time."""
    return _Time(sec=stamp_ns // SECOND_NS, nanosec=stamp_ns % SECOND_NS)


def duration_msg(span_ns: int) -> Any:
    """Return integer nanoseconds as builtin_interfaces/Duration."""
    return _Duration(sec=span_ns // SECOND_NS, nanosec=span_ns % SECOND_NS)


def ns_of(time: Any) -> int:
    """Return a Time or Duration message as integer nanoseconds."""
    return int(time.sec) * SECOND_NS + int(time.nanosec)


def header(stamp_ns: int, frame_id: str = '') -> Any:
    """Return a std_msgs/Header."""
    return _Header(stamp=time_msg(stamp_ns), frame_id=frame_id)


def stamp_ns_of(topic_or_type: Topic | str, data: bytes) -> int | None:
    """Return the header stamp of serialized bytes [ns], None for a type that has no header."""
    kind = topic_or_type.type if isinstance(topic_or_type, Topic) else topic_or_type
    fields = STORE.fielddefs[kind][1]
    if not fields or fields[0][0] != 'header' or len(data) < 12:
        return None
    order = 'little' if data[1] & 1 else 'big'  # CDR: 4 bytes of encapsulation, then sec, nanosec
    sec = int.from_bytes(data[4:8], order, signed=True)  # type: ignore[arg-type]
    return sec * SECOND_NS + int.from_bytes(data[8:12], order)  # type: ignore[arg-type]


def restamped(data: bytes, stamp_ns: int) -> bytes:
    """Return serialized bytes that begin with a header, stamped anew; nothing else is touched."""
    order = 'little' if data[1] & 1 else 'big'
    sec = (stamp_ns // SECOND_NS).to_bytes(4, order, signed=True)  # type: ignore[arg-type]
    nanosec = (stamp_ns % SECOND_NS).to_bytes(4, order)  # type: ignore[arg-type]
    return data[:4] + sec + nanosec + data[12:]

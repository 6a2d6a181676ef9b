"""
What an MCAP file holds: read from its index, or, where a crash left none, from its records.

Source: MCAP specification, https://mcap.dev/spec.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import (
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
)
from mcap.stream_reader import get_chunk_data_stream
from mcap.writer import MCAP0_MAGIC

from il_ros.recorder import metadata

HEAD = struct.Struct('<BQ')  # opcode, length of what follows
MESSAGE = struct.Struct('<HIQQ')  # channel, sequence, log time, publish time
FOOTER = struct.Struct('<BQQQI')  # opcode, length, start of summary, of its offsets, CRC
_ZEROS = 0  # no record: what a power cut leaves of a file's end on some file systems
DATA_END_BYTES = HEAD.size + 4
DAMAGE = (McapError, ValueError, RuntimeError, EOFError, zstandard.ZstdError, struct.error)
Visit = Callable[[Channel, Schema, int, bytes], None]  # log time [ns], serialized message


@dataclass
class Tail:
    """What a file holds, and where that ends."""

    end: int = 0  # [bytes]; 0: not even the header is whole
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    chunks: list[ChunkIndex] = field(default_factory=list)
    records: list[MetadataIndex] = field(default_factory=list)
    attachments: list[AttachmentIndex] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)  # messages by channel
    episode: dict[str, str] = field(
        default_factory=dict
    )  # the last record of an episode's metadata
    unindexed: list[MessageIndex] = field(default_factory=list)  # of the last chunk

    @property
    def start_ns(self) -> int:
        """Log time of the first message; 0 without messages."""
        return min((c.message_start_time for c in self.chunks), default=0)

    @property
    def end_ns(self) -> int:
        """Log time of the last message; 0 without messages."""
        return max((c.message_end_time for c in self.chunks), default=0)

    def contents(self, file: str) -> metadata.Contents:
        """Return what metadata.yaml says of a file with this name."""
        topics = tuple(
            metadata.BagTopic(
                channel.topic,
                self.schemas[channel.schema_id].name,
                metadata.load_qos(channel.metadata.get('offered_qos_profiles', '')),
                channel.metadata.get('topic_type_hash', ''),
                self.counts.get(channel.id, 0),
            )
            for channel in self.channels.values()
        )
        return metadata.Contents(file, topics, self.start_ns, self.end_ns)


def is_sealed(path: Path) -> bool:
    """Whether a file ends as a whole MCAP file does."""
    with path.open('rb') as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - len(MCAP0_MAGIC)))
        return size > 2 * len(MCAP0_MAGIC) and stream.read() == MCAP0_MAGIC


def read_tail(path: Path) -> Tail:
    """Read a whole file's index; a file that has none is scanned."""
    with path.open('rb') as stream:
        stream.seek(-FOOTER.size - len(MCAP0_MAGIC), 2)
        _, _, start, _, _ = FOOTER.unpack(stream.read(FOOTER.size))
        stream.seek(0)
        summary = make_reader(stream).get_summary()
    if start == 0 or summary is None or summary.statistics is None:
        return scan(path)
    return Tail(
        start - DATA_END_BYTES,
        summary.schemas,
        summary.channels,
        summary.chunk_indexes,
        summary.metadata_indexes,
        summary.attachment_indexes,
        dict(summary.statistics.channel_message_counts),
    )


def scan(path: Path, visit: Visit | None = None, stop_at: int | None = None) -> Tail:
    """
    Read a file's records up to the last whole one, or up to the position stop_at [bytes].

    visit is called for each message in the order of the file. A damaged chunk is left out.
    Raises ValueError for a file that is not MCAP.
    """
    tail = Tail()
    with path.open('rb') as stream:
        size = stream.seek(0, 2) if stop_at is None else stop_at
        stream.seek(0)
        if not MCAP0_MAGIC.startswith(stream.read(len(MCAP0_MAGIC))):
            raise ValueError(f'{path}: not an MCAP file; move it elsewhere, or delete it')
        for start, opcode, body in _records(stream, size):
            if opcode in (_ZEROS, Opcode.DATA_END, Opcode.FOOTER):
                break
            if _TAKE.get(opcode, _take_nothing)(tail, start, body, visit):
                tail.end = stream.tell()
    return tail


def _records(stream: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield position, opcode and body of each whole record before size."""
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        opcode, length = HEAD.unpack(head)
        start = stream.tell() - HEAD.size
        if stream.tell() + length > size:
            return
        yield start, opcode, stream.read(length)


def _stream(body: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(body))


def _take_nothing(tail: Tail, start: int, body: bytes, visit: Visit | None) -> bool:
    return True


def _take_schema(tail: Tail, start: int, body: bytes, visit: Visit | None) -> bool:
    schema = Schema.read(_stream(body))
    tail.schemas[schema.id] = schema
    return True


def _take_channel(tail: Tail, start: int, body: bytes, visit: Visit | None) -> bool:
    channel = Channel.read(_stream(body))
    tail.channels[channel.id] = channel
    return True


def _take_metadata(tail: Tail, start: int, body: bytes, visit: Visit | None) -> bool:
    record = Metadata.read(_stream(body))
    tail.records.append(MetadataIndex(start, HEAD.size + len(body), record.name))
    if record.name == metadata.RECORD:
        tail.episode = record.metadata
    return True


def _take_index(tail: Tail, start: int, body: bytes, visit: Visit | None) -> bool:
    """Note where the index of one channel in the last chunk stands."""
    channel = MessageIndex.read(_stream(body)).channel_id
    left = [index for index in tail.unindexed if index.channel_id != channel]
    if len(left) < len(tail.unindexed):
        tail.unindexed = left
        tail.chunks[-1].message_index_offsets[channel] = start
        tail.chunks[-1].message_index_length += HEAD.size + len(body)
    return True


def _take_chunk(tail: Tail, start: int, body: bytes, visit: Visit | None) -> bool:
    """Take in a chunk's schemas, channels and messages; False when it is damaged."""
    try:
        chunk = Chunk.read(_stream(body))
        stream, length = get_chunk_data_stream(chunk, validate_crc=True)
        data = stream.read(length)
    except DAMAGE:
        return False
    messages = _messages(tail, data)
    if not {channel for _, channel, _, _ in messages} <= tail.channels.keys():
        return False  # its channels were described in a chunk that is lost
    indices: dict[int, MessageIndex] = {}
    for position, channel, log_ns, message in messages:
        index = indices.setdefault(channel, MessageIndex(channel, []))
        index.records.append((log_ns, position))
        tail.counts[channel] = tail.counts.get(channel, 0) + 1
        if visit is not None:
            known = tail.channels[channel]
            visit(known, tail.schemas[known.schema_id], log_ns, message)
    tail.unindexed = list(indices.values())
    tail.chunks.append(_chunk_index(chunk, start, HEAD.size + len(body)))
    return True


def _messages(tail: Tail, data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Return (position, channel, log time, bytes) of a chunk's messages; note its channels."""
    messages = []
    for position, opcode, record in _records(BytesIO(data), len(data)):
        if opcode == Opcode.MESSAGE:
            channel, _, log_ns, _ = MESSAGE.unpack_from(record)
            messages.append((position, channel, log_ns, record[MESSAGE.size :]))
        else:
            _TAKE.get(opcode, _take_nothing)(tail, position, record, None)
    return messages


def _chunk_index(chunk: Chunk, start: int, length: int) -> ChunkIndex:
    return ChunkIndex(
        message_start_time=chunk.message_start_time,
        message_end_time=chunk.message_end_time,
        chunk_start_offset=start,
        chunk_length=length,
        message_index_offsets={},
        message_index_length=0,
        compression=chunk.compression,
        compressed_size=len(chunk.data),
        uncompressed_size=chunk.uncompressed_size,
    )


_TAKE: dict[int, Callable[[Tail, int, bytes, Visit | None], bool]] = {
    Opcode.SCHEMA: _take_schema,
    Opcode.CHANNEL: _take_channel,
    Opcode.CHUNK: _take_chunk,
    Opcode.MESSAGE_INDEX: _take_index,
    Opcode.METADATA: _take_metadata,
}

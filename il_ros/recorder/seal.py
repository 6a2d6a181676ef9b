"""
Write a new end to an MCAP file: metadata, index, footer.

The index stands at the end, so this is done in place: it needs no second copy of the data, and a
crash meanwhile leaves a file that was cut off, which the same work makes whole.
Source: MCAP specification, https://mcap.dev/spec.
"""

import zlib
from collections.abc import Iterable
from typing import Any

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import DataEnd, Header, Metadata, MetadataIndex, Statistics, SummaryOffset
from mcap.writer import LIBRARY_IDENTIFIER, MCAP0_MAGIC

from il_ros.recorder import metadata
from il_ros.recorder.bag import WholeFile
from il_ros.recorder.tail import FOOTER, Tail

FOOTER_LENGTH = FOOTER.size - 9


def seal(file: WholeFile, tail: Tail, described: dict[str, Any], meta: dict[str, Any]) -> None:
    """
    End a file after what tail says is whole, with an episode's metadata and rosbag2's description.

    tail is used up. Raises OSError when the disk has no room for the end.
    """
    head = b'' if tail.end else _head()
    start = tail.end
    tail.end += len(head)
    records = (
        Metadata(metadata.RECORD, metadata.encode(meta)),
        Metadata('rosbag2', {'serialized_metadata': metadata.dump(described)}),
    )
    data = _data_end(tail, records)
    summary = _summary(tail, tail.end + len(data))
    file.truncate(start)
    file.write(head + data + summary + MCAP0_MAGIC)
    file.sync()


def _head() -> bytes:
    builder = RecordBuilder()
    Header('ros2', LIBRARY_IDENTIFIER).write(builder)
    return MCAP0_MAGIC + builder.end()


def _data_end(tail: Tail, records: Iterable[Metadata]) -> bytes:
    """Return the last records of the data section, noting in tail where they will stand."""
    builder = RecordBuilder()
    for index in tail.unindexed:
        tail.chunks[-1].message_index_offsets[index.channel_id] = tail.end + builder.count
        index.write(builder)
    if tail.unindexed:
        tail.chunks[-1].message_index_length += builder.count
    for record in records:
        start = builder.count
        record.write(builder)
        tail.records.append(MetadataIndex(tail.end + start, builder.count - start, record.name))
    DataEnd(0).write(builder)
    return builder.end()


def _summary(tail: Tail, start: int) -> bytes:
    """Return the index and the footer of a file whose summary begins at start [bytes]."""
    groups: tuple[tuple[Opcode, Iterable[Any]], ...] = (
        (Opcode.SCHEMA, tail.schemas.values()),
        (Opcode.CHANNEL, tail.channels.values()),
        (Opcode.STATISTICS, (_statistics(tail),)),
        (Opcode.CHUNK_INDEX, tail.chunks),
        (Opcode.ATTACHMENT_INDEX, tail.attachments),
        (Opcode.METADATA_INDEX, tail.records),
    )
    builder = RecordBuilder()
    offsets = []
    for opcode, records in groups:
        begin = builder.count
        for record in records:
            record.write(builder)
        if builder.count > begin:
            offsets.append(SummaryOffset(opcode, start + begin, builder.count - begin))
    offsets_start = start + builder.count
    for offset in offsets:
        offset.write(builder)
    return _with_footer(builder.end(), start, offsets_start)


def _with_footer(summary: bytes, start: int, offsets_start: int) -> bytes:
    footer = FOOTER.pack(Opcode.FOOTER, FOOTER_LENGTH, start, offsets_start, 0)
    checksum = zlib.crc32(footer[:-4], zlib.crc32(summary))
    return summary + FOOTER.pack(Opcode.FOOTER, FOOTER_LENGTH, start, offsets_start, checksum)


def _statistics(tail: Tail) -> Statistics:
    return Statistics(
        attachment_count=len(tail.attachments),
        channel_count=len(tail.channels),
        channel_message_counts=tail.counts,
        chunk_count=len(tail.chunks),
        message_count=sum(tail.counts.values()),
        metadata_count=len(tail.records),
        message_start_time=tail.start_ns,
        message_end_time=tail.end_ns,
        schema_count=len(tail.schemas),
    )

"""One episode's bag: a rosbag2 folder with one MCAP file, written as the messages come."""

import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, Writer

from il_ros import wire
from il_ros.recorder import metadata
from il_ros.recorder.names import ros_name

COMPRESSIONS = {
    'none': CompressionType.NONE,
    'lz4': CompressionType.LZ4,
    'zstd': CompressionType.ZSTD,
}
CHUNK_BYTES = 4 << 20  # some 640x480 images
FLUSH_S = 0.25  # a killed recorder loses at most this much, and the promise is one second


class BagInUse(ValueError):
    """A bag that another process is writing."""


class WholeFile:
    """A file without a buffer, whose writes are whole or raise, locked as long as it is open."""

    def __init__(self, path: Path, mode: str):
        self._raw = open(path, mode, buffering=0)  # noqa: SIM115 (closed by close)
        try:
            fcntl.flock(self._raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._raw.close()
            raise BagInUse(f'{path}: it is being written; stop its recording first') from error

    def write(self, data: bytes) -> int:
        """Write all of data; OSError when the disk takes only a part."""
        view = memoryview(data)
        while view:
            view = view[self._raw.write(view) :]
        return len(data)

    def tell(self) -> int:
        """Return the position [bytes]."""
        return self._raw.tell()

    def seek(self, position: int) -> None:
        """Go to a position [bytes]."""
        self._raw.seek(position)

    def truncate(self, size: int) -> None:
        """Cut the file to a size [bytes] and go to its end."""
        self._raw.truncate(size)
        self._raw.seek(size)

    def flush(self) -> None:
        """Do nothing: every write has reached the operating system."""

    def sync(self) -> None:
        """Wait until the disk has it."""
        os.fsync(self._raw.fileno())

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._raw.close()


@dataclass
class _Channel:
    """A topic that the bag has seen."""

    id: int
    topic: wire.Topic
    name: str  # as in the bag
    type_hash: str
    count: int = 0


class BagWriter:
    """
    Write serialized messages to a new rosbag2 folder; the lock on its file says that it is live.

    clock gives monotonic nanoseconds: chunks go to the operating system every flush_s of it,
    whatever the messages' own time does. Raises ValueError for an unknown compression,
    FileExistsError for a folder that is there.
    """

    def __init__(
        self,
        folder: Path,
        compression: str = 'none',
        meta: dict[str, Any] | None = None,
        namespace: str = '/',
        clock: Callable[[], int] = time.monotonic_ns,
        flush_s: float = FLUSH_S,
    ):
        if compression not in COMPRESSIONS:
            raise ValueError(f'compression {compression!r}; known: {", ".join(COMPRESSIONS)}')
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.path = self.folder / f'{self.folder.name}_0.mcap'
        self._namespace, self._clock, self._flush_ns = namespace, clock, round(flush_s * 1e9)
        self._channels: dict[str, _Channel] = {}
        self._schemas: dict[str, int] = {}
        self._start_ns, self._end_ns = 2**63, 0
        self._flushed_ns = clock()
        self._described: dict[str, Any] = {}
        unlocked = self.path.with_suffix('.new')  # not a bag yet, which others would repair
        self._file = WholeFile(unlocked, 'xb')
        unlocked.rename(self.path)
        self._writer = Writer(
            self._file,  # type: ignore[arg-type]
            chunk_size=CHUNK_BYTES,
            compression=COMPRESSIONS[compression],
        )
        self._start(meta or {})

    def _start(self, meta: dict[str, Any]) -> None:
        """Write what is known before the first message, or leave no empty bag behind."""
        try:
            self._writer.start(profile='ros2')
            self._writer.add_metadata(metadata.RECORD, metadata.encode(meta))
        except BaseException:
            self._file.close()
            self.path.unlink()
            self.folder.rmdir()
            raise

    def write(self, topic: wire.Topic, data: bytes, stamp_ns: int) -> bool:
        """
        Append a message received at stamp_ns [ROS clock]; whether it was flushed with all before.

        Raises OSError when the disk is full.
        """
        channel = self._channels.get(topic.name) or self._register(topic)
        self._writer.add_message(channel.id, stamp_ns, data, stamp_ns)
        channel.count += 1
        self._start_ns = min(self._start_ns, stamp_ns)
        self._end_ns = max(self._end_ns, stamp_ns)
        return self.flush_when_due()

    def flush_when_due(self) -> bool:
        """Hand what is buffered to the operating system if flush_s have passed; whether it did."""
        now_ns = self._clock()
        if now_ns - self._flushed_ns < self._flush_ns:
            return False
        self._flushed_ns = now_ns
        self._writer.flush()
        return True

    def end(self, meta: dict[str, Any]) -> None:
        """Hand the final metadata and the index to the operating system: no more messages."""
        self._described = metadata.information(self.contents(), meta)
        self._writer.add_metadata(metadata.RECORD, metadata.encode(meta))
        described = {'serialized_metadata': metadata.dump(self._described)}
        self._writer.add_metadata('rosbag2', described)
        self._writer.finish()

    def settle(self) -> None:
        """
        Wait until the disk has all of an ended bag, which is whole once metadata.yaml is there.

        May be called from any thread. Raises OSError when the disk cannot take it.
        """
        try:
            self._file.sync()
            metadata.save(self.folder, self._described)
        finally:
            self._file.close()

    def close(self, meta: dict[str, Any]) -> None:
        """End the bag, and wait for the disk."""
        self.end(meta)
        self.settle()

    def abandon(self) -> None:
        """Leave the bag as a crash would: repair() makes it whole."""
        self._file.close()

    def contents(self) -> metadata.Contents:
        """Return what has been written so far."""
        topics = tuple(
            metadata.BagTopic(c.name, c.topic.type, (_qos(c.topic),), c.type_hash, c.count)
            for c in self._channels.values()
        )
        return metadata.Contents(self.path.name, topics, self._start_ns, self._end_ns)

    def _register(self, topic: wire.Topic) -> _Channel:
        type_hash = wire.STORE.hash_rihs01(topic.type)
        about = {
            'offered_qos_profiles': metadata.dump_qos((_qos(topic),)),
            'topic_type_hash': type_hash,
        }
        name = ros_name(topic.name, self._namespace)
        number = self._writer.register_channel(name, 'cdr', self._schema(topic.type), about)
        channel = _Channel(number, topic, name, type_hash)
        self._channels[topic.name] = channel
        return channel

    def _schema(self, kind: str) -> int:
        if kind not in self._schemas:
            text, _ = wire.STORE.generate_msgdef(kind, ros_version=2)
            self._schemas[kind] = self._writer.register_schema(kind, 'ros2msg', text.encode())
        return self._schemas[kind]


def _qos(topic: wire.Topic) -> dict[str, Any]:
    return metadata.offered_qos(topic.latched)

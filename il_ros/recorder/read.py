"""Bags back to bytes: find them, read their messages in log-time order, read their metadata."""

import fcntl
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from mcap.reader import make_reader
from rosbags.rosbag2 import Reader

from il_ros.recorder import metadata
from il_ros.recorder.names import wire_name
from il_ros.recorder.tail import DAMAGE

SUFFIXES = ('.mcap', '.db3')
Row = tuple[str, str, int, bytes]  # topic name, type name, log time [ns], serialized message


class NotABag(ValueError):
    """A path that holds no bag."""


class BagUnfinished(ValueError):
    """A bag whose recording was killed, or has not ended."""


def is_bag(folder: Path) -> bool:
    """Whether a folder is a rosbag2 folder, finished or not."""
    return folder.is_dir() and (
        (folder / metadata.FILE).is_file() or any(f.suffix in SUFFIXES for f in folder.iterdir())
    )


def is_live(folder: Path) -> bool:
    """Whether a recorder is writing the bag at this moment."""
    return any(_is_locked(path) for path in folder.glob('*.mcap'))


def _is_locked(path: Path) -> bool:
    with path.open('rb') as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def find_bags(path: str | Path, discarded: bool = False) -> list[Path]:
    """
    Return the bag at path, or all bags in the folder path, sorted; without those being recorded.

    discarded: whether the ones marked as discarded are wanted. Raises NotABag when there is none.
    """
    path = Path(path)
    if is_bag(path):
        return [path]
    if not path.is_dir():
        raise NotABag(f'{path}: no such folder; expected a bag, or a folder of bags')
    files = [*path.rglob(metadata.FILE), *(f for s in SUFFIXES for f in path.rglob(f'*{s}'))]
    folders = sorted({file.parent for file in files})
    wanted = [f for f in folders if _is_wanted(f, discarded)]
    if not wanted:
        kept = f' ({len(folders)} are discarded or being recorded)' if folders else ''
        raise NotABag(
            f'{path}: no bags in it{kept}; record some with "il-ros record --out {path}"'
        )
    return wanted


def _is_wanted(folder: Path, discarded: bool) -> bool:
    if not (folder / metadata.FILE).is_file():
        return not is_live(folder)
    return discarded or read_meta(folder).get('discarded') is not True


def read_meta(folder: str | Path) -> dict[str, Any]:
    """Return an episode's metadata, {} in a bag of another recorder; BagUnfinished if killed."""
    return metadata.decode(_described(Path(folder)).get('custom_data') or {})


def read_bag(folder: str | Path, topics: Collection[str] | None = None) -> Iterator[Row]:
    """
    Yield (topic, type, log time [ns], bytes) in log-time order, topics by their names on the wire.

    topics: the ones wanted, None for all. Raises NotABag, BagUnfinished, or ValueError for a
    damaged file, each naming the bag.
    """
    folder = Path(folder)
    described = _described(folder)
    namespace = read_meta(folder).get('namespace', '/')
    is_packed = str(described.get('compression_mode', '')).lower() in ('file', 'message')
    is_plain = described['storage_identifier'] == 'mcap' and not is_packed
    read = _read_mcap if is_plain else _read_other
    for name, kind, stamp_ns, data in read(folder, described):
        short = wire_name(name, namespace)
        if topics is None or short in topics:
            yield short, kind, stamp_ns, data


def topics_of(folder: str | Path) -> dict[str, str]:
    """Return a bag's topics, by their names on the wire, and their types; errors as read_bag's."""
    folder = Path(folder)
    namespace = read_meta(folder).get('namespace', '/')
    rows = [row['topic_metadata'] for row in _described(folder)['topics_with_message_count']]
    return {wire_name(row['name'], namespace): str(row['type']) for row in rows}


def _described(folder: Path) -> dict[str, Any]:
    if not is_bag(folder):
        raise NotABag(
            f'{folder}: not a bag; expected a folder with {metadata.FILE} and a .mcap file'
        )
    if not (folder / metadata.FILE).is_file():
        raise BagUnfinished(
            f'{folder}: its recording has not ended or was killed (no {metadata.FILE}); '
            f'"il-ros inspect {folder}" repairs it'
        )
    return metadata.load(folder)


def _read_mcap(folder: Path, described: dict[str, Any]) -> Iterator[Row]:
    for name in described['relative_file_paths']:
        path = folder / Path(name).name
        try:
            with path.open('rb') as stream:
                for schema, channel, message in make_reader(stream, True).iter_messages():
                    kind = schema.name if schema else ''
                    yield channel.topic, kind, message.log_time, message.data
        except DAMAGE as error:
            raise ValueError(
                f'{path}: its data are damaged ({error}); take a copy of it, or discard it'
            ) from error


def _read_other(folder: Path, described: dict[str, Any]) -> Iterator[Row]:
    """Read sqlite3 bags, the default of older ros2 bag record, and files compressed as a whole."""
    with Reader(folder) as reader:
        for connection, stamp_ns, data in reader.messages():
            yield connection.topic, connection.msgtype, stamp_ns, bytes(data)

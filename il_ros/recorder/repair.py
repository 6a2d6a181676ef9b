"""
Make a bag whole whose recording was killed, or whose disk was full, up to its last whole message.

Bags that are being written are locked, and left alone; doing the work twice does no harm.
"""

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.records import Channel, Schema

from il_ros import wire
from il_ros.recorder import metadata
from il_ros.recorder.bag import BagInUse, WholeFile
from il_ros.recorder.closing import closing
from il_ros.recorder.health import Track
from il_ros.recorder.names import wire_name
from il_ros.recorder.seal import seal
from il_ros.recorder.store import number_of
from il_ros.recorder.tail import Tail, is_sealed, scan

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Repair:
    """What was done to a bag."""

    folder: Path
    messages: int  # that it holds now
    cut_bytes: int  # of an unfinished chunk
    termination_reason: str

    def __str__(self) -> str:
        return (
            f'{self.folder}: repaired, {self.messages} messages, {self.cut_bytes} bytes of an '
            f'unfinished chunk dropped, recording ended by: {self.termination_reason}'
        )


def repair_all(root: str | Path) -> list[Repair]:
    """Repair every bag under root that needs it, and return what was done."""
    folders = sorted({path.parent for path in Path(root).rglob('*.mcap')})
    repairs = [repair(folder) for folder in folders]
    return [done for done in repairs if done is not None]


def repair(folder: str | Path) -> Repair | None:
    """
    Make the bag in a folder whole; None when there is nothing to do, or it is being recorded.

    Raises ValueError for a file that is not MCAP.
    """
    folder = Path(folder)
    files = sorted(folder.glob('*.mcap'))
    has_metadata = (folder / metadata.FILE).is_file()
    if len(files) != 1 or (has_metadata and is_sealed(files[0])):
        return None
    try:
        file = WholeFile(files[0], 'r+b')
    except BagInUse:
        return None
    try:
        return _rewrite_end(file, files[0], {})
    finally:
        file.close()


def close_full(path: Path, changes: dict[str, Any]) -> Repair:
    """
    Close the bag file that a full disk cut off, at its last whole message.

    Where the disk has no room for the index either, the last chunk makes room for it. Raises
    OSError when nothing of the episode fits.
    """
    file = WholeFile(path, 'r+b')
    stop_at: int | None = None
    try:
        while True:
            try:
                return _rewrite_end(file, path, changes, stop_at)
            except OSError as error:
                chunks = scan(path, stop_at=stop_at).chunks
                if error.errno not in DISK_FULL or not chunks:
                    raise
                stop_at = chunks[-1].chunk_start_offset
    finally:
        file.close()


def _rewrite_end(
    file: WholeFile, path: Path, changes: dict[str, Any], stop_at: int | None = None
) -> Repair:
    """Write index and metadata behind the last whole message before stop_at."""
    tracks: dict[str, Track] = {}

    def visit(channel: Channel, schema: Schema, log_ns: int, data: bytes) -> None:
        track = tracks.setdefault(channel.topic, Track())
        track.add(wire.stamp_ns_of(schema.name, data), log_ns)

    size = path.stat().st_size
    tail = scan(path, visit, stop_at)
    meta = _meta(path.parent, tail)
    has_end = stop_at is None and is_sealed(path)
    if not has_end and (changes or 'termination_reason' not in meta):
        meta = _completed(meta, tail, tracks, number_of(path.parent))
    meta |= {'repaired': True, **changes}
    described = metadata.information(tail.contents(path.name), meta)
    cut, messages = 0 if has_end else size - tail.end, sum(tail.counts.values())
    if not has_end:
        seal(file, tail, described, meta)
    metadata.save(path.parent, described)
    return Repair(path.parent, messages, cut, meta.get('termination_reason', ''))


def _meta(folder: Path, tail: Tail) -> dict[str, Any]:
    """Return the metadata as it was left; a label whose writing was cut off counts."""
    if (folder / metadata.FILE).is_file():
        return metadata.decode(metadata.load(folder).get('custom_data') or {})
    return metadata.decode(tail.episode)


def _completed(
    meta: dict[str, Any], tail: Tail, tracks: dict[str, Track], number: int | None
) -> dict[str, Any]:
    """Return the metadata of an episode whose recording did not end by itself."""
    namespace = meta.get('namespace', '/')
    named = {wire_name(name, namespace): track for name, track in tracks.items()}
    figures = closing(meta, named, tail.end_ns)
    first = {'episode': number, 'outcome': 'unlabeled', 'termination_reason': 'killed'}
    return {**first, **meta, **figures}

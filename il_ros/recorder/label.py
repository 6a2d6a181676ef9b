"""Change an episode's metadata after the fact: in metadata.yaml, which counts, and in the file."""

from pathlib import Path
from typing import Any

from il_ros.recorder import metadata
from il_ros.recorder.bag import WholeFile
from il_ros.recorder.closing import check_outcome
from il_ros.recorder.read import read_meta
from il_ros.recorder.seal import seal
from il_ros.recorder.tail import read_tail


def label(folder: str | Path, outcome: str) -> dict[str, Any]:
    """Say how an episode went; ValueError for an unknown outcome. Returns the new metadata."""
    return relabel(folder, {'outcome': check_outcome(outcome)})


def discard(folder: str | Path) -> dict[str, Any]:
    """Mark an episode as discarded: it stays where it is, and is not trained on."""
    return relabel(folder, {'discarded': True})


def relabel(folder: str | Path, changes: dict[str, Any]) -> dict[str, Any]:
    """
    Change keys of an episode's metadata and return it whole.

    Raises NotABag or BagUnfinished for what is no whole bag, BagInUse for one being written.
    """
    folder = Path(folder)
    meta = {**read_meta(folder), **changes}
    described = {**metadata.load(folder), 'custom_data': metadata.encode(meta)}
    files = [folder / Path(name).name for name in described['relative_file_paths']]
    if described['storage_identifier'] != 'mcap':
        metadata.save(folder, described)
        return meta
    file = WholeFile(files[-1], 'r+b')  # locked before anything is changed
    try:
        tail = read_tail(files[-1])
        metadata.save(folder, described)
        seal(file, tail, described, meta)
    finally:
        file.close()
    return meta

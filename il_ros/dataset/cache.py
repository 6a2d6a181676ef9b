"""Episodes as memory-mapped arrays, decoded once beside their bags; the cache can be deleted."""

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.calibration import check_recording
from il_ros.dataset.episode import Episode
from il_ros.dataset.from_bag import EmptyEpisode, decode_bag
from il_ros.recorder.read import SUFFIXES, BagUnfinished, find_bags, read_meta
from il_ros.spec import RobotSpec

VERSION = 4  # of what decode_bag makes of a bag; raise it when that changes
FOLDER = '.cache'
WHOLE_BYTES = 16 << 20  # larger bags are known by their size, time and ends
END_BYTES = 1 << 20
PAGE_BYTES = 4096  # a smaller file is read, as nothing is gained by mapping it
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST)
ARRAYS = tuple(f.name for f in fields(Episode) if f.type is np.ndarray)

Say = Callable[[str], None]


class NothingToLoad(ValueError):
    """There are bags, and every one was left out."""


class CannotCache(ValueError):
    """There is no room, or no right, to keep a cache beside the bags."""


def to_stderr(line: str) -> None:
    """Tell a person at a terminal; stdout belongs to results."""
    print(line, file=sys.stderr)


@dataclass(frozen=True)
class _Wanted:
    """What is to be decoded from each bag."""

    spec: RobotSpec
    cameras: tuple[str, ...]
    image_size: tuple[int, int] | None

    def key(self, bag: Path) -> str:
        """Return the name of a bag's cache entry: another for other contents or another robot."""
        spec = self.spec
        robot = (spec.joint_names, spec.arms, spec.joint_state_topics, spec.command_topics)
        digest = blake2b(repr((VERSION, robot, self.cameras, self.image_size)).encode())
        digest.update(np.concatenate([spec.wire_scale, spec.wire_offset]).tobytes())
        for content in contents(bag):
            digest.update(content)
        return digest.hexdigest()[:24]


def load_episodes(
    path_or_paths: str | Path | Sequence[str | Path],
    spec: RobotSpec,
    cameras: Sequence[str] = (),
    include_suspect: bool = False,
    image_size: tuple[int, int] | None = None,
    say: Say = to_stderr,
) -> list[Episode]:
    """
    Return the episodes of bags and folders of bags, decoding those that are new.

    Discarded bags are left out; so are, and say is told why, SUSPECT ones (unless
    include_suspect), unfinished ones, and such in which nothing was commanded.
    image_size: (width, height) [px]. Raises NotABag for a folder without bags, NothingToLoad when
    all were left out, WrongJoints for another robot's bag, ValueError for a missing camera.
    OtherCalibration for a bag of the robot as it was calibrated otherwise.
    CannotCache says what to do where the bags' folder cannot be written.
    """
    wanted = _Wanted(spec, tuple(cameras), image_size)
    bags = _bags(path_or_paths)
    episodes = []
    for bag in bags:
        reason = left_out(bag, include_suspect)
        try:
            if not reason:
                check_recording(bag, read_meta(bag), spec)
                episodes.append(_load(bag, wanted))
        except EmptyEpisode as error:
            reason = str(error).removeprefix(f'{bag}: ')
        if reason:
            say(f'left out {bag}: {reason}')
    if not episodes:
        names = ', '.join(str(bag.parent) for bag in bags[:1])
        raise NothingToLoad(f'{names}: all {len(bags)} bags were left out; see the reasons above')
    return episodes


def left_out(bag: Path, include_suspect: bool = False) -> str:
    """Return why a bag is not to be learned from, '' if it is."""
    try:
        meta = read_meta(bag)
    except BagUnfinished as error:
        return str(error).removeprefix(f'{bag}: ')
    if meta.get('discarded') is True:
        return 'discarded'
    if meta.get('grade') == 'SUSPECT' and not include_suspect:
        return f'SUSPECT: {"; ".join(meta.get("reasons", ())) or "no reason given"}'
    return ''


def _bags(path_or_paths: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return all bags meant, each once."""
    paths = [path_or_paths] if isinstance(path_or_paths, (str, Path)) else path_or_paths
    if not paths:
        raise ValueError('no data folder was given; name at least one bag or folder of bags')
    found = {bag.resolve(): bag for path in paths for bag in find_bags(path)}
    return list(found.values())


def contents(bag: Path) -> Iterator[bytes]:
    """Yield what makes out a bag: the bytes of a small one; size, time and ends of a large one."""
    for path in sorted(p for p in bag.iterdir() if p.suffix in SUFFIXES):
        state = path.stat()
        with path.open('rb') as file:
            if state.st_size <= WHOLE_BYTES:
                yield file.read()
                continue
            yield f'{state.st_size} {state.st_mtime_ns}'.encode()
            yield file.read(END_BYTES)
            file.seek(-END_BYTES, os.SEEK_END)
            yield file.read()


def _load(bag: Path, wanted: _Wanted) -> Episode:
    """Return a bag's episode from its cache entry, making that first if there is none."""
    entry = bag.parent / FOLDER / wanted.key(bag)
    if not entry.is_dir():
        try:
            _make(bag, wanted, entry)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise CannotCache(
                f'{entry.parent}: cannot be written ({error.strerror or error}); make room, or '
                'copy the bags to a folder that you can write to'
            ) from error
    arrays: dict[str, Any] = {name: _mapped(entry / f'{name}.npy') for name in ARRAYS}
    images = {name: _mapped(entry / f'images.{name}.npy') for name in wanted.cameras}
    ages = {name: _mapped(entry / f'image_age_s.{name}.npy') for name in wanted.cameras}
    return Episode(path=bag, meta=read_meta(bag), images=images, image_age_s=ages, **arrays)


def _make(bag: Path, wanted: _Wanted, entry: Path) -> None:
    """Decode a bag into a folder that becomes the entry in one step, unless another was first."""
    entry.parent.mkdir(exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix='.making-', dir=entry.parent))
    try:
        episode = decode_bag(bag, wanted.spec, wanted.cameras, wanted.image_size, part)
        for name in ARRAYS:
            np.save(part / f'{name}.npy', getattr(episode, name))
        for name, ages in episode.image_age_s.items():
            np.save(part / f'image_age_s.{name}.npy', ages)
        part.chmod(0o755)  # mkdtemp keeps others out
        _settle(part, entry)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _settle(part: Path, entry: Path) -> None:
    """Give a finished folder its name; whoever comes second has made the same and drops it."""
    try:
        part.rename(entry)
    except OSError:
        if not entry.is_dir():
            raise


def _mapped(path: Path) -> np.ndarray:
    """Return an array, mapped unless it is tiny."""
    return np.load(path, mmap_mode='r' if path.stat().st_size > PAGE_BYTES else None)

"""The recorder's logic: what crosses the wire goes into a bag between start and stop."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from il_ros import __version__, wire
from il_ros.recorder import label as labels
from il_ros.recorder.bag import BagWriter
from il_ros.recorder.closing import check_outcome, check_termination, closing
from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.health import Track, lost_in
from il_ros.recorder.live import LiveHealth
from il_ros.recorder.repair import DISK_FULL, close_full, repair_all
from il_ros.recorder.settling import FULL, settle
from il_ros.recorder.store import free_mb, next_folder, number_of
from il_ros.recorder.streams import Stream, is_steady


class RecorderRefuses(ValueError):
    """What was asked of the recorder cannot be done now."""


@dataclass
class _Episode:
    """One that is being recorded."""

    bag: BagWriter
    meta: dict[str, Any]
    tracks: dict[str, Track] = field(default_factory=dict)


class EpisodeRecorder:
    """
    Keep one bag per episode under root, from serialized messages and their receive times.

    streams: the topics that should come, their rates, and which are required; () checks none.
    clock gives monotonic nanoseconds, for flushing; all other times are the ROS clock's. What a
    crash left under root is repaired at once, see `repaired`. settle(bag) waits for the disk.
    """

    def __init__(
        self,
        root: str | Path,
        config: RecorderConfig | None = None,
        streams: Sequence[Stream] = (),
        namespace: str = '/',
        clock: Callable[[], int] = time.monotonic_ns,
        settle: Callable[[BagWriter], Any] = settle,
    ):
        self.root = Path(root)
        self.config = config or RecorderConfig()
        self.live = LiveHealth(self.config, streams)
        self.namespace = namespace
        self.repaired = repair_all(self.root)
        self.last: Path | None = None  # the newest episode that has ended
        self._has_ended_by_itself = False
        self._clock, self._settle = clock, settle
        self._latched: dict[str, tuple[wire.Topic, bytes]] = {}
        self._episode: _Episode | None = None

    @property
    def folder(self) -> Path | None:
        """The episode being recorded, None between episodes."""
        return self._episode.bag.folder if self._episode else None

    def start(self, meta: dict[str, Any], now_ns: int) -> Path:
        """
        Open the next episode's bag and return its folder; meta says what there is to know of it.

        Raises RecorderRefuses when one is being recorded, a required topic is silent, or the disk
        is too full, naming it and the remedy.
        """
        self._check_can_start(now_ns)
        try:
            self._episode = self._open(meta, now_ns)
        except OSError as error:
            raise RecorderRefuses(f'{self.root}: cannot be written: {error}') from error
        folder, self._has_ended_by_itself = self._episode.bag.folder, False
        for topic, data in self._latched.values():
            if self._episode is not None:
                self._write(topic, data, wire.stamp_ns_of(topic, data), now_ns)
        return folder

    def add(self, topic: wire.Topic, data: bytes, now_ns: int) -> Path | None:
        """
        Take in a message received at now_ns, recording or not.

        Returns the folder of an episode that this message has ended because the disk is full.
        """
        stamp_ns = wire.stamp_ns_of(topic, data)
        self.live.add(topic.name, stamp_ns, now_ns)
        if topic.latched:
            self._latched[topic.name] = (topic, data)
        return self._write(topic, data, stamp_ns, now_ns) if self._episode else None

    def tick(self, now_ns: int) -> Path | None:
        """Flush though nothing comes, twice a second; returns an episode a full disk ended."""
        if self._episode is None:
            return None
        try:
            return self._after_flush(self._episode.bag.flush_when_due(), now_ns)
        except OSError as error:
            return self._end_full(error)

    def stop(
        self, outcome: str, termination: str, now_ns: int, remarks: Mapping[str, Any] | None = None
    ) -> Path:
        """
        Close the episode and return its folder; one that a full disk has ended stays as it is.

        remarks: more that its metadata shall say. Raises RecorderRefuses when none is recorded,
        ValueError for an unknown outcome or reason.
        """
        changes = {
            'outcome': check_outcome(outcome),
            'termination_reason': check_termination(termination),
            **(remarks or {}),
        }
        if self._has_ended_by_itself and self.last is not None:
            self._has_ended_by_itself = False
            return self.last
        return self._close(changes, now_ns)

    def discard(self, now_ns: int) -> Path:
        """Mark the episode being recorded, or else the last, as discarded; return its folder."""
        if self._episode is not None:
            return self._close({'termination_reason': 'discarded', 'discarded': True}, now_ns)
        folder = self._last()
        labels.discard(folder)
        return folder

    def label(self, outcome: str) -> Path:
        """Say how the last episode went, return its folder; ValueError for an unknown outcome."""
        folder = self._last()
        labels.label(folder, outcome)
        return folder

    def set_root(self, root: str | Path) -> None:
        """Go on under another folder, repaired if need be; RecorderRefuses while recording."""
        if Path(root) == self.root:
            return
        if self._episode is not None:
            raise RecorderRefuses(f'{self.folder} is being recorded; stop or discard it first')
        self.root, self.last = Path(root), None
        self.repaired = repair_all(self.root)

    def diagnostics(self, now_ns: int) -> list[Any]:
        """Return diagnostic_msgs/DiagnosticStatus: the recorder's, then one for each topic."""
        tracks = self._episode.tracks if self._episode else {}
        expected = self.live.expected_hz
        about = {
            'folder': self.folder or self.last or self.root,
            'messages': sum(track.count for track in tracks.values()),
            'lost': sum(
                lost_in(track.stamps_ns, expected.get(name, 0.0))
                for name, track in tracks.items()
                if is_steady(name)
            ),
            'free_mb': round(free_mb(self.root)),
        }
        state = 'recording' if self._episode else 'idle'
        return [wire.status_msg('recorder', state, about), *self.live.statuses(now_ns)]

    def _last(self) -> Path:
        if self.last is None:
            raise RecorderRefuses('no episode has been recorded yet; start one first')
        return self.last

    def _check_can_start(self, now_ns: int) -> None:
        if self._episode is not None:
            raise RecorderRefuses(f'{self.folder} is being recorded; stop or discard it first')
        silent = self.live.silent_s(now_ns)
        if silent:
            rows = ', '.join(f'{name} ({_since(age_s)})' for name, age_s in silent.items())
            raise RecorderRefuses(
                f'required topics are silent: {rows}; start what publishes them, and look with '
                '"ros2 topic hz" or "il-ros doctor"'
            )
        free = free_mb(self.root)
        if free < self.config.disk_floor_mb:
            raise RecorderRefuses(
                f'{self.root}: {free:.0f} MB free, the floor is {self.config.disk_floor_mb:.0f} '
                'MB; make room, or set disk_floor_mb in config/recorder.yaml'
            )

    def _open(self, meta: dict[str, Any], now_ns: int) -> _Episode:
        """Open a bag under the next number that no other recorder has taken meanwhile."""
        folder = next_folder(self.root)
        meta = self._first_meta(meta, folder, now_ns)
        how = (self.config.compression, meta, self.namespace, self._clock, self.config.flush_s)
        try:
            return _Episode(BagWriter(folder, *how), meta)
        except FileExistsError:
            if not folder.is_dir():  # the root is a file
                raise
            return self._open(meta, now_ns)

    def _first_meta(self, meta: dict[str, Any], folder: Path, now_ns: int) -> dict[str, Any]:
        return {
            **meta,
            'episode': number_of(folder),
            'outcome': 'unlabeled',
            'discarded': False,
            'repaired': False,
            'started_ns': now_ns,
            'namespace': self.namespace,
            'package_version': __version__,
            'expected_hz': {n: hz for n, hz in self.live.expected_hz.items() if hz > 0},
        }

    def _write(
        self, topic: wire.Topic, data: bytes, stamp_ns: int | None, now_ns: int
    ) -> Path | None:
        assert self._episode is not None
        try:
            has_flushed = self._episode.bag.write(topic, data, now_ns)
            self._episode.tracks.setdefault(topic.name, Track()).add(stamp_ns, now_ns)
            return self._after_flush(has_flushed, now_ns)
        except OSError as error:
            return self._end_full(error)

    def _after_flush(self, has_flushed: bool, now_ns: int) -> Path | None:
        """End the episode while there is still room for everybody else on the disk."""
        if not has_flushed or free_mb(self.root) >= self.config.disk_stop_mb:
            return None
        self._has_ended_by_itself = True
        return self._close(FULL, now_ns)

    def _close(self, changes: dict[str, Any], now_ns: int) -> Path:
        if self._episode is None:
            raise RecorderRefuses('no episode is being recorded; start one first')
        bag, meta, tracks = self._episode.bag, self._episode.meta, self._episode.tracks
        try:
            bag.end({**meta, **closing(meta, tracks, now_ns, self.config), **changes})
        except OSError as error:
            return self._end_full(error)
        self._episode, self.last = None, bag.folder
        self._settle(bag)
        return bag.folder

    def _end_full(self, error: OSError) -> Path:
        """Close the episode at its last whole message if the disk is full, else raise error."""
        assert self._episode is not None
        bag, self._episode = self._episode.bag, None
        bag.abandon()
        if error.errno not in DISK_FULL:
            raise error
        close_full(bag.path, FULL | {'repaired': False})
        self.last, self._has_ended_by_itself = bag.folder, True
        return bag.folder


def _since(age_s: float) -> str:
    return 'never heard' if age_s == float('inf') else f'not heard for {age_s:.1f} s'

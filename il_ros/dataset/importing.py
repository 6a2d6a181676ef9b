"""A bag of another recorder becomes episodes: at the control rate, and a person's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.dataset.episode import WHO, Episode
from il_ros.dataset.foreign import BAG, EARLY_NS, GAPS, ImportConfig, Recording
from il_ros.dataset.series import commanded, commands_at, states_at
from il_ros.dataset.to_bag import EpisodeBags, Frame
from il_ros.spec import RobotSpec, Who

SHORT_S = 0.5  # a span shorter than this is no episode


@dataclass(frozen=True)
class Span:
    """When an episode was, and what its mark says, '' for none."""

    first_ns: int
    last_ns: int
    mark: str = ''


@dataclass(frozen=True)
class Imported:
    """What became of a span of a bag."""

    bag: str  # where it was
    seconds: float
    out: str = ''  # the bag it has become
    reason: str = ''  # or why it was left out


def import_bag(
    folder: Path, config: ImportConfig, spec: RobotSpec, bags: EpisodeBags
) -> tuple[list[Imported], list[str]]:
    """
    Write the episodes of one bag; return what became of each span, and joints without a command.

    Raises ValueError, or WrongJoints, where the bag is not as config says.
    """
    recording = Recording(folder, config, spec)
    frames = _Frames(recording)
    done = []
    for span in spans(recording):
        reason = fault(recording, span)
        seconds = (span.last_ns - span.first_ns) * 1e-9
        if reason:
            done.append(Imported(str(folder), seconds, reason=reason))
            continue
        episode = episode_of(recording, span)
        stamps = episode.stamp_ns
        images = frames.between(int(stamps[0]), int(stamps[-1]))
        out = bags.write(episode, 'imported', images)
        done.append(Imported(str(folder), seconds, out=str(out)))
    is_told = commanded(recording.commands, spec.size)
    return done, [name for name, told in zip(spec.joint_names, is_told, strict=True) if not told]


def spans(recording: Recording) -> list[Span]:
    """Return the episodes that a bag is to be cut into, in the order of time."""
    first = max(int(series.stamps[0]) for series in recording.states)
    last = min(int(series.stamps[-1]) for series in recording.states)
    split = recording.config.split
    if split == BAG:
        return [Span(first, last)]
    if split == GAPS:
        return _between_gaps(recording, first, last)
    found = [
        Span(max(span.first_ns, first), min(span.last_ns, last), span.mark)
        for span in marked(recording.marks, last)
    ]
    return [span for span in found if span.last_ns > span.first_ns]


def marked(marks: list[tuple[int, Any]], last_ns: int) -> list[Span]:
    """
    Return the spans that a topic marks: from each true, text or number to the next message.

    False, an empty text and a negative number end one. What is told again goes on.
    """
    found: list[Span] = []
    began: tuple[int, Any] | None = None
    for stamp_ns, value in [*sorted(marks, key=lambda mark: mark[0]), (last_ns, None)]:
        if began is not None and value == began[1]:
            continue
        if began is not None:
            found.append(Span(began[0], stamp_ns, str(began[1])))
        began = (stamp_ns, value) if _is_on(value) else None
    return found


def fault(recording: Recording, span: Span) -> str:
    """Return why a span is no episode, '' if it is one."""
    seconds = (span.last_ns - span.first_ns) * 1e-9
    if seconds < SHORT_S:
        return f'only {seconds:.2f} s long, expected {SHORT_S:g} or more'
    for series in recording.states:
        for begin, end in series.gaps(recording.config.gap_s).tolist():
            if begin < span.last_ns and end > span.first_ns:
                after_s = (begin - int(series.stamps[0])) * 1e-9
                return (
                    f'{series.topic} pauses for {(end - begin) * 1e-9:.2f} s, {after_s:.1f} s '
                    'after its first message; set "split: gaps", or a larger "gap_s"'
                )
    return ''


def episode_of(recording: Recording, span: Span) -> Episode:
    """Return a span as an episode, a row a control period, all of it a person's."""
    spec, config = recording.spec, recording.config
    ticks = np.arange(span.first_ns, span.last_ns - spec.dt_ns + 1, spec.dt_ns)
    position, velocity = states_at(recording.states, ticks, spec.size)
    motion, _ = states_at(recording.states, ticks + spec.dt_ns, spec.size)
    command = spec.from_wire(commands_at(recording.commands, ticks, position, motion))
    human = WHO.index(Who.HUMAN)
    meta = {
        'task': config.task,
        'operator': config.operator,
        'outcome': config.outcome,
        'source': str(recording.folder),
        **({'mark': span.mark} if span.mark else {}),
    }
    return Episode(
        path=recording.folder,
        meta=meta,
        stamp_ns=ticks,
        position=spec.from_wire(position),
        velocity=velocity / spec.wire_scale,
        objects=np.zeros((len(ticks), 0, 7)),
        command=command,
        proposal=command,
        who=np.full((len(ticks), len(spec.arms)), human, dtype=np.uint8),
        label_at=np.zeros(0, dtype=np.int64),
        labels=np.zeros((0, 2, spec.size)),
    )


class _Frames:
    """A bag's images, read once, handed out span after span."""

    def __init__(self, recording: Recording):
        self._rows = recording.frames() if recording.config.cameras else iter(())
        self._next: Frame | None = None

    def between(self, first_ns: int, last_ns: int) -> Iterator[Frame]:
        """Yield the images of a span, and those shortly before it."""
        while True:
            row = self._next if self._next is not None else next(self._rows, None)
            self._next = row
            if row is None or row[0] > last_ns:
                return
            self._next = None
            if row[0] >= first_ns - EARLY_NS:
                yield row


def _between_gaps(recording: Recording, first_ns: int, last_ns: int) -> list[Span]:
    """Return what lies between the gaps of any topic with joint states."""
    gap_s = recording.config.gap_s
    holes = np.concatenate([series.gaps(gap_s) for series in recording.states])  # (g, 2)
    found, start = [], first_ns
    for begin, end in sorted(holes.tolist()):
        if begin > start:
            found.append(Span(start, min(begin, last_ns)))
        start = max(start, end)
    return [*found, Span(start, last_ns)] if last_ns > start else found


def _is_on(value: Any) -> bool:
    """Whether a mark begins an episode."""
    if isinstance(value, (bool, np.bool_, str)) or value is None:
        return bool(value)
    return value >= 0

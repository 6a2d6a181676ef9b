"""A bag becomes an Episode: one row a control tick, everything aligned to that tick's stamp."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from il_ros import wire
from il_ros.calibration import as_recorded, other_robot
from il_ros.dataset.episode import WHO, Episode
from il_ros.dataset.image_rows import ImageRows
from il_ros.dataset.late_ticks import stood_in_for
from il_ros.dataset.readings import Readings
from il_ros.recorder.read import read_meta
from il_ros.spec import RobotSpec, Who

HOLD = WHO.index(Who.HOLD)
FASTER = 0.75  # of a period: joint states that follow each other sooner are not a tick each


class EmptyEpisode(ValueError):
    """A bag in which nothing was ever commanded."""


def decode_bag(
    folder: str | Path,
    spec: RobotSpec,
    cameras: tuple[str, ...] = (),
    image_size: tuple[int, int] | None = None,
    images_into: Path | None = None,
) -> Episode:
    """
    Return the bag's episode, from the first to the last tick that has all that is asked for.

    Ticks in between that lack a command or an authority are held: who is `hold`, the command is
    the last one. A tick that came late has what was decided in its place.
    cameras: whose images are wanted, resized to image_size (width, height) [px] if
    given, kept as memory-mapped files in images_into or, without it, in memory. Joints are read as
    the robot was calibrated when they were recorded.
    Raises WrongJoints for another robot's bag, EmptyEpisode, or ValueError for a missing camera.
    """
    folder = Path(folder)
    meta = read_meta(folder)
    spec = as_recorded(spec, meta)
    readings = _read(folder, meta, spec)
    pictures = [ImageRows(folder, name, image_size) for name in cameras]
    ticks = _clock(readings)
    readings.move(stood_in_for(readings.authority, ticks, spec.dt_ns))
    table = _trimmed(_table(readings, ticks), pictures, folder)
    label_at, labels = _labels(readings, table.stamp_ns)
    return Episode(
        path=folder,
        meta=meta,
        stamp_ns=table.stamp_ns,
        position=spec.from_wire(table.position),
        velocity=table.velocity / spec.wire_scale,
        objects=table.objects,
        command=spec.from_wire(_held(table.command)),
        proposal=_rows(readings.proposals, table.stamp_ns, spec.size),
        who=_who(table, spec),
        told=np.nan_to_num(_rows(readings.told, table.stamp_ns, len(spec.arms))).astype(np.uint8),
        label_at=label_at,
        labels=labels,
        images={p.camera: p.write(table.stamp_ns, images_into) for p in pictures},
        image_age_s={p.camera: p.age_s(table.stamp_ns) for p in pictures},
    )


def _read(folder: Path, meta: Mapping[str, Any], spec: RobotSpec) -> Readings:
    """Return a bag's readings; WrongJoints says, too, if it is of a robot of another name."""
    try:
        return Readings(folder, spec)
    except wire.WrongJoints as error:
        other = other_robot(meta, spec)
        if not other:
            raise
        raise wire.WrongJoints(f'{error}; {other}') from error


@dataclass(frozen=True)
class _Table:
    """Readings in rows, joints in the wire's units, NaN (or -1) where a tick was told nothing."""

    stamp_ns: np.ndarray  # (n,)
    position: np.ndarray  # (n, N)
    velocity: np.ndarray  # (n, N)
    command: np.ndarray  # (n, A)
    who: np.ndarray  # (n, arms) int16, -1 unknown
    objects: np.ndarray  # (n, K, 7)

    def since(self, first: int, last: int) -> '_Table':
        """Return rows first..last, both included."""
        return _Table(*(column[first : last + 1] for column in vars(self).values()))


def _clock(readings: Readings) -> np.ndarray:
    """
    Return the stamps of all ticks (n,) int64.

    A robot that ticks with its joint states has them as its clock, so that a tick without
    authority is seen as a gap; one whose joint states come when they come, or faster than it is
    controlled, ticks with authority.
    """
    topics = list(readings.joints.values())
    if not readings.authority:
        raise EmptyEpisode(f'{readings.folder}: no message on {wire.AUTHORITY.name}: nobody acted')
    is_shared = len(topics) == 1 and not readings.authority.keys().isdisjoint(topics[0])
    joints = np.array(sorted(topics[0]), dtype=np.int64)
    is_faster = len(joints) > 1 and np.median(np.diff(joints)) < FASTER * readings.spec.dt_ns
    if is_shared and not is_faster:
        return joints
    return np.array(sorted(readings.authority), dtype=np.int64)


def _table(readings: Readings, ticks: np.ndarray) -> _Table:
    """Return the readings at the ticks (n,)."""
    spec = readings.spec
    position, velocity = _joints(readings, ticks)
    command = _rows(_stamped(readings, ticks), ticks, spec.size)
    who = np.array([readings.authority.get(int(t), np.full(len(spec.arms), -1)) for t in ticks])
    return _Table(
        ticks, position, velocity, command, who.astype(np.int16), _objects(readings, ticks)
    )


def _joints(readings: Readings, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and velocities (n, N): the newest of each topic not after the tick."""
    found = np.full((2, len(ticks), readings.spec.size), np.nan)
    for samples in readings.joints.values():
        if samples:
            stamps = np.array(sorted(samples))
            rows = np.array([samples[stamp] for stamp in stamps.tolist()])  # (m, 2, N)
            newest = np.searchsorted(stamps, ticks, side='right') - 1  # (n,)
            told = np.where(newest[:, None, None] < 0, np.nan, rows[newest]).swapaxes(0, 1)
            found = np.where(np.isnan(told), found, told)
    _check_joints(readings)
    return _held(found[0]), _held(found[1])


def _check_joints(readings: Readings) -> None:
    """Raise WrongJoints unless every joint of the robot was heard of."""
    spec = readings.spec
    missing = [name for name in spec.joint_names if name not in readings.joint_names]
    if missing:
        raise wire.WrongJoints(
            f'{readings.folder}: joints {missing} of robot {spec.name!r} are missing; it has '
            f"{sorted(readings.joint_names)}, so it is another robot's bag"
        )


def _stamped(readings: Readings, ticks: np.ndarray) -> dict[int, np.ndarray]:
    """Return commands (A,) by tick; one without a header belongs to the newest tick before it."""
    commands = dict(readings.commands)
    for log_ns, command in readings.unstamped:
        row = int(np.searchsorted(ticks, log_ns, side='right')) - 1
        tick = int(ticks[max(row, 0)])
        known = commands.get(tick, command)
        commands[tick] = np.where(np.isnan(command), known, command)
    return commands


def _objects(readings: Readings, ticks: np.ndarray) -> np.ndarray:
    """Return poses (n, K, 7), held where a tick has none; K = 0 for a bag without any."""
    sizes = {len(poses) for poses in readings.objects.values()}
    if len(sizes) > 1:
        raise ValueError(f'{readings.folder}: task/state has {sorted(sizes)} objects by turns')
    width = 7 * (sizes.pop() if sizes else 0)
    flat = {stamp: poses.reshape(-1) for stamp, poses in readings.objects.items()}
    return _held(_rows(flat, ticks, width)).reshape(len(ticks), -1, 7)


def _rows(values: dict[int, np.ndarray], ticks: np.ndarray, width: int) -> np.ndarray:
    """Return the values (width,) at the ticks as (n, width), NaN where there is none."""
    nothing = np.full(width, np.nan)
    return np.array([values.get(t, nothing) for t in ticks.tolist()]).reshape(len(ticks), width)


def _held(rows: np.ndarray) -> np.ndarray:
    """Return rows (n, D) with NaN replaced by the last value before it in its column."""
    index = np.where(np.isnan(rows), 0, np.arange(len(rows))[:, None])
    return np.take_along_axis(rows, np.maximum.accumulate(index, axis=0), axis=0)


def _trimmed(table: _Table, pictures: list[ImageRows], folder: Path) -> _Table:
    """Return the table without the ticks at both ends that lack something."""
    is_commanded = ~np.isnan(table.command).any(1) & (table.who >= 0).all(1)
    has_state = ~np.isnan(table.position).any(1) & ~np.isnan(table.objects).any((1, 2))
    is_seen = np.all([p.newest(table.stamp_ns) >= 0 for p in pictures], axis=0)
    whole = np.flatnonzero(is_commanded & has_state & is_seen)
    if not len(whole):
        raise EmptyEpisode(
            f'{folder}: none of {len(table.stamp_ns)} ticks has joint states, images, a command '
            'and an authority with one stamp'
        )
    return table.since(whole[0], whole[-1])


def _who(table: _Table, spec: RobotSpec) -> np.ndarray:
    """Return who commanded each arm (n, arms) uint8; an arm that lacks its command holds."""
    silent = np.isnan(table.command)  # (n, A)
    gaps = np.stack([silent[:, arm.all].any(1) for arm in spec.arms], axis=1)  # (n, arms)
    return np.where(gaps | (table.who < 0), HOLD, table.who).astype(np.uint8)


def _labels(readings: Readings, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (m,) that an expert labelled, and its chunks (m, L, A)."""
    place = {stamp: row for row, stamp in enumerate(ticks.tolist())}
    found = {place[t]: chunk for t, chunk in sorted(readings.labels.items()) if t in place}
    lengths = {len(chunk) for chunk in found.values()}
    if len(lengths) > 1:
        raise ValueError(
            f'{readings.folder}: label chunks of {sorted(lengths)} points; need one length'
        )
    shape = (len(found), lengths.pop() if lengths else 2, readings.spec.size)
    return np.array(list(found), dtype=np.int64), np.array(list(found.values())).reshape(shape)

"""Whose word a step is learned from: the label rules of BC, DAgger and HG-DAgger."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from il_ros.dataset.episode import WHO, Episode
from il_ros.spec import RobotSpec, Told, Who

HUMAN = WHO.index(Who.HUMAN)
LONGEST = 200  # ticks that a chunk made of velocities may have: longer than any policy plans
ACTED = (HUMAN, WHO.index(Who.POLICY))  # hold and e-stop are nobody's wish


@dataclass(frozen=True, eq=False)
class Labels:
    """One episode's targets as runs of rows: the episode's own, then each of its label chunks."""

    targets: np.ndarray  # (r, A) float32 [rad, opening], finite
    left: np.ndarray  # (r, arms) int32, for how many rows from here on the arm has a label
    runs: np.ndarray  # (m + 1,) int, rows of each run
    seen: np.ndarray  # (w,) int, row of the episode that a window is seen from
    starts: np.ndarray  # (w,) int, row among targets that its chunk starts at
    is_correction: np.ndarray  # (w,) bool, not from an episode that is one demonstration


def labels(episode: Episode, spec: RobotSpec, learn_from: str) -> Labels:
    """
    Return what is to be learned of an episode.

    learn_from: 'demonstrations', what a person commanded: a takeover at t gives every step from t
    until the hand-back, for that arm alone. 'commands', what anybody commanded. 'dagger', what
    an expert said about single steps (Episode.labels), what a person commanded, and what a person
    told to be learned while the policy had the arm (Episode.told).
    """
    targets, labelled = _commanded(episode, spec, learn_from)
    own = np.flatnonzero(labelled.any(1))
    chunks: list[Chunk] = []
    if learn_from == 'dagger':
        own = np.setdiff1d(own, episode.label_at)  # the expert's chunk is the fuller label
        chunks = [*_of_expert(episode, spec), *_of_velocities(episode, spec)]
    parts = [targets, *(chunk.targets for chunk in chunks)]
    left = [rows_left(labelled), *(chunk.left for chunk in chunks)]
    ends = np.cumsum([len(part) for part in parts])
    seen = np.array([*own, *(chunk.tick for chunk in chunks)], dtype=np.intp)
    starts = np.array([*own, *ends[:-1]], dtype=np.intp)
    targets = np.concatenate(parts)
    is_demonstration = learn_from != 'commands' and bool((episode.who == HUMAN).all())
    return Labels(
        targets=targets.astype(np.float32),
        left=np.concatenate(left),
        runs=np.array([len(part) for part in left]),
        seen=seen,
        starts=starts,
        is_correction=np.full(len(starts), not is_demonstration),
    )


@dataclass(frozen=True, eq=False)
class Chunk:
    """A label of its own for what was seen at one tick of the episode."""

    tick: int
    targets: np.ndarray  # (L, A)
    left: np.ndarray  # (L, arms) int32, as Labels has it


def _of_expert(episode: Episode, spec: RobotSpec) -> Iterator[Chunk]:
    """Yield the chunks that an expert gave, for all arms."""
    left = rows_left(np.ones((episode.labels.shape[1], len(spec.arms)), dtype=bool))
    for tick, targets in zip(episode.label_at.tolist(), episode.labels, strict=True):
        yield Chunk(tick, targets, left)


def _of_velocities(episode: Episode, spec: RobotSpec) -> Iterator[Chunk]:
    """
    Yield, for each tick at which a person told how fast an arm should move, where that leads to.

    The arm went where the policy led it, and what was told was counted from there, each tick. From
    what was seen at one of them the arm would have gone on by what was told then and after it.
    """
    told = episode.told == Told.HOW_FAST  # (n, arms)
    left = rows_left(told) if len(told) else np.zeros((0, 1), dtype=np.int32)
    before = episode.command[np.maximum(np.arange(len(episode)) - 1, 0)]  # (n, A)
    steps = np.nan_to_num(episode.proposal - before)  # (n, A)
    for tick in np.flatnonzero(left.any(1)).tolist():
        rows = slice(tick, tick + min(int(left[tick].max()), LONGEST))
        targets = before[tick] + np.cumsum(steps[rows], axis=0)
        yield Chunk(tick, targets.clip(spec.lower, spec.upper), rows_left(told[rows]))


def arm_of(spec: RobotSpec) -> np.ndarray:
    """Return for each action dimension (A,) the number of its arm."""
    columns = np.zeros(spec.size, dtype=np.intp)
    for number, arm in enumerate(spec.arms):
        columns[arm.all] = number
    return columns


def rows_left(labelled: np.ndarray) -> np.ndarray:
    """Return for each row of labelled (n, arms) bool how many True follow, itself included."""
    rows = np.arange(len(labelled), dtype=np.int32)[:, None]
    stops = np.where(labelled, len(labelled), rows)  # (n, arms)
    ends = np.minimum.accumulate(stops[::-1], axis=0)[::-1]  # first row from here that is False
    return (ends - rows).astype(np.int32)


def _commanded(
    episode: Episode, spec: RobotSpec, learn_from: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return targets (n, A), the command where there is no label, and labelled (n, arms)."""
    if learn_from == 'commands':
        return np.asarray(episode.command), np.isin(episode.who, ACTED)
    asked = np.isfinite(episode.proposal)  # (n, A)
    whole = np.stack([asked[:, arm.all].all(1) for arm in spec.arms], axis=1)  # (n, arms)
    labelled = episode.who == HUMAN
    if learn_from == 'dagger' and len(episode.told):
        labelled = labelled | (episode.told == Told.WHERE)
    labelled &= whole
    return np.where(labelled[:, arm_of(spec)], episode.proposal, episode.command), labelled

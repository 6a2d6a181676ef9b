"""Whose word a step is learned from: the label rules of BC, DAgger and HG-DAgger."""

from dataclasses import dataclass

import numpy as np

from il_ros.dataset.episode import WHO, Episode
from il_ros.spec import RobotSpec, Who

HUMAN = WHO.index(Who.HUMAN)
ACTED = (HUMAN, WHO.index(Who.POLICY))  # hold and e-stop are nobody's wish


@dataclass(frozen=True, eq=False)
class Labels:
    """One episode's targets, as a run of rows: the episode's own, then its label chunks."""

    targets: np.ndarray  # (r, A) float32 [rad, opening], finite
    labelled: np.ndarray  # (r, A) bool, where targets are to be learned
    end: np.ndarray  # (r, A) int, first row from here on, in this run, that is not labelled
    last: np.ndarray  # (r,) int, last row of the episode or of the chunk that row belongs to
    seen: np.ndarray  # (w,) int, row of the episode that a window is seen from
    starts: np.ndarray  # (w,) int, row of this run that its chunk starts at
    is_correction: np.ndarray  # (w,) bool, not from an episode that is one demonstration


def labels(episode: Episode, spec: RobotSpec, learn_from: str) -> Labels:
    """
    Return what is to be learned of an episode.

    learn_from: 'demonstrations', what a person commanded: a takeover at t gives every step from t
    until the hand-back, for that arm alone. 'commands', what anybody commanded. 'dagger', what
    an expert said about single steps (Episode.labels), and what a person commanded.
    """
    columns = arm_of(spec)  # (A,)
    if learn_from == 'commands':
        labelled = np.isin(episode.who, ACTED)[:, columns]
        targets = np.asarray(episode.command, dtype=np.float32)
    else:
        labelled = (episode.who == HUMAN)[:, columns] & np.isfinite(episode.proposal)
        targets = np.where(labelled, episode.proposal, episode.command).astype(np.float32)
    starts = np.flatnonzero(labelled.any(1))
    blocks = [(targets, labelled)]
    seen = starts
    if learn_from == 'dagger' and len(episode.label_at):
        starts = np.setdiff1d(starts, episode.label_at)  # the expert's chunk is the fuller label
        first = len(episode) + np.arange(len(episode.label_at)) * episode.labels.shape[1]
        seen = np.concatenate([starts, episode.label_at])
        starts = np.concatenate([starts, first])
        blocks += [(row, np.isfinite(row)) for row in episode.labels]
    is_demonstration = bool((episode.who == HUMAN).all()) and learn_from != 'commands'
    return _joined(blocks, seen, starts, np.full(len(starts), not is_demonstration))


def arm_of(spec: RobotSpec) -> np.ndarray:
    """Return for each action dimension (A,) the number of its arm."""
    columns = np.zeros(spec.size, dtype=np.intp)
    for number, arm in enumerate(spec.arms):
        columns[arm.all] = number
    return columns


def _joined(
    blocks: list[tuple[np.ndarray, np.ndarray]],
    seen: np.ndarray,
    starts: np.ndarray,
    is_correction: np.ndarray,
) -> Labels:
    """Lay the blocks of targets and labelled end to end."""
    sizes = np.array([len(targets) for targets, _ in blocks])
    offsets = np.cumsum(sizes) - sizes
    ends = [run_ends(labelled) + at for (_, labelled), at in zip(blocks, offsets, strict=True)]
    targets = np.concatenate([targets for targets, _ in blocks]).astype(np.float32)
    return Labels(
        targets=np.nan_to_num(targets),
        labelled=np.concatenate([labelled for _, labelled in blocks]),
        end=np.concatenate(ends),
        last=np.repeat(offsets + sizes - 1, sizes),
        seen=seen,
        starts=starts,
        is_correction=is_correction,
    )


def run_ends(labelled: np.ndarray) -> np.ndarray:
    """Return for each row of labelled (n, A) bool the first row from it on that is False, or n."""
    rows = np.arange(len(labelled))[:, None]
    stops = np.where(labelled, len(labelled), rows)  # (n, A)
    return np.minimum.accumulate(stops[::-1], axis=0)[::-1]

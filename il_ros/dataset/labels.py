"""Whose word a step is learned from: the label rules of BC, DAgger and HG-DAgger."""

from dataclasses import dataclass

import numpy as np

from il_ros.dataset.episode import WHO, Episode
from il_ros.spec import RobotSpec, Who

HUMAN = WHO.index(Who.HUMAN)
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
    left = [rows_left(labelled)]
    seen = starts = np.flatnonzero(labelled.any(1))
    if learn_from == 'dagger' and len(episode.label_at):
        own = np.setdiff1d(starts, episode.label_at)  # the expert's chunk is the fuller label
        chunks, length = episode.labels.shape[:2]
        seen = np.concatenate([own, episode.label_at])
        starts = np.concatenate([own, len(episode) + np.arange(chunks) * length])
        targets = np.concatenate([targets, episode.labels.reshape(-1, spec.size)])
        left += [rows_left(np.ones((length, len(spec.arms)), dtype=bool))] * chunks
    is_demonstration = learn_from != 'commands' and bool((episode.who == HUMAN).all())
    return Labels(
        targets=targets.astype(np.float32),
        left=np.concatenate(left),
        runs=np.array([len(part) for part in left]),
        seen=seen,
        starts=starts,
        is_correction=np.full(len(starts), not is_demonstration),
    )


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
        labelled = labelled | episode.told
    labelled &= whole
    return np.where(labelled[:, arm_of(spec)], episode.proposal, episode.command), labelled

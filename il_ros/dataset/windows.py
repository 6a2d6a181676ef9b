"""Windows over episodes: what was seen, what was to be done, by whom, and how much it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from il_ros.dataset.episode import Episode
from il_ros.dataset.labels import Labels, labels
from il_ros.observation.features import feature
from il_ros.robot.kinematics import Kinematics
from il_ros.spec import RobotSpec


class WindowConfig(Protocol):
    """What windows depend on; a TrainConfig has it all."""

    @property
    def inputs(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def cameras(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def H(self) -> int: ...  # noqa: D102
    @property
    def T(self) -> int: ...  # noqa: D102
    @property
    def learn_from(self) -> str: ...  # noqa: D102
    @property
    def correction_weight(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Batch:
    """B windows, inside units, not normalised."""

    values: dict[str, np.ndarray]  # input -> (B, H, D) float32, oldest row first
    images: dict[str, np.ndarray]  # camera -> (B, H, h, w, 3) uint8 RGB
    actions: np.ndarray  # (B, T, A) float32, row i is the target for (i + 1) dt after the window
    mask: np.ndarray  # (B, T, A) bool, where actions are labels
    weight: np.ndarray  # (B,) float32
    who: np.ndarray  # (B, T, arms) uint8, index into WHO, of the command at each row


class NoWindows(ValueError):
    """The episodes hold nothing to be learned."""


class Windows:
    """
    Every window of the episodes that has a label for at least one arm at its first step.

    State is held as flat float32 arrays, one row a tick; images stay where they are, on disk.
    """

    def __init__(self, episodes: Sequence[Episode], spec: RobotSpec, config: WindowConfig):
        self._config = config
        self._episodes = list(episodes)
        for episode in episodes:
            _check(episode, episodes[0], spec, config)
        found = [labels(episode, spec, config.learn_from) for episode in episodes]
        if not sum(len(one.starts) for one in found):
            raise NoWindows(_nothing(episodes, config.learn_from))
        lengths = np.array([len(episode) for episode in episodes])
        ticks = np.cumsum(lengths) - lengths  # first row of each episode among all
        runs = np.cumsum([0] + [len(one.targets) for one in found])[:-1]
        self._first = np.repeat(ticks, lengths)  # (R,) first row of the row's episode
        self._last = np.repeat(ticks + lengths - 1, lengths)  # (R,)
        self._episode_of = np.repeat(np.arange(len(lengths)), lengths)  # (R,)
        self._who = np.concatenate([np.asarray(episode.who) for episode in episodes])
        self.values = _values(episodes, spec, config.inputs)  # input -> (R, D) float32
        self._lay_out(found, ticks, runs)

    def _lay_out(self, found: list[Labels], ticks: np.ndarray, runs: np.ndarray) -> None:
        """Lay the episodes' runs of targets end to end."""
        pairs = list(zip(found, runs, strict=True))
        self.targets = np.concatenate([one.targets for one in found])  # (S, A) float32
        self.labelled = np.concatenate([one.labelled for one in found])  # (S, A) bool
        self._end = np.concatenate([one.end + at for one, at in pairs])  # (S, A)
        self._stop = np.concatenate([one.last + at for one, at in pairs])  # (S,)
        self._starts = np.concatenate([one.starts + at for one, at in pairs])  # (W,)
        seen = [one.seen + at for one, at in zip(found, ticks, strict=True)]
        self.rows = np.concatenate(seen)  # (W,) the row that each window is seen from
        correction = np.concatenate([one.is_correction for one in found])
        self.weight = np.where(correction, self._config.correction_weight, 1.0).astype(np.float32)

    def __len__(self) -> int:
        """W, the number of windows."""
        return len(self.rows)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the windows at indices (B,) int."""
        rows, starts = self.rows[indices], self._starts[indices]
        first = self._first[rows][:, None]
        history = rows[:, None] + np.arange(1 - self._config.H, 1)
        history = np.maximum(history, first)  # (B, H) the first row stands for what was before it
        ahead = starts[:, None] + np.arange(self._config.T)  # (B, T)
        mask = ahead[:, :, None] < self._end[starts][:, None, :]  # (B, T, A)
        ahead = np.minimum(ahead, self._stop[starts][:, None])
        ticks = rows[:, None] + np.arange(self._config.T)
        ticks = np.minimum(ticks, self._last[rows][:, None])
        return Batch(
            values={name: np.take(v, history, axis=0) for name, v in self.values.items()},
            images={name: self._images(name, history) for name in self._config.cameras},
            actions=np.take(self.targets, ahead, axis=0),
            mask=mask,
            weight=self.weight[indices],
            who=self._who[ticks],
        )

    def _images(self, camera: str, history: np.ndarray) -> np.ndarray:
        """Return (B, H, h, w, 3) uint8 for rows history (B, H)."""
        rows = history.reshape(-1)
        numbers = self._episode_of[rows]
        inside = rows - self._first[rows]
        frames = [
            self._episodes[e].images[camera][i] for e, i in zip(numbers, inside, strict=True)
        ]
        return np.stack(frames).reshape(*history.shape, *frames[0].shape)


def _values(
    episodes: Sequence[Episode], spec: RobotSpec, inputs: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return each input over all rows of all episodes, (R, D) float32."""
    kinematics = Kinematics(spec)
    return {
        name: np.concatenate(
            [feature(name, kinematics, e.position, e.velocity, e.objects) for e in episodes]
        )
        for name in inputs
    }


def _check(episode: Episode, first: Episode, spec: RobotSpec, config: WindowConfig) -> None:
    """Raise ValueError for an episode of another robot or task, or without a wanted camera."""
    joints = episode.command.shape[1]
    if joints != spec.size:
        raise ValueError(
            f'{episode.path}: {joints} joints, but robot {spec.name!r} has {spec.size}; '
            'train on the bags of one robot'
        )
    objects, wanted = episode.objects.shape[1], first.objects.shape[1]
    if objects != wanted:
        raise ValueError(
            f'{episode.path}: {objects} objects, the episodes before it have {wanted}; '
            'train on the bags of one task'
        )
    missing = [name for name in config.cameras if name not in episode.images]
    if missing:
        raise ValueError(
            f'{episode.path}: no images of {missing}, it has {sorted(episode.images)}; '
            'record with these cameras or leave them out of `cameras`'
        )


def _nothing(episodes: Sequence[Episode], learn_from: str) -> str:
    """Say why there is not one window."""
    if not episodes:
        return 'no episodes to learn from: the data folder is empty, or all were left out'
    return (
        f'{len(episodes)} episodes from {episodes[0].path} on hold no step to learn from with '
        f'learn_from = {learn_from!r}; nobody demonstrated or corrected in them'
    )

"""Windows over episodes: what was seen, what was to be done, by whom, and how much it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from il_ros.dataset.episode import Episode
from il_ros.dataset.labels import arm_of, labels
from il_ros.dataset.rows import Rows
from il_ros.observation.features import feature
from il_ros.observation.told import DEMONSTRATOR, demonstrator
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
    def relative(self) -> bool: ...  # noqa: D102
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

    States are laid end to end on disk, images stay where they are; memory holds indices alone.
    """

    def __init__(self, episodes: Sequence[Episode], spec: RobotSpec, config: WindowConfig):
        _check(episodes, spec, config)
        self._config = config
        self._episodes = list(episodes)
        self._columns = arm_of(spec)  # (A,)
        self._ticks = _firsts([len(episode) for episode in episodes])  # (episodes + 1,)
        self.values = _values(episodes, spec, config.inputs)  # input -> (R, D) float32
        self._lay_out(spec)
        if not len(self):
            raise NoWindows(_nothing(episodes, config.learn_from))

    def _lay_out(self, spec: RobotSpec) -> None:
        """Lay targets and who acted end to end, and find the windows in them."""
        targets, left, who = Rows(), Rows(), Rows()
        runs, rows, starts, correction = [], [], [], []
        tick = run = 0  # the first row of the episode, among values and among targets
        for episode in self._episodes:
            found = labels(episode, spec, self._config.learn_from)
            targets.add(found.targets)
            left.add(found.left)
            who.add(np.asarray(episode.who))
            runs += found.runs.tolist()
            rows.append(found.seen + tick)
            starts.append(found.starts + run)
            correction.append(found.is_correction)
            tick, run = tick + len(episode), run + len(found.targets)
        self.targets = targets.mapped()  # (S, A) float32
        self._left = left.mapped()  # (S, arms) int32
        self._who = who.mapped()  # (R, arms) uint8
        self._runs = _firsts(runs)  # first row of each run of targets, and the end
        self.rows = _joined(rows)  # (W,) row that each window is seen from
        self._starts = _joined(starts)  # (W,) row of targets that its chunk starts at
        factor = self._config.correction_weight
        self.weight = np.where(_joined(correction), factor, 1.0).astype(np.float32)  # (W,)

    def __len__(self) -> int:
        """W, the number of windows."""
        return len(self.rows)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the windows at indices (B,) int."""
        rows, starts = self.rows[indices], self._starts[indices]
        first, last = _bounds(self._ticks, rows)  # (B, 1) each, of the row's episode
        back = np.arange(1 - self._config.H, 1)
        history = np.maximum(rows[:, None] + back, first)  # (B, H) as if it had stood still before
        ahead = np.arange(self._config.T)
        mask = ahead[:, None] < self._left[starts][:, None, :]  # (B, T, arms)
        return Batch(
            values={name: np.take(v, history, axis=0) for name, v in self.values.items()},
            images={name: self._images(name, history) for name in self._config.cameras},
            actions=self.actions(indices),
            mask=mask[..., self._columns],
            weight=self.weight[indices],
            who=np.take(self._who, np.minimum(rows[:, None] + ahead, last), axis=0),
        )

    def actions(self, indices: np.ndarray) -> np.ndarray:
        """Return the chunks (B, T, A) float32 of the windows at indices (B,), labels or not."""
        starts = self._starts[indices]
        _, stop = _bounds(self._runs, starts)
        rows = np.minimum(starts[:, None] + np.arange(self._config.T), stop)  # (B, T)
        return np.take(self.targets, rows, axis=0)

    def ahead(self, indices: np.ndarray) -> np.ndarray:
        """Return chunks less the joints as measured (B, T, A), NaN where there is no label."""
        measured = self.values['position'][self.rows[indices]]
        is_label = np.arange(self._config.T)[:, None] < self._left[self._starts[indices]][:, None]
        off = self.actions(indices) - measured[:, None]
        return np.where(is_label[..., self._columns], off, np.nan)

    @property
    def is_relative(self) -> bool:
        """Whether targets are told from the joints as measured."""
        return self._config.relative

    def labelled(self, part: slice) -> np.ndarray:
        """Return where targets[part] (S, A) are labels, bool."""
        return (self._left[part] > 0)[:, self._columns]

    def _images(self, camera: str, history: np.ndarray) -> np.ndarray:
        """Return (B, H, h, w, 3) uint8 for rows history (B, H)."""
        rows = history.reshape(-1)
        numbers = np.searchsorted(self._ticks, rows, 'right') - 1
        inside = rows - self._ticks[numbers]
        frames = [
            self._episodes[e].images[camera][i] for e, i in zip(numbers, inside, strict=True)
        ]
        return np.stack(frames).reshape(*history.shape, *frames[0].shape)


def teaches(episodes: Sequence[Episode], spec: RobotSpec, config: WindowConfig) -> np.ndarray:
    """Return which episodes (n,) have a window, bool; ValueError for what Windows refuses."""
    _check(episodes, spec, config)
    counts = [len(labels(one, spec, config.learn_from).seen) for one in episodes]
    return np.array(counts, dtype=bool)


def _values(
    episodes: Sequence[Episode], spec: RobotSpec, inputs: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return each input over all rows of all episodes, (R, D) float32."""
    kinematics = Kinematics(spec)
    rows = {name: Rows() for name in inputs}
    for episode in episodes:
        for name in inputs:
            if name == DEMONSTRATOR:
                rows[name].add(_demonstrator(episode))
                continue
            state = (episode.position, episode.velocity, episode.objects)
            rows[name].add(feature(name, kinematics, *state))
    return {name: found.mapped() for name, found in rows.items()}


def _demonstrator(episode: Episode) -> np.ndarray:
    """Return who demonstrated, for each row (n, D); ValueError where the bag does not say."""
    number = episode.meta.get('demonstrator')
    if number is None:
        raise ValueError(
            f'{episode.path}: the bag does not say which demonstrator made it; '
            f'leave {DEMONSTRATOR!r} out of `inputs`'
        )
    return np.repeat(demonstrator(number)[None], len(episode), axis=0)


def _firsts(lengths: Sequence[int]) -> np.ndarray:
    """Return where each of the parts starts when they are laid end to end, and where all end."""
    return np.cumsum([0, *lengths])


def _bounds(firsts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last row (B, 1) of the part that each of rows (B,) is in."""
    part = np.searchsorted(firsts, rows, 'right') - 1
    return firsts[part][:, None], firsts[part + 1][:, None] - 1


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Return parts end to end; no parts are no rows."""
    return np.concatenate([np.zeros(0, dtype=np.intp), *parts]) if parts else np.zeros(0, np.intp)


def _check(episodes: Sequence[Episode], spec: RobotSpec, config: WindowConfig) -> None:
    """Raise ValueError for an episode of another robot or task, or without a wanted camera."""
    for episode in episodes:
        _check_one(episode, episodes[0], spec, config)


def _check_one(episode: Episode, first: Episode, spec: RobotSpec, config: WindowConfig) -> None:
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
    labelled = [one.path for one in episodes if len(one.label_at) or one.told.any()]
    remedy = 'correct the policy, or tell it what to learn, while it is recorded'
    if labelled and learn_from != 'dagger':
        remedy = f'{len(labelled)} have labels, as {labelled[0]}: learn_from = dagger learns them'
    return (
        f'no step to learn from in {len(episodes)} episode(s) from {episodes[0].path} on with '
        f'learn_from = {learn_from}: nobody demonstrated or corrected; {remedy}'
    )

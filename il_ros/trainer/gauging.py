"""Scores of a checkpoint: fitted to recorded steps, and their bounds taken from its roll-outs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from il_ros.dataset.episode import Episode
from il_ros.dataset.labels import HUMAN
from il_ros.dataset.plans import plans_of
from il_ros.dataset.windows import Windows
from il_ros.policy.load import load_policy
from il_ros.policy.model import Policy
from il_ros.policy.scores import SCORES
from il_ros.policy.scores.base import Moment, NoScore
from il_ros.policy.scores.bounds import Bounds
from il_ros.policy.scores.gauges import Gauges, load_gauges, members
from il_ros.policy.scores.kept import Kept, keep, kept
from il_ros.policy.scores.thresholds import for_calls, for_false_alarms
from il_ros.registry import make
from il_ros.spec import RobotSpec
from il_ros.trainer.examples import examples_of
from il_ros.trainer.run import tensors

SEED = 0  # the same episodes give the same scores
Refused = Callable[[NoScore], None]
Scores = dict[str, np.ndarray]  # name -> (p,) of the plans of an episode


def fit_scores(
    folder: Path,
    names: Sequence[str],
    episodes: Sequence[Episode],
    spec: RobotSpec,
    refused: Refused | None = None,
) -> dict[str, Kept]:
    """
    Fit scores to episodes and keep them with the checkpoint, in place of all that were.

    Returns what is kept; refused, and what is raised: see fitted().
    """
    version = load_policy(folder, spec)[1].version
    found = fitted(folder, names, episodes, spec, refused)
    keep(folder, version, found)
    return found


def fitted(
    folder: Path,
    names: Sequence[str],
    episodes: Sequence[Episode],
    spec: RobotSpec,
    refused: Refused | None = None,
) -> dict[str, Kept]:
    """
    Return scores of a checkpoint, fitted to episodes.

    Raises NoScore for one that the policy or the episodes do not allow, unless refused is there to
    be told of it; ValueError for one that there is not.
    """
    policy, _ = load_policy(folder, spec)
    others = members(folder, spec)
    made = {name: _tried(refused, make, SCORES, name, policy, others) for name in names}
    examples = examples_of(policy, others, episodes, spec, _seeded())
    states = {
        n: _tried(refused, score.fit, examples, _seeded()) for n, score in made.items() if score
    }
    return {name: Kept(state) for name, state in states.items() if state is not None}


def _tried(refused: Refused | None, action: Callable[..., Any], *given: Any) -> Any:
    """Return what an action gives, None where that score cannot be had and refused is told."""
    try:
        return action(*given)
    except NoScore as error:
        if refused is None:
            raise
        refused(error)
        return None


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


def calibrate(
    folder: Path,
    episodes: Sequence[Episode],
    spec: RobotSpec,
    false_alarms: float,
    calls_per_hour: float | None,
    progress: Callable[[Episode], None],
) -> dict[str, Bounds]:
    """
    Take the bounds of the checkpoint's scores from its roll-outs among episodes, and keep them.

    false_alarms: per successful episode; calls_per_hour, where given, counts instead. Scores are
    computed anew from what was recorded, as the gate will see them, so that any roll-out of this
    checkpoint will do. progress is told of each episode that was looked at. Raises ValueError
    where too few of them can be used.
    """
    policy, found = load_policy(folder, spec)
    gauges = load_gauges(folder, policy, found.version, spec)
    rollouts: list[tuple[Episode, Scores]] = []
    for episode in episodes:
        scores = scores_of(gauges, policy, episode, spec, found.version)
        if scores and (calls_per_hour is not None or episode.meta.get('outcome') == 'success'):
            rollouts.append((episode, scores))
        progress(episode)
    if not rollouts:
        raise ValueError(
            f'{len(episodes)} episodes, and none is a {"" if calls_per_hour else "successful "}'
            f'roll-out of version {found.version} of {folder} in which nobody helped'
        )
    hours = sum(len(episode) for episode, _ in rollouts) * spec.dt_s / 3600
    before, bounds = kept(folder, found.version), {}
    for name in before:
        values = [scores[name] for _, scores in rollouts]
        bounds[name] = (
            for_false_alarms(values, false_alarms)
            if calls_per_hour is None
            else for_calls(values, hours, calls_per_hour)
        )
    keep(folder, found.version, with_bounds(before, bounds))
    return bounds


def with_bounds(scores: Mapping[str, Kept], bounds: Mapping[str, Bounds]) -> dict[str, Kept]:
    """Return scores with new bounds."""
    return {name: replace(each, bounds=bounds[name]) for name, each in scores.items()}


def scores_of(
    gauges: Gauges, policy: Policy, episode: Episode, spec: RobotSpec, version: str
) -> Scores:
    """
    Return the scores of an episode's plans, {} unless a policy of that version did it alone.

    Plans of ticks at which the arms held are left out.
    """
    planned, chunks = plans_of(episode, spec)
    is_its_own = {chunk.version for chunk in chunks} == {version}
    if not is_its_own or (np.asarray(episode.who) == HUMAN).any():
        return {}
    windows = Windows([episode], spec, replace(policy.config, learn_from='commands'))
    found: dict[str, list[float]] = {}
    for row, chunk in zip(planned, chunks, strict=True):
        index = np.flatnonzero(windows.rows == row)
        if not len(index):
            continue
        values, images, _, _ = tensors(windows.batch(index), torch.device('cpu'))
        with torch.no_grad():
            targets = torch.from_numpy(chunk.targets)[None].float()
            context, inside = policy.encode(values, images), policy.inside(values, targets)
        for name, reading in gauges.read(Moment(values, images, context, inside)).items():
            found.setdefault(name, []).append(reading.value)
    return {name: np.array(told) for name, told in found.items()}

"""Recorded episodes as a policy's scores are fitted to them: what it sees and plans in each."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from il_ros.dataset.episode import Episode
from il_ros.dataset.labels import HUMAN, arm_of
from il_ros.dataset.windows import Windows
from il_ros.policy.model import Policy
from il_ros.policy.scores.base import Examples
from il_ros.policy.scores.ensemble import disagreement
from il_ros.spec import RobotSpec
from il_ros.trainer.run import tensors

MOST = 8192  # steps, evenly spread over the episodes
BATCH = 256


@torch.no_grad()
def examples_of(
    policy: Policy,
    others: Sequence[Policy],
    episodes: Sequence[Episode],
    spec: RobotSpec,
    generator: torch.Generator,
) -> Examples:
    """Return at most MOST steps at which anybody acted; NoWindows when there is none."""
    windows = Windows(episodes, spec, replace(policy.config, learn_from='commands'))
    chosen = np.linspace(0, len(windows) - 1, min(MOST, len(windows))).astype(np.intp)
    device = next(policy.parameters()).device
    parts = []
    for first in range(0, len(chosen), BATCH):
        batch = windows.batch(chosen[first : first + BATCH])
        values, images, actions, mask = tensors(batch, device)
        context = policy.encode(values, images)
        chunk = policy.head.sample(context, generator)
        is_persons = torch.from_numpy(batch.who == HUMAN).to(device)[..., arm_of(spec)]
        person = policy.inside(values, actions)
        person = person.where(is_persons & (mask > 0), torch.nan)
        unsure = torch.full(chunk.shape[:1], torch.nan)
        if others:
            unsure = disagreement((policy, *others), values, images, generator)
        parts.append((context.pooled, chunk, person, unsure))
    pooled, chunk, person, unsure = (torch.cat(part).cpu() for part in zip(*parts, strict=True))
    rows = windows.rows[chosen]
    is_demonstration = np.concatenate([np.full(len(e), _is_demonstration(e)) for e in episodes])
    to_success_s = np.concatenate([time_to_success(e, spec) for e in episodes])
    return Examples(
        pooled,
        chunk,
        person,
        torch.from_numpy(is_demonstration[rows]),
        torch.from_numpy(to_success_s[rows]).float(),
        unsure,
    )


def time_to_success(episode: Episode, spec: RobotSpec) -> np.ndarray:
    """
    Return for each tick (n,) [s] when the episode succeeds, as far as the policy is behind it.

    inf before a failure, or where a person had to take over later on; NaN while a person helps,
    and where the bag does not say how the episode ended. A demonstration shows what leads to
    success whoever acts.
    """
    outcome = episode.meta.get('outcome')
    if outcome not in ('success', 'failure'):
        return np.full(len(episode), np.nan)
    left_s = np.arange(len(episode))[::-1] * spec.dt_s
    is_human = (np.asarray(episode.who) == HUMAN).any(1)  # (n,)
    if outcome == 'failure':
        left_s = np.full(len(episode), np.inf)
    if _is_demonstration(episode):
        return left_s
    is_helped_later = np.logical_or.accumulate(is_human[::-1])[::-1]
    return np.where(is_human, np.nan, np.where(is_helped_later, np.inf, left_s))


def _is_demonstration(episode: Episode) -> bool:
    return bool((np.asarray(episode.who) == HUMAN).all())

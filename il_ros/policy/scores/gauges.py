"""Gauges: the scores of one checkpoint, as they were fitted, read at every plan."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

import torch

from il_ros.policy.load import load_policy
from il_ros.policy.model import Policy
from il_ros.policy.scores import SCORES
from il_ros.policy.scores.base import Moment, Score, State
from il_ros.policy.scores.kept import Kept, kept
from il_ros.registry import make
from il_ros.spec import Reading, RobotSpec

MEMBERS = 'ensemble'  # the folder, in a checkpoint's own, of those that learned the same
SEED = 0  # every moment is seen by the same draws, so that scores compare


class Gauges:
    """Reads all scores that are kept with a checkpoint."""

    def __init__(self, policy: Policy, found: Mapping[str, Kept], others: Sequence[Policy] = ()):
        device = next(policy.parameters()).device
        self._kept = found
        self._scores: dict[str, tuple[Score, State]] = {}
        self.spent_s: dict[str, float] = {}  # by each score, the last time it was read
        for name, each in found.items():
            state = {key: value.to(device) for key, value in each.state.items()}
            self._scores[name] = make(SCORES, name, policy, others), state

    @torch.no_grad()
    def read(self, moment: Moment) -> dict[str, Reading]:
        """Return what each score says of a moment of one row, and how much counts as much."""
        return {name: self._read(name, moment) for name in self._scores}

    def _read(self, name: str, moment: Moment) -> Reading:
        score, state = self._scores[name]
        began = perf_counter()
        value = float(score.score(state, moment, torch.Generator().manual_seed(SEED)))
        self.spent_s[name] = perf_counter() - began
        bounds = self._kept[name].bounds
        return Reading(value, bounds.high, bounds.low) if bounds else Reading(value)


def load_gauges(folder: Path, policy: Policy, version: str, robot: RobotSpec) -> Gauges:
    """
    Return the gauges of a checkpoint, of which policy is the network; none are no fault.

    Raises CheckpointError for scores of another version, NoScore for an ensemble that is gone.
    """
    found = kept(folder, version)
    return Gauges(policy, found, members(folder, robot) if found else ())


def members(folder: Path, robot: RobotSpec) -> tuple[Policy, ...]:
    """Return the other policies of a checkpoint's ensemble, in the order of their names."""
    inside = folder / MEMBERS
    folders = sorted(path for path in inside.iterdir() if path.is_dir()) if inside.is_dir() else []
    return tuple(load_policy(path, robot)[0] for path in folders)

"""An episode as arrays: what a bag becomes before anything is learned from it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.spec import Who

WHO = tuple(Who)  # the codes in Episode.who


@dataclass(frozen=True, eq=False)
class Episode:
    """
    One row a control tick, n rows, inside units, RobotSpec order; arrays may be memory-mapped.

    `proposal` is what the person's hands asked at that tick, executed or not, and NaN where there
    was no person. `labels` are whole chunks that an expert gave for single ticks (DAgger).
    """

    path: Path  # the bag's folder
    meta: dict[str, Any]  # task, demonstrator, seed, outcome, grade ...
    stamp_ns: np.ndarray  # (n,) int64
    position: np.ndarray  # (n, N)
    velocity: np.ndarray  # (n, N)
    objects: np.ndarray  # (n, K, 7)
    command: np.ndarray  # (n, A)
    proposal: np.ndarray  # (n, A), NaN where no person proposed
    who: np.ndarray  # (n, arms) uint8, index into WHO
    label_at: np.ndarray  # (m,) int64, rows that have a label chunk
    labels: np.ndarray  # (m, L, A), L >= 2 points
    images: dict[str, np.ndarray] = field(default_factory=dict)  # camera -> (n, H, W, 3) uint8
    # (n, arms) Told: `proposal` is a label of a person who did not have the arm; (0, 0) without
    told: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.uint8))
    image_age_s: dict[str, np.ndarray] = field(default_factory=dict)  # camera -> (n,)

    def __len__(self) -> int:
        """Control ticks in the episode."""
        return len(self.stamp_ns)

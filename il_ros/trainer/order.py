"""Which windows a step is trained on: a function of seed and step, with nothing to store."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from il_ros.dataset.episode import Episode


def indices_at(step: int, batch: int, windows: int, seed: int) -> np.ndarray:
    """Return the windows (batch,) of a step: each once an epoch, in another order every epoch."""
    places = np.arange(step * batch, (step + 1) * batch)  # among all that are ever drawn
    epochs = places // windows
    drawn = [
        _order(int(e), windows, seed)[places[epochs == e] % windows] for e in np.unique(epochs)
    ]
    return np.concatenate(drawn)


@lru_cache(maxsize=2)
def _order(epoch: int, windows: int, seed: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(windows)


def split(
    episodes: Sequence[Episode], fraction: float, seed: int
) -> tuple[list[Episode], list[Episode]]:
    """Return episodes to learn from, and those held out: that fraction, at least one of two."""
    held = round(fraction * len(episodes))
    if fraction > 0 and held == 0 and len(episodes) > 1:
        held = 1
    order = np.random.default_rng(seed).permutation(len(episodes))
    is_held = np.isin(np.arange(len(episodes)), order[:held])
    kept = [episode for episode, out in zip(episodes, is_held, strict=True) if not out]
    return kept, [episode for episode, out in zip(episodes, is_held, strict=True) if out]

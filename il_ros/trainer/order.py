"""Which windows a step is trained on: a function of seed and step, with nothing to store."""

from functools import lru_cache

import numpy as np


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


def held_out(teaches: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """
    Return which episodes (n,) bool are not learned from: a fraction of those that teach something.

    At least one, of two; the others would measure nothing. teaches: (n,) bool.
    """
    which = np.flatnonzero(teaches)
    held = round(fraction * len(which))
    if fraction > 0 and held == 0 and len(which) > 1:
        held = 1
    order = np.random.default_rng(seed).permutation(which)
    return np.isin(np.arange(len(teaches)), order[:held])

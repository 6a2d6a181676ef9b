"""The input that no sensor gives: whom to imitate, told beforehand and the same all along."""

import numpy as np

DEMONSTRATOR = 'demonstrator'  # its name among a policy's inputs
MOST = 8  # demonstrators that can be told apart


def demonstrator(number: int) -> np.ndarray:
    """Return who demonstrates as (MOST,) float32, 1 for that one; ValueError for one too many."""
    if not 0 <= number < MOST:
        raise ValueError(f'demonstrator {number}: a policy can tell apart 0 to {MOST - 1}')
    return np.eye(MOST, dtype=np.float32)[number]

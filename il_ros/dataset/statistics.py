"""What the normaliser needs to know: mean and deviation of each input and of the action."""

import numpy as np

from il_ros.dataset.windows import Windows

FLOOR = 1e-2  # [rad, m, ...] least deviation: what hardly moved in training may not be blown up
ACTION = 'action'


def statistics(windows: Windows) -> dict[str, np.ndarray]:
    """
    Return {'<input>.mean': (D,), '<input>.std': (D,), ..., 'action.mean': (A,), ...}, float32.

    Inputs are counted at the rows where windows start, actions where somebody's label is learned;
    of a joint without any label, what it was commanded.
    """
    found: dict[str, np.ndarray] = {}
    rows = np.unique(windows.rows)
    for name, values in windows.values.items():
        found |= _moments(name, values[rows].astype(np.float64))
    counted = windows.labelled | ~windows.labelled.any(0)  # (R, A)
    labels = np.where(counted, windows.targets, np.nan).astype(np.float64)
    return found | _moments(ACTION, labels)


def _moments(name: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean and floored deviation of rows (n, D); NaN does not count."""
    known = np.isfinite(rows)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, rows, 0.0).sum(0) / count
    std = np.sqrt((np.where(known, rows - mean, 0.0) ** 2).sum(0) / count)
    return {
        f'{name}.mean': mean.astype(np.float32),
        f'{name}.std': np.maximum(std, FLOOR).astype(np.float32),
    }

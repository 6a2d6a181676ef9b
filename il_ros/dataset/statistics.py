"""What the normaliser needs to know: mean and deviation of each input and of the action."""

from collections.abc import Callable

import numpy as np

from il_ros.dataset.windows import Windows

FLOOR = 1e-2  # [rad, m, ...] least deviation: what hardly moved in training may not be blown up
ACTION = 'action'
BLOCK = 65536  # rows at a time: memory does not grow with the data


def statistics(windows: Windows) -> dict[str, np.ndarray]:
    """
    Return {'<input>.mean': (D,), '<input>.std': (D,), ..., 'action.mean': (A,), ...}, float32.

    Inputs are counted at the rows where windows start, actions where somebody's label is learned;
    of a joint without any label, what it was commanded.
    """
    seen = np.zeros((len(next(iter(windows.values.values()))), 1), dtype=bool)
    seen[windows.rows] = True
    found: dict[str, np.ndarray] = {}
    for name, values in windows.values.items():
        found |= _moments(name, values, lambda part: seen[part])
    parts = _parts(len(windows.targets))
    is_mute = ~np.any([windows.labelled(part).any(0) for part in parts], axis=0)  # (A,)
    return found | _moments(ACTION, windows.targets, lambda part: windows.labelled(part) | is_mute)


def _moments(
    name: str, rows: np.ndarray, counted: Callable[[slice], np.ndarray]
) -> dict[str, np.ndarray]:
    """Return mean and floored deviation of rows (n, D) where counted (a part of n, D or 1)."""
    parts = _parts(len(rows))
    count = np.maximum(sum(counted(part).sum(0, dtype=np.int64) for part in parts), 1)
    mean = sum(np.where(counted(p), rows[p].astype(float), 0.0).sum(0) for p in parts) / count
    if not np.isfinite(mean).all():
        columns = np.flatnonzero(~np.isfinite(mean)).tolist()
        raise ValueError(f'{name!r}: columns {columns} are not finite somewhere in the episodes')
    square = sum(np.where(counted(p), (rows[p] - mean) ** 2, 0.0).sum(0) for p in parts) / count
    return {
        f'{name}.mean': mean.astype(np.float32),
        f'{name}.std': np.maximum(np.sqrt(square), FLOOR).astype(np.float32),
    }


def _parts(rows: int) -> list[slice]:
    return [slice(first, first + BLOCK) for first in range(0, rows, BLOCK)]

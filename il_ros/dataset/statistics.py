"""What the normaliser needs to know: mean and deviation of each input and of the action."""

from collections.abc import Callable

import numpy as np

from il_ros.dataset.windows import Windows

FLOOR = 1e-2  # [rad, m, ...] least deviation: what hardly moved in training may not be blown up
ACTION = 'action'
FLOOR_AHEAD = 2e-3  # [rad, opening] the same, of how far a target is from where a joint is
SHOWN = 16384  # chunks, evenly spread over the windows, that tell how far targets are
BLOCK = 65536  # rows at a time: memory does not grow with the data


def statistics(windows: Windows) -> dict[str, np.ndarray]:
    """
    Return {'<input>.mean': (D,), '<input>.std': (D,), ..., 'action.mean': (A,), ...}, float32.

    Of relative targets, the action's are (T, A): each tick has a scale of its own.

    Inputs are counted at the rows where windows start, actions where somebody's label is learned;
    of a joint without any label, what it was commanded.
    """
    seen = np.zeros((len(next(iter(windows.values.values()))), 1), dtype=bool)
    seen[windows.rows] = True
    found: dict[str, np.ndarray] = {}
    for name, values in windows.values.items():
        found |= _moments(name, values, lambda part: seen[part])
    if windows.is_relative:
        return found | _ahead(windows)
    parts = _parts(len(windows.targets))
    is_mute = ~np.any([windows.labelled(part).any(0) for part in parts], axis=0)  # (A,)
    return found | _moments(ACTION, windows.targets, lambda part: windows.labelled(part) | is_mute)


def _ahead(windows: Windows) -> dict[str, np.ndarray]:
    """Return mean and floored deviation (T, A) of targets told from the joints as measured."""
    chosen = np.linspace(0, len(windows) - 1, min(SHOWN, len(windows))).astype(np.intp)
    off = windows.ahead(chosen).astype(float)  # (n, T, A)
    count = np.maximum(np.isfinite(off).sum(0), 1)
    mean = np.nansum(off, axis=0) / count
    deviation = np.sqrt(np.nansum((off - mean) ** 2, axis=0) / count)
    return {
        f'{ACTION}.mean': mean.astype(np.float32),
        f'{ACTION}.std': np.maximum(deviation, FLOOR_AHEAD).astype(np.float32),
    }


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

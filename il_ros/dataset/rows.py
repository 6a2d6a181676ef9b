"""Rows of all episodes end to end, on disk: memory does not grow with the data."""

import tempfile

import numpy as np


class Rows:
    """Arrays appended one after another to a file without a name; it goes with the last array."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by mapped()
        self._count = 0
        self._row: tuple[int, ...] = ()
        self._dtype = np.dtype(np.float32)

    def add(self, part: np.ndarray) -> None:
        """Append part (n, ...); all parts must have rows of one shape and type."""
        if self._count and (part.shape[1:], part.dtype) != (self._row, self._dtype):
            raise ValueError(
                f'rows of {part.shape[1:]} {part.dtype} after {self._row} {self._dtype}'
            )
        self._row, self._dtype = part.shape[1:], part.dtype
        self._count += len(part)
        np.ascontiguousarray(part).tofile(self._file)

    def mapped(self) -> np.ndarray:
        """Return all parts as one array, read from disk as it is used; nothing is added after."""
        shape = (self._count, *self._row)
        self._file.flush()
        if 0 in shape:
            return np.zeros(shape, self._dtype)
        mapped = np.memmap(self._file, self._dtype, 'r+', shape=shape)
        self._file.close()  # the mapping keeps what it needs
        return np.asarray(mapped)

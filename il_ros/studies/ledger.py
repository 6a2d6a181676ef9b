"""Finished cells in a file that is only ever appended to: a JSON line each."""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from il_ros.studies.study import Cell, Done

CELLS = 'cells.jsonl'
Row = dict[str, Any]  # 'key', 'mark', 'seconds', 'result'


class Ledger:
    """The rows of one study; use it inside `with Ledger.open(folder)`, which keeps others out."""

    def __init__(self, path: Path):
        self._path = path
        self.rows: list[Row] = [json.loads(line) for line in _whole_lines(path)]

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator['Ledger']:
        """Open the ledger of a study's folder; ValueError while another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / CELLS).open('a') as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(f'{file.name}: another `il-ros study` writes here') from None
            yield cls(folder / CELLS)

    def add(self, row: Row) -> None:
        """Append a row; it is on disk when this returns."""
        with self._path.open('a') as file:
            file.write(json.dumps(row) + '\n')
        self.rows.append(row)

    def done(self, cells: Sequence[Cell]) -> Done:
        """Return the results of those cells that are finished with their present settings."""
        found = {(row['key'], row['mark']): row['result'] for row in self.rows}
        return {c.key: found[c.key, c.mark] for c in cells if (c.key, c.mark) in found}

    def seconds(self, cells: Sequence[Cell]) -> float:
        """Return the wall-clock spent on these cells with their present settings."""
        marks = {cell.mark for cell in cells}
        return sum(row['seconds'] for row in self.rows if row['mark'] in marks)


def _whole_lines(path: Path) -> list[str]:
    """Return the lines of a file; one that a crash cut off is removed from it."""
    lines = path.read_text().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith('\n')]
    if len(whole) != len(lines):
        path.write_text(''.join(whole))
    return whole

"""Which checkpoint acts: those that were kept, round by round, in a file; the last one acts."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from il_ros.checkpoint import peek

FILE = 'acting.json'


class Acting:
    """
    The rounds whose checkpoints were kept, the newest last; round 0 is the one given at first.

    Every change is on disk before it is in force. Raises ValueError where the folder's rounds
    began with another checkpoint than `first`.
    """

    def __init__(self, root: Path, first: Path, of_round: Callable[[int], Path]):
        self._path, self._first, self._of_round = root / FILE, first, of_round
        self._version = peek(first).version
        self.kept = self._read() if self._path.is_file() else [0]
        self._write(self.kept)

    @property
    def round(self) -> int:
        """The round whose checkpoint acts."""
        return self.kept[-1]

    def checkpoint(self, number: int) -> Path:
        """Return the checkpoint of a round."""
        return self._of_round(number) if number else self._first

    def keep(self, number: int) -> None:
        """Let the checkpoint of a round act from now on."""
        if number not in self.kept:
            self._write([*self.kept, number])

    def roll_back(self) -> int:
        """Let the one before act again; return the round that was given up."""
        given_up = self.round
        self._write(self.kept[:-1])
        return given_up

    def _write(self, kept: list[int]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        about = {'first': str(self._first), 'version': self._version, 'kept': kept}
        write_whole(self._path, about)
        self.kept = kept

    def _read(self) -> list[int]:
        """Return the rounds that were kept before."""
        about = json.loads(self._path.read_text())
        if about['version'] != self._version:
            raise ValueError(
                f'{self._path.parent}: its rounds began with {about["first"]} '
                f'({about["version"]}), not with {self._first} ({self._version}); '
                f'name that one, or another folder'
            )
        return about['kept']


def write_whole(path: Path, content: Any) -> None:
    """Write JSON to a file, whole or not at all, and have it on disk."""
    temporary = path.with_name(f'.{path.name}.new')
    with temporary.open('w') as file:
        file.write(json.dumps(content, indent=1))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)

"""Folders that more than one test uses; conftest removes them when all tests have ended."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

MADE: list[Path] = []


def folder(of: str) -> Path:
    """Return a new folder."""
    MADE.append(Path(mkdtemp(prefix=f'il_ros_{of}_')))
    return MADE[-1]


def remove() -> None:
    """Remove every folder that was made."""
    while MADE:
        rmtree(MADE.pop(), ignore_errors=True)

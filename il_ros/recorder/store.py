"""Where episodes lie: root/episode_000000 and on; a number is given once, whatever comes of it."""

import re
import shutil
from pathlib import Path

_NAME = re.compile(r'episode_(\d{6,})')


def number_of(folder: Path) -> int | None:
    """Return the number of an episode's folder, None for another folder."""
    match = _NAME.fullmatch(folder.name)
    return int(match.group(1)) if match else None


def next_folder(root: Path) -> Path:
    """Return the folder of the next episode under root; it is not made yet."""
    numbers = [number_of(path) for path in root.iterdir()] if root.is_dir() else []
    return root / f'episode_{max((n + 1 for n in numbers if n is not None), default=0):06d}'


def free_mb(root: Path) -> float:
    """Return the free space of the disk that root lies on, or will lie on [MB]."""
    while not root.exists():
        root = root.parent
    return shutil.disk_usage(root).free / 1e6

"""Whether PyBullet can draw on a GPU here: asked in a second process, which may well exit."""

import atexit
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ENTRY = '_eglRendererPlugin'
_PROBE = """
import sys, pybullet as p
p.connect(p.DIRECT)
assert p.loadPlugin(sys.argv[1], sys.argv[2]) >= 0
p.getCameraImage(8, 8, renderer=p.ER_BULLET_HARDWARE_OPENGL)
print('drawn')
"""


def has_gpu() -> bool:
    """Whether the system shows a device that EGL could draw on."""
    return Path('/dev/nvidia0').exists() or any(Path('/dev/dri').glob('renderD*'))


@cache
def probe() -> tuple[bool, str]:
    """Return whether EGL drawing works, and why not; tried once a process, in a second one."""
    plugin = find_spec('eglRenderer')
    if plugin is None or plugin.origin is None:
        return False, 'this PyBullet comes without its EGL plugin'
    if not has_gpu():
        return False, 'no GPU: neither /dev/nvidia0 nor /dev/dri/renderD*'
    return try_plugin(plugin.origin)


def try_plugin(path: str) -> tuple[bool, str]:
    """Return whether the plugin at path draws an image, and why not."""
    command = [sys.executable, '-c', _PROBE, path, ENTRY]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return False, 'EGL did not answer within 60 s'
    if done.returncode == 0 and 'drawn' in done.stdout:
        return True, ''
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return False, f'EGL failed with exit status {done.returncode}: {" ".join(last)}'


def load(client: Any) -> int:
    """Return the renderer that getCameraImage of client shall use: the GPU's if it works."""
    works, _ = probe()
    plugin = find_spec('eglRenderer')
    if not works or plugin is None:
        return client.ER_TINY_RENDERER
    with spoken_aside():
        loaded = client.loadPlugin(plugin.origin, ENTRY)
    atexit.register(_stay_aside)  # it speaks once more when its window goes
    return client.ER_BULLET_HARDWARE_OPENGL if loaded >= 0 else client.ER_TINY_RENDERER


@contextmanager
def spoken_aside() -> Iterator[None]:
    """Send what C prints to stderr: stdout may be a program's answer, in JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # what C has buffered belongs aside, too
        os.dup2(kept, 1)
        os.close(kept)


def _stay_aside() -> None:
    sys.stdout.flush()
    os.dup2(2, 1)

"""A connection to PyBullet, imported only when a world is built: nothing else needs it."""

import os
from functools import partial
from typing import Any

REMEDY = (
    'PyBullet was built without numpy, so images would arrive as Python tuples; install numpy '
    'first, then `pip install --force-reinstall --no-cache-dir --no-build-isolation pybullet`'
)
_EYE = (1.3, 0.0, -35.0, (0.0, 0.0, 0.15))  # distance [m], yaw, pitch [degrees], at what [m]


class Client:
    """PyBullet's functions, bound to one server; pybullet_utils' client prints."""

    def __init__(self, bullet: Any, has_window: bool):
        kind = bullet.GUI if has_window else bullet.DIRECT
        self._bullet, self._server = bullet, bullet.connect(kind)
        if has_window:
            for part in (bullet.COV_ENABLE_GUI, bullet.COV_ENABLE_KEYBOARD_SHORTCUTS):
                self.configureDebugVisualizer(part, 0)
            self.resetDebugVisualizerCamera(*_EYE)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bullet, name)
        if callable(found):
            found = partial(found, physicsClientId=self._server)
        setattr(self, name, found)
        return found


def connect(has_window: bool = False) -> Client:
    """
    Return a new physics client, in a window of its own where the mouse pulls at what it grabs.

    RuntimeError says what to do when PyBullet cannot serve, ValueError that there is no screen,
    without which it would end us.
    """
    if has_window and not os.environ.get('DISPLAY'):
        raise ValueError('the window of the simulation needs a screen: DISPLAY is not set')
    try:
        import pybullet
    except ImportError as error:
        raise RuntimeError(
            f'the simulation needs PyBullet: pip install pybullet ({error})'
        ) from error
    if not pybullet.isNumpyEnabled():
        raise RuntimeError(REMEDY)
    return Client(pybullet, has_window)

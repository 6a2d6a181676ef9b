"""A connection to PyBullet, imported only when a world is built: nothing else needs it."""

from functools import partial
from typing import Any

REMEDY = (
    'PyBullet was built without numpy, so images would arrive as Python tuples; install numpy '
    'first, then `pip install --force-reinstall --no-cache-dir --no-build-isolation pybullet`'
)


class Client:
    """PyBullet's functions, bound to one headless server; pybullet_utils' client prints."""

    def __init__(self, bullet: Any):
        self._bullet, self._server = bullet, bullet.connect(bullet.DIRECT)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bullet, name)
        if callable(found):
            found = partial(found, physicsClientId=self._server)
        setattr(self, name, found)
        return found


def connect() -> Client:
    """Return a new physics client; RuntimeError says what to do when PyBullet cannot serve."""
    try:
        import pybullet
    except ImportError as error:
        raise RuntimeError(
            f'the simulation needs PyBullet: pip install pybullet ({error})'
        ) from error
    if not pybullet.isNumpyEnabled():
        raise RuntimeError(REMEDY)
    return Client(pybullet)

"""ROS domains of one's own, so that a simulated session never reaches a robot that listens."""

import fcntl
import os
import tempfile
from collections.abc import MutableMapping
from functools import cache

LAST = 101  # of the domains whose ports Linux leaves free


def stay_apart(environ: MutableMapping[str, str]) -> None:
    """Choose a domain of this machine that no other session is in; a user's choice stands."""
    environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    if 'ROS_DOMAIN_ID' not in environ:
        environ['ROS_DOMAIN_ID'] = str(own_domain())


@cache
def own_domain() -> int:
    """Return the one domain that this process has reserved."""
    return reserve()


def reserve() -> int:
    """
    Return the number of a domain that is ours as long as this process lives.

    From the top, where people seldom choose theirs. Raises ValueError when all are taken.
    """
    for domain in range(LAST, 0, -1):
        file = _open(os.path.join(tempfile.gettempdir(), f'il_ros_domain_{domain}'))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return domain  # the file stays open, and so locked
        except BlockingIOError:
            os.close(file)
    raise ValueError('no free ROS domain: too many sessions at once on this machine')


def _open(path: str) -> int:
    """Open a file for its lock alone; only reading, as it may be another user's."""
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)

"""ROS domains that nobody else on this machine tests in, reserved while this process lives."""

import fcntl
import os
import tempfile

LAST = 101  # of the domains whose ports Linux leaves free


def reserve() -> int:
    """Return the number of a free domain; 0 is everybody's and never free."""
    for domain in range(1, LAST + 1):
        path = os.path.join(tempfile.gettempdir(), f'il_ros_domain_{domain}')
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return domain  # the file stays open, and so locked
        except OSError:
            os.close(file)
    raise RuntimeError('no free ROS domain: too many tests at once')

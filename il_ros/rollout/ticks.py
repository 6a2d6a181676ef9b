"""Control ticks that were missed, counted from the commands that came."""

import numpy as np


def missed(stamps_ns: np.ndarray, dt_ns: int) -> int:
    """
    Return in how many periods no command was made.

    stamps_ns: (n,) of the commands, in order. A tick whose joints came too late, and which was
    decided half a period later without them, counts.
    """
    periods = np.diff(stamps_ns) / dt_ns  # (n - 1,)
    return int(np.maximum(np.round(periods + 1e-9) - 1, 0).sum())

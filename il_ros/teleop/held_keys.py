"""Which keys are held, of a terminal that tells of keys going down and repeating, never up."""

import numpy as np

from il_ros.teleop.layout import KEYS

MOVES_S = 0.15  # a key moves for so long after it was told of: repeats come every 0.03 to 0.1 s
WAITS_S = 0.7  # until a key that is held begins to repeat: 0.25 to 0.66 s


class HeldKeys:
    """
    A reading of all keys at a time, from when each was told of; time is given, in s.

    A key moves while it repeats, and for a moment at its first press. It counts as held, too,
    until it could have begun to repeat: so a dead-man is not let go of between the two. Once it
    repeats it is let go of MOVES_S after the last repeat.
    """

    def __init__(self) -> None:
        self._moves_until = np.full(len(KEYS), -np.inf)  # [s]
        self._held_until = np.full(len(KEYS), -np.inf)  # [s]

    def hear(self, key: str, now_s: float) -> None:
        """Take that a key was told of."""
        place = KEYS.index(key)
        is_repeating = now_s < self._moves_until[place]
        self._moves_until[place] = now_s + MOVES_S
        self._held_until[place] = now_s + (MOVES_S if is_repeating else WAITS_S)

    def read(self, now_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Return axes (K,), 1 while a key moves, and buttons (K,), 1 while it is held."""
        moves, held = now_s < self._moves_until, now_s < self._held_until
        return moves.astype(np.float64), held.astype(np.float64)

"""Ticks that came late: decided before their joints were there, with a stamp of the arbiter's."""

from collections.abc import Iterable

import numpy as np

EARLY = 0.25  # of a period: so soon before its joints a tick may have been decided


def stood_in_for(decided: Iterable[int], ticks: np.ndarray, dt_ns: int) -> dict[int, int]:
    """
    Return the tick in whose place each decision was made that has no tick's stamp [ns].

    It is the newest within a period that has no decision of its own; ticks: (n,). A decision is
    left out where there is none, as when the tick's joints never came.
    """
    decisions, stamps = set(decided), set(ticks.tolist())
    waiting = sorted(stamps - decisions)
    found = {}
    for stamp_ns in sorted(decisions - stamps):
        last_ns = stamp_ns + EARLY * dt_ns
        near = [tick_ns for tick_ns in waiting if last_ns - dt_ns < tick_ns <= last_ns]
        if near:
            found[stamp_ns] = near[-1]
            waiting.remove(near[-1])
    return found

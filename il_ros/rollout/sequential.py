"""Which of two policies is better, decided as soon as episodes from the same seeds show it."""

import numpy as np

LEVEL = 0.1  # at most so often is one that is no better taken for better
_GRID = (np.arange(2000) + 0.5) / 4000 + 0.5  # of chances above one half


def evidence(wins: int, losses: int) -> float:
    """
    Return by how much `ours is better` is to be preferred to `it is not`, after pairs of episodes.

    wins: pairs in which only ours succeeded; losses: in which only the other one did; pairs that
    went alike say nothing. The likelihood of wins and losses, averaged over all chances of a win
    above one half, divided by that of one half. Where ours is no better it comes above 1 / LEVEL
    with a probability of at most LEVEL, whenever one stops (Ville 1939; Howard et al. 2021,
    arXiv:1810.08240), so that one may look after each episode.
    """
    logs = wins * np.log(2 * _GRID) + losses * np.log(2 * (1 - _GRID))  # (2000,)
    top = logs.max()
    return float(np.exp(top) * np.exp(logs - top).mean())


def verdict(ours: str, theirs: str) -> str:
    """
    Return 'better', 'worse' or '' for not known yet, of wins as digits, a pair from each seed.

    The longer one is read as far as the shorter.
    """
    pairs = list(zip(ours, theirs, strict=False))
    wins, losses = pairs.count(('1', '0')), pairs.count(('0', '1'))
    if evidence(wins, losses) >= 1 / LEVEL:
        return 'better'
    return 'worse' if evidence(losses, wins) >= 1 / LEVEL else ''

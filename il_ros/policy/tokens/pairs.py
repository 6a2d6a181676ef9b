"""Byte-pair coding of whole numbers: what often stands side by side becomes one code."""

import numpy as np

GAP = -1  # between sequences: no code, so that no pair reaches over it


def learn(codes: np.ndarray, first: int, count: int) -> np.ndarray:
    """
    Return the pairs (count or fewer, 2) that are worth a code of their own, the i-th first + i.

    codes: (n,) int below `first`, sequences end to end with a GAP after each. Each time the most
    frequent pair becomes a code, until none stands there twice.
    Source: Gage 1994, A New Algorithm for Data Compression; for text Sennrich et al. 2016,
    arXiv:1508.07909.
    """
    pairs: list[tuple[int, int]] = []
    for new in range(first, first + count):
        pair, times = _commonest(codes, new)
        if times < 2:
            break
        codes = _merged(codes, pair, new)
        pairs.append(pair)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def shorten(codes: np.ndarray, pairs: np.ndarray, first: int) -> np.ndarray:
    """Return codes (n,), as learn() takes them, with each pair in turn made one: (m,), m <= n."""
    for new, pair in enumerate(pairs.tolist(), first):
        codes = _merged(codes, (pair[0], pair[1]), new)
    return codes


def lengths(pairs: np.ndarray, first: int) -> np.ndarray:
    """Return for how many of the first codes each code stands, (first + pairs,)."""
    found = np.ones(first + len(pairs), dtype=np.int64)
    for new, (left, right) in enumerate(pairs, first):
        found[new] = found[left] + found[right]
    return found


def spelled(code: int, pairs: np.ndarray, first: int) -> list[int]:
    """Return the codes below `first` that a code stands for."""
    if code < first:
        return [code]
    left, right = pairs[code - first]
    return [*spelled(left, pairs, first), *spelled(right, pairs, first)]


def _commonest(codes: np.ndarray, known: int) -> tuple[tuple[int, int], int]:
    """Return the most frequent pair of codes below `known`, and how often it is there."""
    left, right = codes[:-1], codes[1:]
    inside = (left != GAP) & (right != GAP)
    counts = np.bincount(left[inside] * known + right[inside], minlength=1)
    best = int(counts.argmax())
    return divmod(best, known), int(counts[best])


def _merged(codes: np.ndarray, pair: tuple[int, int], new: int) -> np.ndarray:
    """Return codes with every pair, from the left, made new."""
    at = np.flatnonzero((codes[:-1] == pair[0]) & (codes[1:] == pair[1]))
    if pair[0] == pair[1]:  # of three alike in a row the first two are the pair
        run = np.cumsum(np.diff(at, prepend=-2) > 1)  # which run of them each is in
        since = at - at[np.searchsorted(run, run)]
        at = at[since % 2 == 0]
    kept = np.delete(codes, at + 1)
    kept[at - np.arange(len(at))] = new
    return kept

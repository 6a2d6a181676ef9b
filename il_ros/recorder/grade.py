"""Whether an episode is fit to be trained on: OK, or SUSPECT with reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.health import SLOW, STALLED, TopicHealth, Track, judge
from il_ros.recorder.streams import is_camera, is_steady


@dataclass(frozen=True)
class Grade:
    """The verdict on an episode."""

    value: str  # 'OK' or 'SUSPECT'
    reasons: tuple[str, ...]
    topics: dict[str, TopicHealth]


def grade(
    tracks: Mapping[str, Track],
    expected_hz: Mapping[str, float],
    end_ns: int,
    config: RecorderConfig,
) -> Grade:
    """
    Judge an episode that ended at end_ns from when its messages were made and received.

    expected_hz: of the topics that it should have; one that never came is a reason.
    """
    names = sorted({*tracks, *(name for name, hz in expected_hz.items() if hz > 0)})
    topics = {
        name: judge(tracks.get(name, Track()), name, end_ns, config, expected_hz.get(name, 0.0))
        for name in names
    }
    reasons = [] if any(h.count for h in topics.values()) else ['no messages']
    for name, health in topics.items():
        if is_steady(name):
            reasons += _faults(name, health, config)
    reasons += _skews({n: t for n, t in tracks.items() if is_camera(n)}, config)
    return Grade('SUSPECT' if reasons else 'OK', tuple(reasons), topics)


def _faults(name: str, health: TopicHealth, config: RecorderConfig) -> list[str]:
    if health.count == 0:
        return [f'{name}: no messages']
    faults = []
    if health.state == STALLED:
        faults.append(f'{name}: stopped before the end')
    if health.state == SLOW:
        faults.append(f'{name}: {health.hz:.1f} Hz instead of {health.baseline_hz:.1f} Hz')
    if health.lost > config.lost_share * (health.count + health.lost):
        faults.append(f'{name}: {health.lost} of {health.count + health.lost} messages lost')
    if health.longest_gap_s > max(
        config.gap_s, 2 / health.baseline_hz if health.baseline_hz else 0
    ):
        faults.append(f'{name}: a gap of {health.longest_gap_s:.2f} s')
    return faults


def _skews(cameras: Mapping[str, Track], config: RecorderConfig) -> list[str]:
    faults = []
    for (one, a), (two, b) in combinations(sorted(cameras.items()), 2):
        skew_s = skew(a.stamps_ns, b.stamps_ns)
        if skew_s > config.camera_skew_s:
            faults.append(f'camera skew: {one} and {two} are {skew_s:.3f} s apart')
    return faults


def skew(one_ns: np.ndarray, two_ns: np.ndarray) -> float:
    """
    Return how far apart two cameras' frames stand [s]; stamps (n,), (m,) sorted.

    The 95th percentile of the distance from a frame of the slower camera to the nearest of the
    other; 0 if one has none.
    """
    slow, fast = sorted((one_ns, two_ns), key=len)
    if len(slow) == 0:
        return 0.0
    after = np.searchsorted(fast, slow).clip(1, max(len(fast) - 1, 1))
    right = np.abs(fast[after.clip(max=len(fast) - 1)] - slow)
    left = np.abs(fast[after - 1] - slow)
    return float(np.quantile(np.minimum(left, right), 0.95) * 1e-9)

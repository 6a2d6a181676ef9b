"""What the recorder adds to an episode's metadata when it ends: figures, grade, labels."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.grade import grade
from il_ros.recorder.health import Track
from il_ros.registry import nearest

OUTCOMES = ('success', 'failure', 'unlabeled')
TERMINATIONS = (
    'stopped',  # by the person or the session
    'timeout',
    'cancelled',
    'error',
    'discarded',
    'killed',  # the recorder died, found at the next start
    'disk full',
)


def check_outcome(outcome: str) -> str:
    """Return how an episode went; a task that is still 'running' is 'unlabeled'; or ValueError."""
    return _check('outcome', 'unlabeled' if outcome == 'running' else outcome, OUTCOMES)


def check_termination(reason: str) -> str:
    """Return why an episode ended; ValueError names the reasons there are."""
    return _check('termination_reason', reason, TERMINATIONS)


def _check(what: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise ValueError(f'{what} {given!r}{nearest(given, known)}; known: {", ".join(known)}')
    return given


def closing(
    meta: Mapping[str, Any],
    tracks: Mapping[str, Track],
    end_ns: int,
    config: RecorderConfig | None = None,
) -> dict[str, Any]:
    """Return an episode's figures and grade; meta, its metadata so far, has the expected rates."""
    verdict = grade(tracks, meta.get('expected_hz', {}), end_ns, config or RecorderConfig())
    starts = [int(t.received_ns.min()) for t in tracks.values() if t.count]
    return {
        'messages': sum(track.count for track in tracks.values()),
        'duration_s': (end_ns - min(starts)) * 1e-9 if starts else 0.0,
        'grade': verdict.value,
        'reasons': list(verdict.reasons),
        'topics': {name: asdict(health) for name, health in verdict.topics.items()},
    }

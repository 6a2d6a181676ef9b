"""The health of topics as they come in, recording or not: for /diagnostics, and before a start."""

from collections.abc import Iterable
from typing import Any

from il_ros import wire
from il_ros.recorder.config import RecorderConfig
from il_ros.recorder.health import OK, STALLED, TopicHealth, Track, judge
from il_ros.recorder.streams import Stream

WINDOW_S = 2.0  # over which a live rate is taken
_LEVELS = {OK: wire.OK, STALLED: wire.ERROR}


class LiveHealth:
    """Remember when the newest messages of each topic came."""

    def __init__(self, config: RecorderConfig, streams: Iterable[Stream] = ()):
        self.config = config
        self.expected_hz = {s.topic.name: s.expected_hz for s in streams} | config.rates
        self.required = tuple(s.topic.name for s in streams if s.is_required)
        self._tracks: dict[str, Track] = {}

    def add(self, name: str, stamp_ns: int | None, received_ns: int) -> None:
        """Count a message."""
        if name not in self._tracks:
            self._tracks[name] = Track(is_bounded=True)
        self._tracks[name].add(stamp_ns, received_ns)

    def silent_s(self, now_ns: int) -> dict[str, float]:
        """Return the required topics that are silent, and for how long [s]; inf: never heard."""
        heard = {name: track.last_ns for name, track in self._tracks.items()}
        ages = {
            name: (now_ns - heard[name]) * 1e-9 if name in heard else float('inf')
            for name in self.required
        }
        return {name: age for name, age in ages.items() if age > self.config.silent_s}

    def report(self, now_ns: int) -> dict[str, TopicHealth]:
        """Return the health of each topic that is expected or was heard."""
        names = sorted({*self._tracks, *(n for n, hz in self.expected_hz.items() if hz > 0)})
        return {
            name: judge(
                self._tracks.get(name, Track()),
                name,
                now_ns,
                self.config,
                self.expected_hz.get(name, 0.0),
                WINDOW_S,
            )
            for name in names
        }

    def statuses(self, now_ns: int) -> list[Any]:
        """Return the report as diagnostic_msgs/DiagnosticStatus, one a topic."""
        return [
            wire.status_msg(
                f'recorder: {name}',
                health.state,
                {
                    'count': health.count,
                    'hz': f'{health.hz:.2f}',
                    'baseline_hz': f'{health.baseline_hz:.2f}',
                    'lost': health.lost,
                    'longest_gap_s': f'{health.longest_gap_s:.3f}',
                },
                _LEVELS.get(health.state, wire.WARN),
            )
            for name, health in self.report(now_ns).items()
        ]

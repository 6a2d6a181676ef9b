"""What a person may change about recording: config/recorder.yaml holds only differences."""

from dataclasses import dataclass, field
from pathlib import Path

from il_ros.config import load_config
from il_ros.recorder.bag import COMPRESSIONS, FLUSH_S
from il_ros.registry import nearest
from il_ros.share import share

TRANSPORTS = ('raw', 'jpeg', 'png')


@dataclass(frozen=True)
class RecorderConfig:
    """How bags are written, when recording is refused, and what makes an episode suspect."""

    compression: str = 'none'  # of the chunks: none, lz4, zstd
    transport: str = 'jpeg'  # which image topic is recorded: raw, or compressed as jpeg or png
    required: tuple[str, ...] = ()  # topics refused without, besides joints, command and cameras
    rates: dict[str, float] = field(default_factory=dict)  # topic: [Hz], instead of the robot's
    disk_floor_mb: float = 1000.0  # no episode starts with less free
    disk_stop_mb: float = 200.0  # an episode ends while this much is left for everybody else
    flush_s: float = FLUSH_S  # of wall-clock; what a killed recorder may lose
    silent_s: float = 1.0  # a required topic unheard for longer refuses the start
    stalled_s: float = 1.0  # a topic unheard for longer is STALLED
    slow_ratio: float = 0.8  # of its baseline; a topic below is SLOW
    learn_s: float = 2.0  # the baseline of a topic without a known rate is that of its start
    lost_share: float = 0.01  # SUSPECT above: lost of all messages of a topic
    gap_s: float = 0.25  # SUSPECT above: longest time between two messages of a steady topic
    camera_skew_s: float = 0.05  # SUSPECT above: between frames that belong together

    def __post_init__(self):
        _check_choice('compression', self.compression, tuple(COMPRESSIONS))
        _check_choice('transport', self.transport, TRANSPORTS)
        for name, rate in self.rates.items():
            if not isinstance(rate, (int, float)) or rate <= 0:
                raise ValueError(f'recorder: rates: {name}: expected Hz above 0, got {rate!r}')


def _check_choice(key: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ValueError(
            f'recorder: {key}: {given!r}{nearest(given, known)}; known: {", ".join(known)}'
        )


def load_recorder_config(path: str | Path | None = None) -> RecorderConfig:
    """Return the configuration of a file, by default the shipped config/recorder.yaml."""
    return load_config(RecorderConfig, path or share('config', 'recorder.yaml'))

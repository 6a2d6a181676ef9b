"""Health and grade: rates against a baseline, losses found from stamps, reasons to suspect."""

from dataclasses import replace

import numpy as np
import pytest
from recorder_samples import CONFIG

from il_ros import wire
from il_ros.recorder.grade import grade, skew
from il_ros.recorder.health import OK, SLOW, STALLED, Track, judge, lost_in
from il_ros.recorder.live import LiveHealth
from il_ros.recorder.streams import Stream, is_steady

SECOND = 1_000_000_000
CAMERA = 'camera/cam_high/image_raw'


def stamps(hz: float, seconds: float, jitter: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return stamps (n,) [ns] at a rate, each moved by up to jitter of a period."""
    random = np.random.default_rng(seed)
    count = int(hz * seconds)
    moved = np.arange(count) + jitter * random.uniform(-0.5, 0.5, count)
    return np.sort((moved * SECOND / hz).astype(np.int64)) + SECOND


def track(times_ns: np.ndarray, late_ns: int = 0) -> Track:
    """Return the track of messages made at times (n,) and received late_ns after."""
    made = Track()
    for stamp_ns in times_ns.tolist():
        made.add(stamp_ns, stamp_ns + late_ns)
    return made


@pytest.mark.parametrize('share', [0.0, 0.01, 0.15, 0.58])
@pytest.mark.parametrize('hz', [25.0, 50.0])
def test_dropped_messages_are_counted(share, hz):
    """Up to the share that Fast DDS loses of large images with its default segment."""
    sent = stamps(hz, 20, jitter=0.2)
    is_kept = np.random.default_rng(1).uniform(size=len(sent)) >= share
    is_kept[[0, -1]] = True
    wanted = len(sent) - is_kept.sum()
    for expected_hz in (hz, 0.0):
        assert lost_in(sent[is_kept], expected_hz) == pytest.approx(wanted, abs=0.02 * len(sent))


def test_exact_stamps_are_counted_exactly():
    """In lockstep there is no jitter, and no message is found that was not lost."""
    sent = stamps(50, 10)
    assert lost_in(sent, 50) == 0
    assert lost_in(np.delete(sent, [3, 100, 101, 102, 400]), 50) == 5
    assert lost_in(sent[::2], 50) == 0  # a loop of 25 Hz


@pytest.mark.parametrize('hz', [21.0, 33.0, 40.0])
def test_a_slow_loop_has_lost_nothing(hz):
    """It is recorded at the rate it had."""
    health = judge(track(stamps(hz, 10, 0.1)), 'joint_states', 11 * SECOND, CONFIG, 50.0)
    assert health.lost == 0
    assert health.hz == pytest.approx(hz, rel=0.02)
    assert health.state == (OK if hz == 40.0 else SLOW)


def test_states():
    """OK at the rate, STALLED after a second of silence or when never heard, events never."""
    steady = track(stamps(50, 5))
    assert judge(steady, 'joint_states', 6 * SECOND, CONFIG, 50.0).state == OK
    assert judge(steady, 'joint_states', 8 * SECOND, CONFIG, 50.0).state == STALLED
    assert judge(Track(), 'joint_states', 0, CONFIG).state == STALLED
    assert judge(track(stamps(1, 3)), wire.CHUNK.name, 60 * SECOND, CONFIG).state == OK


def test_the_baseline_is_learned_from_the_start():
    """A topic that nobody configured: 30 Hz for three seconds, then 15."""
    times = np.concatenate([stamps(30, 3), stamps(15, 6) + 3 * SECOND])
    health = judge(track(times), 'camera/x/image_raw', 10 * SECOND, CONFIG, window_s=2.0)
    assert health.baseline_hz == pytest.approx(30, rel=0.03)
    assert health.hz == pytest.approx(15, rel=0.05)
    assert health.state == SLOW
    short = judge(track(stamps(30, 1)), 'camera/x/image_raw', 2 * SECOND, CONFIG)
    assert (short.baseline_hz, short.state) == (0.0, OK)


def test_stamps_that_stand_still_are_not_used():
    """A driver that leaves its header empty is judged by when its messages came."""
    made = Track()
    for received_ns in stamps(50, 4).tolist():
        made.add(0, received_ns)
    health = judge(made, 'joint_states', 5 * SECOND, CONFIG, 50.0)
    assert health.hz == pytest.approx(50.0)
    assert (health.state, health.lost) == (OK, 0)


def test_stamps_out_of_order_are_put_in_order():
    """Messages may overtake each other; none is lost by it."""
    times = stamps(50, 4)
    times[[10, 11]] = times[[11, 10]]
    assert judge(track(times), 'joint_states', 5 * SECOND, CONFIG, 50.0).lost == 0


def test_live_health_forgets(tmp_path):
    """A recorder that waits for days counts on, and its memory stays as it is."""
    live = LiveHealth(CONFIG, (Stream(wire.JOINT_STATES, 50.0, True),))
    times = stamps(50, 400)
    for stamp_ns in times.tolist():
        live.add('joint_states', stamp_ns, stamp_ns)
    health = live.report(int(times[-1]))['joint_states']
    assert health.count == 20_000
    assert health.hz == pytest.approx(50.0)
    assert len(live._tracks['joint_states'].received_ns) < 10_000
    assert live.silent_s(int(times[-1])) == {}
    assert live.silent_s(int(times[-1]) + 3 * SECOND) == {'joint_states': pytest.approx(3.0)}


def test_a_good_episode_is_ok():
    """Two cameras that are not synchronised, and an event now and then."""
    tracks = {
        'joint_states': track(stamps(50, 10, 0.2)),
        CAMERA: track(stamps(30, 10, 0.2)),
        'camera/cam_low/image_raw': track(stamps(30, 10, 0.2, 1) + 12_000_000),
        wire.CHUNK.name: track(stamps(50, 1)),
    }
    verdict = grade(tracks, {'joint_states': 50.0, CAMERA: 30.0}, 11 * SECOND, CONFIG)
    assert (verdict.value, verdict.reasons) == ('OK', ())


@pytest.mark.parametrize(
    ('tracks', 'reason'),
    [
        ({}, 'joint_states: no messages'),
        ({'joint_states': track(stamps(30, 10))}, 'joint_states: 30.0 Hz instead of 50.0 Hz'),
        ({'joint_states': track(stamps(50, 5))}, 'joint_states: stopped before the end'),
        (
            {'joint_states': track(np.delete(stamps(50, 10), range(100, 130)))},
            'joint_states: a gap of 0.62 s',
        ),
        (
            {'joint_states': track(np.delete(stamps(50, 10), range(5, 400, 7)))},
            'joint_states: 57 of 500 messages lost',
        ),
        (
            {
                'joint_states': track(stamps(50, 10)),
                CAMERA: track(stamps(10, 10)),
                'camera/cam_low/image_raw': track(stamps(10, 10) + 60_000_000 - 10_000_000_000),
            },
            f'camera skew: {CAMERA} and camera/cam_low/image_raw are',
        ),
    ],
)
def test_a_bad_episode_is_suspect_with_reasons(tracks, reason):
    """Each reason names the topic and the figure."""
    verdict = grade(tracks, {'joint_states': 50.0}, 11 * SECOND, CONFIG)
    assert verdict.value == 'SUSPECT'
    assert [given for given in verdict.reasons if given.startswith(reason)], verdict.reasons


def test_thresholds_are_configured():
    """Who knows better says so in config/recorder.yaml."""
    tracks = {'joint_states': track(stamps(30, 10))}
    config = replace(CONFIG, slow_ratio=0.5)
    assert grade(tracks, {'joint_states': 50.0}, 11 * SECOND, config).value == 'OK'


def test_camera_skew():
    """How far frames that belong together stand apart, whichever camera is slower."""
    fast, slow = stamps(30, 10), stamps(10, 10)
    assert skew(fast, slow) == pytest.approx(0.0, abs=1e-3)
    shifted = fast + 10_000_000
    assert skew(fast, shifted) == skew(shifted, fast) == pytest.approx(0.01, abs=1e-6)
    assert skew(slow, slow[:0]) == 0.0
    assert skew(slow[:1], slow[:1] + 40_000_000) == pytest.approx(0.04)


def test_which_topics_are_steady():
    """Rates are asked of sensors and of the control loop, not of what is said now and then."""
    assert all(is_steady(name) for name in ('joint_states', 'command', 'authority', CAMERA))
    assert not any(is_steady(t.name) for t in (wire.CHUNK, wire.JOY, wire.EPISODE))

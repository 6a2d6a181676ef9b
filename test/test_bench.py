"""The benchmarks measure what they say they do."""

import json

import numpy as np
import pytest

from il_ros import wire
from il_ros.cli.main import main
from il_ros.recorder.bench import CAMERA_HZ, HEIGHT, IMAGES, STATE, STATE_HZ, WIDTH, load
from il_ros.recorder.bench import write_speed as speed_of
from il_ros.robot.load import load_robot
from il_ros.rollout.ticks import missed

SPEC = load_robot('sim')
FIRST_NS = 1_700_000_000_000_000_000


def test_the_load():
    """Three raw cameras at 30 Hz and three topics at 50 Hz, in order, each with its own stamp."""
    rows = list(load(SPEC, 1.0, FIRST_NS))
    stamps = [stamp_ns for stamp_ns, _, _ in rows]
    assert stamps == sorted(stamps) and stamps[0] == FIRST_NS
    rate = dict.fromkeys(STATE, STATE_HZ) | dict.fromkeys(IMAGES, CAMERA_HZ)
    for topic, hz in rate.items():
        of_topic = [(ns, data) for ns, of, data in rows if of == topic]
        assert len(of_topic) == hz
        assert all(wire.stamp_ns_of(topic, data) == ns for ns, data in of_topic)


def test_what_the_load_carries():
    """Messages that any receiver can read: stamping them changed nothing else."""
    first = {topic: data for _, topic, data in load(SPEC, 0.1, FIRST_NS)}
    image = wire.from_bytes(IMAGES[0], first[IMAGES[0]])
    assert (image.width, image.height, image.data.size) == (WIDTH, HEIGHT, 3 * WIDTH * HEIGHT)
    assert wire.read_joints(SPEC, first[wire.JOINT_STATES]).position == pytest.approx(SPEC.home)


def test_write_speed(tmp_path):
    """MB and messages a second fit together: the same messages in the same time."""
    mb_s, messages_s = speed_of(tmp_path, SPEC, seconds=0.2)
    size = sum(len(data) for _, _, data in load(SPEC, 0.2)) / 1e6
    assert mb_s / messages_s == pytest.approx(size / len(list(load(SPEC, 0.2))))


@pytest.mark.alone
@pytest.mark.parametrize('reliable', [False, True])
def test_recorder_loses_nothing(capfd, reliable):
    """Through DDS, between two processes: what was published is in the bag."""
    words = ['bench', 'recorder', '--seconds', '1.5', '--json', *['--reliable'] * reliable]
    assert main(words) == 0
    figures = json.loads(capfd.readouterr().out)
    assert figures['lost'] == 0
    assert figures['received'] == figures['expected'] == pytest.approx(1.5 * 240, rel=0.2)
    assert figures['mb_s'] == pytest.approx(83, rel=0.2)


def test_a_disk_too_small(capfd):
    """It is said before anything starts, with what to do about it."""
    assert main(['bench', 'recorder', '--seconds', '1e9']) == 2
    assert 'set TMPDIR' in capfd.readouterr().err


@pytest.mark.alone  # a training behind the loop gets what no other process wants
def test_hands(capfd):
    """Over the graph: a person has the arms soon, and nothing jumps."""
    words = ['--presses', '3', '--takeovers', '8', '--commands', '120', '--watch', '1', '--json']
    assert main(['bench', 'hands', *words]) == 0
    figures = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert figures['presses_answered'] == 3 and figures['unsafe'] == 0
    assert figures['takeovers'] >= 8 and figures['ticks'] > 8
    assert 0 < figures['button_to_command_p50_ms'] <= figures['button_to_command_p99_ms']
    assert figures['hand_back_to_fresh_chunk_ms'] > 0
    for kind in ('worst', 'real_time'):
        worst = [figures[f'{kind}_{name}'] for name in ('velocity', 'acceleration', 'jerk')]
        assert 0 < max(worst) <= 1 + 1e-6
    assert 0 < figures['joints_velocity'] <= 1 + 1e-3
    assert figures['ticks_watched'] > 40 and figures['training_steps'] >= 0
    assert figures['ticks_missed_while_training'] < figures['ticks_watched']


def test_a_period_without_a_command_is_a_tick_missed():
    period = np.arange(10) * 20
    assert missed(period, 20) == 0
    assert missed(np.delete(period, [3, 6, 7]), 20) == 3
    late = np.array([0, 20, 50, 60, 80])  # decided without its joints, then with the next ones
    assert missed(late, 20) == 1

"""Bags of other recorders become episodes: the right numbers at the right ticks, or a remedy."""

import argparse
import json

import numpy as np
import pytest
import yaml
from foreign_bags import FLOATS, JOINTS, LATE_NS, START_NS, TRAJECTORY, ForeignBag

from il_ros import wire
from il_ros.cli import importing
from il_ros.config import load_config
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.foreign import ImportConfig
from il_ros.dataset.importing import Span, marked
from il_ros.dataset.labels import labels
from il_ros.dataset.series import Told, commands_at, series_of
from il_ros.recorder.inspect import inspect_folder
from il_ros.recorder.read import read_meta
from il_ros.robot.load import load_robot
from il_ros.share import share

SPEC = load_robot('sim')


def run(source, config, out):
    """Run the verb as the command line does."""
    path = out.parent / 'import.yaml'
    path.write_text(yaml.safe_dump(config))
    parser = argparse.ArgumentParser()
    importing.add_arguments(parser)
    words = [source, '--config', path, '--out', out, '--json']
    return importing.main(parser.parse_args([str(word) for word in words]))


def imported(source, config, out, capsys):
    """Import a bag; return what the verb printed, and the episodes."""
    assert run(source, config, out) == 0
    found = json.loads(capsys.readouterr().out)
    cameras = tuple(config.get('cameras', ()))
    return found, load_episodes(out, SPEC, cameras, say=lambda line: None)


def seconds_of(episode):
    """Return the ticks (n,) since the bag's start [s]."""
    return (episode.stamp_ns - START_NS) * 1e-9


@pytest.mark.parametrize(
    ('storage', 'command'),
    [('sqlite3', TRAJECTORY), ('mcap', FLOATS), ('sqlite3', JOINTS), ('mcap', '')],
)
def test_every_tick_has_what_was_measured_and_what_was_asked(tmp_path, capsys, storage, command):
    bag = ForeignBag(SPEC, command=command)
    source = bag.write(tmp_path / 'theirs', storage)
    found, [episode] = imported(source, bag.config(task='swing'), tmp_path / 'out', capsys)
    assert (found['episodes'], found['bags'], found['left_out']) == (1, 1, [])
    assert found['uncommanded'] == ([] if command else list(SPEC.joint_names))
    assert np.diff(episode.stamp_ns).tolist() == [SPEC.dt_ns] * (len(episode) - 1)
    assert len(episode) == 99 and found['seconds'] == pytest.approx(1.99)
    at = seconds_of(episode)
    position = SPEC.from_wire(np.array([bag.at(s) for s in at]))
    command = SPEC.from_wire(np.array([bag.at(s + 0.02) for s in at]))
    np.testing.assert_allclose(episode.position, position, atol=1e-4)
    np.testing.assert_allclose(episode.command, command, atol=1e-4)
    np.testing.assert_array_equal(episode.proposal, episode.command)
    np.testing.assert_allclose(
        episode.velocity[1:-1], np.gradient(position, SPEC.dt_s, axis=0)[1:-1], atol=2e-3
    )
    assert len(labels(episode, SPEC, 'demonstrations').seen) == 99
    meta = read_meta(episode.path)
    assert (meta['task'], meta['outcome'], meta['grade']) == ('swing', 'success', 'OK')
    assert meta['source'] == str(source) and inspect_folder(tmp_path / 'out')['episodes'] == 1


@pytest.mark.parametrize('transport', ['raw', 'jpeg'])
def test_images_come_along_with_their_own_stamps(tmp_path, capsys, transport):
    bag = ForeignBag(SPEC, seconds=1.0, image=transport)
    config = bag.config(cameras={'cam_high': '/eye'})
    source = bag.write(tmp_path / 'theirs', 'mcap')
    _, [episode] = imported(source, config, tmp_path / 'out', capsys)
    shown = episode.images['cam_high'][:, 20, 20, 0].astype(int)
    assert shown.tolist() == (np.arange(len(episode)) // 2).tolist()  # every other tick a new one
    np.testing.assert_allclose(episode.image_age_s['cam_high'][:4], [0, 0.02, 0, 0.02], atol=1e-9)


def test_an_image_that_cannot_be_read_is_told_at_once(tmp_path, monkeypatch):
    bag = ForeignBag(SPEC, seconds=0.6, image='raw')
    monkeypatch.setattr('foreign_bags.images.encode', depth_image)
    source = bag.write(tmp_path / 'theirs', 'mcap')
    with pytest.raises(
        ValueError, match="eye: eye: encoding '16UC1', need rgb8 or bgr8; leave it"
    ):
        run(source, bag.config(cameras={'cam_high': '/eye'}), tmp_path / 'out')


def depth_image(stamp_ns, camera, image, transport):
    """Encode an image as a depth camera would."""
    kind = 'sensor_msgs/msg/Image'
    message = wire.from_bytes(kind, wire.image_msg(stamp_ns, camera, image))
    message.encoding = '16UC1'
    return wire.to_bytes(kind, message)


def test_the_example_is_one():
    config = load_config(ImportConfig, share('config', 'import_example.yaml'))
    names = load_robot(config.robot).joint_names
    ordered = [name for joints in config.order.values() for name in joints]
    assert {*config.rename.values(), *ordered} <= set(names)


def test_where_headers_are_not_set_the_log_counts(tmp_path, capsys):
    bag = ForeignBag(SPEC, seconds=1.0, header_ns=0)
    source = bag.write(tmp_path / 'theirs', 'mcap')
    config = bag.config(cameras={'cam_high': '/eye'})
    with pytest.raises(ValueError, match=r'joint_states is stamped 0.000 s .*set "stamps: log"'):
        run(source, config, tmp_path / 'out')
    given = {**config, 'stamps': 'log'}
    _, [episode] = imported(source, given, tmp_path / 'out', capsys)
    assert episode.stamp_ns[0] == START_NS + LATE_NS
    assert episode.images['cam_high'][2, 20, 20, 0] == 1


def test_a_gap_ends_an_episode_and_is_never_bridged(tmp_path, capsys):
    bag = ForeignBag(SPEC, seconds=3.0, hole_s=(1.0, 2.0))
    source = bag.write(tmp_path / 'theirs', 'sqlite3')
    with pytest.raises(ValueError, match='1 bags have no episode'):
        run(source, bag.config(), tmp_path / 'none')
    assert 'pauses for 1.00 s, 1.0 s after its first message; set "split: gaps"' in (
        capsys.readouterr().err
    )
    found, episodes = imported(source, bag.config(split='gaps'), tmp_path / 'out', capsys)
    assert found['episodes'] == 2
    assert [seconds_of(e)[0].round(3) for e in episodes] == [0.0, 2.0]
    assert seconds_of(episodes[0])[-1] < 1.0


def test_a_topic_says_what_an_episode_is(tmp_path, capsys):
    boolean = 'std_msgs/msg/Bool'
    told = [(0.5, True), (0.6, True), (1.5, False), (2.0, True), (2.1, False)]
    bag = ForeignBag(SPEC, seconds=3.0, marks=[(s, boolean, value) for s, value in told])
    source = bag.write(tmp_path / 'theirs', 'mcap')
    found, [episode] = imported(source, bag.config(split='/marks'), tmp_path / 'out', capsys)
    assert found['left_out'] == [[str(source), 'only 0.10 s long, expected 0.5 or more']]
    assert seconds_of(episode)[[0, -1]] == pytest.approx([0.5, 1.48], abs=0.004)


def test_marks_of_each_type():
    assert marked([(0, 'pick'), (5, 'place'), (9, '')], 20) == [
        Span(0, 5, 'pick'),
        Span(5, 9, 'place'),
    ]
    assert marked([(3, 0), (6, -1), (8, 1)], 10) == [Span(3, 6, '0'), Span(8, 10, '1')]


def test_a_trajectory_is_under_way_until_its_time_has_come():
    far = Told('command', 0, (0,), np.array([[1.0], [3.0]]), np.array([0.1, 0.2]))
    ticks = np.arange(0, 300_000_000, 50_000_000)
    still = np.zeros((len(ticks), 1))
    command = commands_at(series_of([far], 1), ticks, still, still)
    np.testing.assert_allclose(command[:, 0], [0.5, 1.0, 2.0, 3.0, 3.0, 3.0])


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (
            {'joint_states': ['/left/joint_state']},
            r"no topic .*did you mean '/left/joint_states'.*r",
        ),
        (
            {'commands': ['/eye']},
            'eye is a sensor_msgs/msg/CompressedImage, expected traj.*another',
        ),
        ({'cameras': {'cam_high': '/left/command'}}, 'expected sensor_msgs/msg/Image or'),
        ({'cameras': {'cam_hi': '/eye'}}, "no camera 'cam_hi'.*did you mean 'cam_high'"),
        ({'joint_states': ['/left/joint_states']}, r"joints \['right_waist'.*add the topic that"),
        ({'rename': {}}, r'tell nothing of .*say under \"rename\"'),
        ({'split': '/right/joint_states'}, 'is a sensor_msgs/msg/JointState, expected std_msgs'),
        ({'stamps': 'received'}, "stamps: expected 'header' or 'log'"),
        ({'joint_state': []}, "unknown key 'joint_state'.*did you mean 'joint_states'"),
        ({'robot': 'sim9'}, "unknown robot 'sim9'"),
    ],
)
def test_what_does_not_fit_is_named_with_its_remedy(theirs, tmp_path, given, message):
    with pytest.raises(ValueError, match=message) as error:
        run(theirs, {**ForeignBag(SPEC).config(), **given}, tmp_path / 'out')
    if 'topic' in str(error.value) or isinstance(error.value, wire.WrongJoints):
        assert str(theirs) in str(error.value)


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
    """A bag of the kind that the configurations above mistake."""
    return ForeignBag(SPEC, seconds=0.6).write(tmp_path_factory.mktemp('bags') / 'theirs', 'mcap')


def test_an_array_without_its_order_is_refused(tmp_path):
    bag = ForeignBag(SPEC, seconds=0.6, command=FLOATS)
    source = bag.write(tmp_path / 'theirs', 'mcap')
    with pytest.raises(wire.WrongJoints, match=r'7 values for the joints .*say under "order"'):
        run(source, {**bag.config(), 'order': {}}, tmp_path / 'out')

"""Episodes: numbering, refusals, labels, discarding, what is written besides the messages."""

import errno
import fcntl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from recorder_samples import CONFIG, DT_NS, IMAGE, ROBOT, messages, record, rows

from il_ros import wire
from il_ros.config import load_config
from il_ros.recorder.bag import BagInUse, BagWriter, WholeFile
from il_ros.recorder.config import RecorderConfig, load_recorder_config
from il_ros.recorder.episode import EpisodeRecorder, RecorderRefuses
from il_ros.recorder.label import discard, label, relabel
from il_ros.recorder.read import find_bags, read_bag, read_meta
from il_ros.recorder.repair import repair_all
from il_ros.recorder.settling import Settling
from il_ros.recorder.store import free_mb, next_folder, number_of
from il_ros.recorder.streams import Stream, robot_streams

GIVEN = list(messages(60))
END_NS = GIVEN[-1][2]


def test_an_episode_is_its_messages_and_what_is_known_of_it(tmp_path):
    """Messages as they came; metadata from the session, figures and grade from the recorder."""
    folder = record(EpisodeRecorder(tmp_path / 'data', CONFIG), GIVEN)
    assert folder == tmp_path / 'data' / 'episode_000000'
    assert list(read_bag(folder)) == rows(GIVEN)
    meta = read_meta(folder)
    assert (meta['task'], meta['seed'], meta['episode']) == ('transfer', 3, 0)
    assert (meta['outcome'], meta['termination_reason']) == ('success', 'stopped')
    assert (meta['grade'], meta['reasons'], meta['messages']) == ('OK', [], len(GIVEN))
    assert meta['topics']['joint_states']['hz'] == pytest.approx(50.0)
    assert meta['topics'][IMAGE.name]['count'] == 30
    assert meta['duration_s'] == pytest.approx(59 * 0.02)


def test_numbers_go_on_after_a_restart(tmp_path):
    """None is used twice, none is skipped: not after a stop, a discard, a refusal or a kill."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    record(recorder, GIVEN)
    recorder.start({}, 0)
    recorder.discard(0)
    with pytest.raises(RecorderRefuses):
        EpisodeRecorder(tmp_path, replace(CONFIG, disk_floor_mb=1e12)).start({}, 0)
    BagWriter(next_folder(tmp_path)).abandon()  # what a kill leaves
    restarted = EpisodeRecorder(tmp_path, CONFIG)
    assert record(restarted, GIVEN).name == 'episode_000003'
    names = [folder.name for folder in find_bags(tmp_path, discarded=True)]
    assert names == [f'episode_{i:06d}' for i in range(4)]


def test_recorders_may_share_a_root(tmp_path):
    """Four at once: each number is given once, and none is left out."""

    def work(_):
        recorder = EpisodeRecorder(tmp_path, CONFIG)
        return [record(recorder, GIVEN) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        folders = [folder for done in pool.map(work, range(4)) for folder in done]
    assert sorted(folders) == find_bags(tmp_path)
    assert [number_of(folder) for folder in find_bags(tmp_path)] == list(range(20))
    assert all(read_meta(folder)['episode'] == number_of(folder) for folder in folders)


def test_a_bag_that_is_just_being_made_is_not_repaired(tmp_path, monkeypatch):
    """By a recorder that starts between the file and its lock."""
    made, flock, repaired = [], fcntl.flock, []

    def late(file, operation):
        monkeypatch.undo()
        repaired.extend(repair_all(tmp_path))
        made.append(flock(file, operation))

    monkeypatch.setattr(fcntl, 'flock', late)
    folder = record(EpisodeRecorder(tmp_path, CONFIG), GIVEN)
    assert made and not repaired
    assert list(read_bag(folder)) == rows(GIVEN)


def test_other_folders_do_not_count(tmp_path):
    """Nor does the first number have to be there."""
    for name in ('episode_000041', 'episode_9', 'cache', 'episode_000050_old'):
        (tmp_path / name).mkdir()
    assert next_folder(tmp_path).name == 'episode_000042'
    assert next_folder(tmp_path / 'nothing').name == 'episode_000000'


def test_a_silent_required_topic_refuses_the_start(tmp_path):
    """It is named with how long it has been silent; once it is heard the start goes well."""
    streams = (Stream(wire.JOINT_STATES, 50.0, True), Stream(IMAGE, 25.0, True), Stream(wire.JOY))
    recorder = EpisodeRecorder(tmp_path, CONFIG, streams)
    recorder.add(*GIVEN[1][:2], GIVEN[1][2])
    with pytest.raises(
        RecorderRefuses, match=r'joint_states \(not heard for 5.0 s\), camera.* \(nev'
    ):
        recorder.start({}, GIVEN[1][2] + 5_000_000_000)
    assert not list(tmp_path.iterdir())
    for topic, data, stamp_ns in GIVEN:
        recorder.add(topic, data, stamp_ns)
    recorder.start({}, END_NS)
    recorder.stop('unlabeled', 'stopped', END_NS)


def test_a_full_disk_refuses_the_start(tmp_path):
    """The message says what is free, what is wanted, and what to change."""
    recorder = EpisodeRecorder(tmp_path, replace(CONFIG, disk_floor_mb=1e12))
    with pytest.raises(RecorderRefuses, match=r'MB free, the floor is 10+ MB.*disk_floor_mb'):
        recorder.start({}, 0)
    assert free_mb(tmp_path / 'not' / 'there') == pytest.approx(free_mb(tmp_path), rel=0.1)


def test_a_root_that_cannot_be_written_refuses_the_start(tmp_path):
    """A file where the folder should be."""
    (tmp_path / 'data').write_text('')
    with pytest.raises(RecorderRefuses, match=r'data: cannot be written'):
        EpisodeRecorder(tmp_path / 'data', CONFIG).start({}, 0)


def test_what_is_out_of_turn_is_refused(tmp_path):
    """Stop, discard and label without an episode; start during one."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    for action in (
        lambda: recorder.stop('success', 'stopped', 0),
        lambda: recorder.discard(0),
        lambda: recorder.label('success'),
    ):
        with pytest.raises(RecorderRefuses, match='start one first'):
            action()
    recorder.start({}, 0)
    with pytest.raises(RecorderRefuses, match='episode_000000 is being recorded'):
        recorder.start({}, 0)
    with pytest.raises(RecorderRefuses, match='is being recorded'):
        recorder.set_root(tmp_path / 'other')


def test_unknown_labels_are_refused_and_the_episode_goes_on(tmp_path):
    """Outcome and termination reason are two things, each with its own words."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    recorder.start({}, 0)
    with pytest.raises(ValueError, match="did you mean 'success'"):
        recorder.stop('succes', 'stopped', 0)
    with pytest.raises(ValueError, match=r'termination_reason.*timeout'):
        recorder.stop('success', 'failure', 0)
    meta = read_meta(recorder.stop('running', 'cancelled', 0))
    assert (meta['outcome'], meta['termination_reason']) == ('unlabeled', 'cancelled')


def test_latched_messages_stand_in_every_bag(tmp_path):
    """The newest of each latched topic opens each episode, whenever it came."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    recorder.add(wire.ROBOT_DESCRIPTION, wire.string_msg('<old/>'), 0)
    recorder.add(wire.ROBOT_DESCRIPTION, wire.string_msg('<new/>'), 1)
    recorder.add(wire.REQUEST, wire.string_msg('help'), 2)
    wanted = [('robot_description', '<new/>'), ('intervention/request', 'help')]
    for start_ns in (10, 20):
        recorder.start({}, start_ns)
        got = list(read_bag(recorder.stop('success', 'stopped', 30)))
        assert [(name, wire.read_string(data)) for name, _, _, data in got] == wanted
        assert {stamp_ns for _, _, stamp_ns, _ in got} == {start_ns}


def test_what_comes_between_episodes_is_not_recorded(tmp_path):
    """But heard: it counts for the health of the topics."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    for topic, data, stamp_ns in GIVEN[1:]:
        assert recorder.add(topic, data, stamp_ns) is None
    recorder.start({}, END_NS)
    assert not list(read_bag(recorder.stop('success', 'stopped', END_NS)))
    assert recorder.live.report(END_NS)['joint_states'].count == 60


def test_label_after_the_fact(tmp_path):
    """In metadata.yaml and inside the file; every message stays where it was."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    record(recorder, GIVEN, 'unlabeled')
    before = read_meta(recorder.last)
    folder = recorder.label('failure')
    assert read_meta(folder) == {**before, 'outcome': 'failure'}
    assert list(read_bag(folder)) == rows(GIVEN)
    (folder / 'metadata.yaml').unlink()
    assert EpisodeRecorder(tmp_path, CONFIG).repaired
    assert read_meta(folder)['outcome'] == 'failure'
    with pytest.raises(ValueError, match='success, failure, unlabeled'):
        label(folder, 'great')


def test_a_discarded_episode_is_marked_and_kept(tmp_path):
    """While it is recorded, or after it ended."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    kept = record(recorder, GIVEN)
    after = record(recorder, GIVEN)
    assert recorder.discard(0) == after
    recorder.start({}, 0)
    recorder.add(*GIVEN[0])
    during = recorder.discard(0)
    assert find_bags(tmp_path) == [kept]
    assert find_bags(tmp_path, discarded=True) == [kept, after, during]
    assert list(read_bag(after))[1:] == rows(GIVEN)  # the first is latched
    assert list(read_bag(during))[1:] == rows(GIVEN[:1])
    assert read_meta(during)['termination_reason'] == 'discarded'
    assert read_meta(after)['termination_reason'] == 'stopped'


def test_a_bag_being_written_cannot_be_labelled(tmp_path):
    """Somebody else's label waits until the episode has ended."""
    folder = record(EpisodeRecorder(tmp_path, CONFIG), GIVEN)
    with (folder / 'episode_000000_0.mcap').open('rb') as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(BagInUse, match='being written'):
            discard(folder)
    assert 'discarded' in relabel(folder, {'discarded': True})


def test_a_recorder_moves_to_another_root(tmp_path):
    """Each root has its own numbers."""
    recorder = EpisodeRecorder(tmp_path / 'one', CONFIG)
    record(recorder, GIVEN)
    recorder.set_root(tmp_path / 'two')
    assert record(recorder, GIVEN) == tmp_path / 'two' / 'episode_000000'
    recorder.set_root(tmp_path / 'one')
    assert record(recorder, GIVEN) == tmp_path / 'one' / 'episode_000001'


def test_names_in_a_namespace(tmp_path):
    """A robot in a namespace is recorded under its full names and read back by its own."""
    folder = record(EpisodeRecorder(tmp_path, CONFIG, namespace='/lab'), GIVEN)
    assert list(read_bag(folder)) == rows(GIVEN)
    assert 'name: /lab/joint_states' in (folder / 'metadata.yaml').read_text()
    assert 'joint_states' in read_meta(folder)['topics']


def test_the_streams_of_a_robot():
    """What the robot's file says, with the transport's image topic and the rates configured."""
    config = RecorderConfig(
        transport='raw', required=('joy',), rates={'leader/joint_states': 100.0}
    )
    streams = {stream.topic.name: stream for stream in robot_streams(ROBOT, config)}
    required = {name for name, stream in streams.items() if stream.is_required}
    assert required == {'joint_states', 'command', 'authority', IMAGE.name, 'joy'}
    assert streams['joint_states'].expected_hz == 50.0
    assert streams[IMAGE.name].expected_hz == 25.0
    assert streams['leader/joint_states'].expected_hz == 100.0
    no_cameras = {stream.topic.name for stream in robot_streams(ROBOT, RecorderConfig(), ())}
    assert not [name for name in no_cameras if name.startswith('camera/') and 'image' in name]
    with pytest.raises(ValueError, match="unknown topics \\['jooy'\\]"):
        robot_streams(ROBOT, RecorderConfig(required=('jooy',)))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('compresion: none', "did you mean 'compression'"),
        ('compression: gzip', 'none, lz4, zstd'),
        ('transport: jpg', "did you mean 'jpeg'"),
        ('rates: {joint_states: 0}', 'joint_states: expected Hz above 0'),
        ('disk_floor_mb: plenty', 'expected a number'),
    ],
)
def test_a_bad_configuration_is_named(tmp_path, text, message):
    """The key, what was given, what is allowed."""
    path = tmp_path / 'recorder.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_config(RecorderConfig, path)


def test_the_shipped_configuration_loads():
    """And is what the defaults are."""
    assert load_recorder_config() == RecorderConfig()


def test_diagnostics_name_the_episode_and_each_topic(tmp_path):
    """As a node publishes them."""
    recorder = EpisodeRecorder(tmp_path, CONFIG, (Stream(wire.JOINT_STATES, 50.0, True),))
    data = wire.diagnostics_msg(0, recorder.diagnostics(0))
    assert [row[:2] for row in wire.read_diagnostics(data)[1]] == [
        ('recorder', 'idle'),
        ('recorder: joint_states', 'STALLED'),
    ]
    for topic, message, stamp_ns in GIVEN:
        recorder.add(topic, message, stamp_ns)
    recorder.start({}, END_NS)
    statuses = wire.read_diagnostics(
        wire.diagnostics_msg(0, recorder.diagnostics(END_NS + DT_NS))
    )[1]
    values = {name: (state, values) for name, state, values in statuses}
    assert values['recorder'][0] == 'recording'
    assert values['recorder'][1]['folder'].endswith('episode_000000')
    assert values['recorder: joint_states'][0] == 'OK'
    assert float(values['recorder: joint_states'][1]['hz']) == pytest.approx(50, abs=1)


def test_the_next_episode_is_recorded_while_a_slow_disk_writes_the_last(tmp_path, monkeypatch):
    disk, sync = Event(), WholeFile.sync
    monkeypatch.setattr(WholeFile, 'sync', lambda file: (disk.wait(20), sync(file)))
    settling = Settling()
    recorder = EpisodeRecorder(tmp_path, CONFIG, settle=settling)
    folders = [record(recorder, GIVEN), record(recorder, GIVEN)]
    assert settling.unsettled() == folders
    with pytest.raises(ValueError, match='has not ended'):
        recorder.label('failure')
    disk.set()
    settling.close()
    assert settling.unsettled() == [] and settling.failed() == []
    assert find_bags(tmp_path) == folders
    first, second = (list(read_bag(folder)) for folder in folders)
    assert first == rows(GIVEN) and second[1:] == first  # after what is latched
    assert recorder.label('failure') == folders[1]


def test_a_disk_that_fails_is_told_once_and_the_bag_is_repaired_with_its_label(
    tmp_path, monkeypatch
):
    def fail(file):
        raise OSError(errno.EIO, 'input/output error')

    settling = Settling()
    with monkeypatch.context() as patched:
        patched.setattr(WholeFile, 'sync', fail)
        folder = record(EpisodeRecorder(tmp_path, CONFIG, settle=settling), GIVEN)
        settling.close()
    assert (
        f'{folder}: not written out: [Errno 5]' in settling.failed()[0] and settling.failed() == []
    )
    assert EpisodeRecorder(tmp_path, CONFIG).repaired[0].folder == folder
    assert read_meta(folder)['outcome'] == 'success' and list(read_bag(folder)) == rows(GIVEN)

"""Bags: what is written is read back, by us, by rosbags and by the mcap library."""

import pytest
from mcap.reader import make_reader
from recorder_samples import ROBOT, messages, rows, write_bag
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability
from rosbags.rosbag2 import Reader, StoragePlugin, Writer

from il_ros import wire
from il_ros.recorder import metadata
from il_ros.recorder.bag import BagInUse, BagWriter
from il_ros.recorder.names import ros_name, wire_name
from il_ros.recorder.read import BagUnfinished, NotABag, find_bags, read_bag, read_meta
from il_ros.recorder.tail import read_tail

COMPRESSIONS = ('none', 'lz4', 'zstd')


@pytest.mark.parametrize('compression', COMPRESSIONS)
def test_bag_is_read_back_message_for_message(tmp_path, compression):
    """Topic, type, time and bytes of each message, in order, whatever the compression."""
    given = list(messages(50))
    folder = write_bag(tmp_path / 'episode_000000', given, compression)
    assert list(read_bag(folder)) == rows(given)


@pytest.mark.parametrize('compression', COMPRESSIONS)
def test_rosbags_reads_every_message(tmp_path, compression):
    """The folder is a rosbag2 bag: metadata, connections, definitions and messages."""
    given = list(messages(50))
    folder = write_bag(tmp_path / 'episode_000000', given, compression)
    with AnyReader([folder]) as reader:
        got = [(c.topic, c.msgtype, t, bytes(d)) for c, t, d in reader.messages()]
        joints = reader.deserialize(given[1][1], wire.JOINT_STATES.type)
    assert got == [(f'/{name}', kind, t, data) for name, kind, t, data in rows(given)]
    assert tuple(joints.name) == ROBOT.joint_names


@pytest.mark.parametrize('compression', COMPRESSIONS)
def test_mcap_library_reads_every_message(tmp_path, compression):
    """The file alone is enough: schemas, checksums, index, metadata record."""
    given = list(messages(50))
    folder = write_bag(tmp_path / 'episode_000000', given, compression, task='transfer')
    with (folder / 'episode_000000_0.mcap').open('rb') as stream:
        reader = make_reader(stream, validate_crcs=True)
        got = [(c.topic, s.name, m.log_time, m.data) for s, c, m in reader.iter_messages()]
        schemas = reader.get_summary().schemas.values()
        records = {record.name: record.metadata for record in reader.iter_metadata()}
    assert got == [(f'/{name}', kind, t, data) for name, kind, t, data in rows(given)]
    stamped = [schema for schema in schemas if schema.name != 'std_msgs/msg/String']
    assert stamped and all(b'MSG: std_msgs/Header' in schema.data for schema in stamped)
    assert records[metadata.RECORD]['task'] == 'transfer'
    assert 'topics_with_message_count' in records['rosbag2']['serialized_metadata']


def test_latched_topics_are_offered_transient_local(tmp_path):
    """A player gives late subscribers the robot description, as the robot did."""
    folder = write_bag(tmp_path / 'episode_000000', list(messages(3)))
    with Reader(folder) as reader:
        offered = {c.topic: c.ext.offered_qos_profiles[0] for c in reader.connections}
    assert offered['/robot_description'].durability == QosDurability.TRANSIENT_LOCAL
    assert offered['/joint_states'].durability == QosDurability.VOLATILE


def test_metadata_comes_back_with_its_types(tmp_path):
    """Text that looks like a number stays text; NaN, None, lists and mappings survive."""
    meta = {'seed': 3, 'n': '12', 'why': None, 'yes': 'true', 'rates': {'a': 1.5}, 'l': [1, 'ü']}
    folder = write_bag(tmp_path / 'episode_000000', [], **meta)
    assert read_meta(folder) == {**meta, 'termination_reason': 'stopped'}


def test_metadata_that_is_no_data_is_refused(tmp_path):
    """A key is named, and no half a bag is left behind."""
    with pytest.raises(ValueError, match="'robot'"):
        BagWriter(tmp_path / 'episode_000000', meta={'robot': ROBOT})
    assert not (tmp_path / 'episode_000000').exists()


def test_messages_are_ordered_by_log_time_and_then_as_written(tmp_path):
    """Late messages go where they belong; in lockstep many share a stamp and keep their order."""
    stamps = [5, 5, 3, 5, 9, 1] * 20
    given = [(wire.REQUEST, wire.string_msg(str(i)), t) for i, t in enumerate(stamps)]
    folder = write_bag(tmp_path / 'episode_000000', given)
    assert list(read_bag(folder)) == sorted(rows(given), key=lambda row: row[2])


def test_only_the_topics_wanted_are_read(tmp_path):
    """A reader of states does not get images."""
    folder = write_bag(tmp_path / 'episode_000000', list(messages(4)))
    assert {row[0] for row in read_bag(folder, [wire.COMMAND.name])} == {'command'}


def test_names_are_relative_inside_and_full_in_the_bag():
    """A namespace moves a whole robot, and /diagnostics belongs to all."""
    assert ros_name('joint_states') == '/joint_states'
    assert ros_name('joint_states', '/lab/one') == '/lab/one/joint_states'
    assert ros_name('/diagnostics', '/lab') == '/diagnostics'
    for name in ('joint_states', 'camera/cam_high/image_raw', '/diagnostics', '/clock'):
        assert wire_name(ros_name(name, '/lab'), '/lab') == name
        assert wire_name(ros_name(name)) == name
    assert wire_name('/other/joint_states', '/lab') == '/other/joint_states'


def test_sqlite_bags_are_read_too(tmp_path):
    """A bag that another recorder made, in the older storage."""
    given = list(messages(5))
    folder = tmp_path / 'older'
    with Writer(folder, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connections = {
            topic: writer.add_connection(f'/{topic.name}', topic.type, typestore=wire.STORE)
            for topic in {topic for topic, _, _ in given}
        }
        for topic, data, stamp_ns in given:
            writer.write(connections[topic], stamp_ns, data)
    assert sorted(read_bag(folder)) == sorted(rows(given))
    assert read_meta(folder) == {}


def test_find_bags(tmp_path):
    """One bag, or all of a tree; nothing that is none, and no empty list."""
    one = write_bag(tmp_path / 'round_0' / 'episode_000001', [])
    two = write_bag(tmp_path / 'round_0' / 'episode_000000', [])
    assert find_bags(one) == [one]
    assert find_bags(tmp_path) == [two, one]
    with pytest.raises(NotABag, match='no such folder'):
        find_bags(tmp_path / 'nowhere')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(NotABag, match='no bags in it'):
        find_bags(tmp_path / 'empty')
    with pytest.raises(NotABag, match='not a bag'):
        list(read_bag(tmp_path / 'empty'))


def test_a_bag_being_written_is_left_alone(tmp_path):
    """It is not found, not read, and nobody else can write it."""
    bag = BagWriter(tmp_path / 'episode_000000')
    with pytest.raises(NotABag, match='being recorded'):
        find_bags(tmp_path)
    with pytest.raises(BagUnfinished, match='inspect'):
        read_meta(bag.folder)
    with pytest.raises(FileExistsError):
        BagWriter(bag.folder)
    bag.close({})
    assert find_bags(tmp_path) == [bag.folder]


def test_bad_compression_names_the_choices(tmp_path):
    """And makes no folder."""
    with pytest.raises(ValueError, match='none, lz4, zstd'):
        BagWriter(tmp_path / 'episode_000000', 'gzip')
    assert not (tmp_path / 'episode_000000').exists()


def test_broken_metadata_names_the_file(tmp_path):
    """A file that somebody edited badly is not read as something else."""
    folder = write_bag(tmp_path / 'episode_000000', [])
    (folder / 'metadata.yaml').write_text('nothing: here')
    with pytest.raises(ValueError, match=r'metadata\.yaml'):
        read_meta(folder)


@pytest.mark.parametrize('compression', COMPRESSIONS)
def test_damaged_data_names_the_file(tmp_path, compression):
    """Bytes that changed on the disk are an error, not another movement."""
    folder = write_bag(tmp_path / 'episode_000000', list(messages(30)), compression)
    path = folder / 'episode_000000_0.mcap'
    chunk = read_tail(path).chunks[1]
    with path.open('r+b') as stream:
        stream.seek(chunk.chunk_start_offset + chunk.chunk_length // 2)
        stream.write(bytes(64))
    with pytest.raises(ValueError, match='damaged'):
        list(read_bag(folder))


def test_in_use_error_is_a_value_error():
    """So that a node answers a service with it."""
    assert issubclass(BagInUse, ValueError)

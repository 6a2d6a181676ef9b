"""Inspecting: the figures that `il-ros inspect` prints, of a bag and of a folder."""

import json

import pytest
from recorder_samples import CONFIG, IMAGE, messages, record, write_bag
from rosbags.rosbag2 import StoragePlugin, Writer

from il_ros import wire
from il_ros.recorder.bag import BagWriter
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.inspect import inspect_bag, inspect_folder
from il_ros.recorder.read import NotABag

GIVEN = list(messages(100))


def without(given: list, topic: wire.Topic, places: range) -> list:
    """Return the messages without those at places of a topic's own count."""
    rows = [row for row in given if row[0] == topic]
    lost = {id(rows[i]) for i in places}
    return [row for row in given if id(row) not in lost]


def test_a_bag(tmp_path):
    """What is in it, at what rates, what was lost, and who acted."""
    given = without(GIVEN, IMAGE, range(10, 13))
    figures = inspect_bag(record(EpisodeRecorder(tmp_path, CONFIG), given))
    assert figures['messages'] == len(given)
    assert figures['duration_s'] == pytest.approx(99 * 0.02)
    joints = figures['topics']['/joint_states']
    assert joints == {'type': wire.JOINT_STATES.type, 'count': 100, 'hz': 50.0, 'lost': 0}
    camera = figures['topics'][f'/{IMAGE.name}']
    assert (camera['count'], camera['lost']) == (47, 3)
    assert figures['authority'] == {'left': {'human': 20, 'policy': 80}, 'right': {'policy': 100}}
    assert (figures['outcome'], figures['termination_reason']) == ('success', 'stopped')
    assert (figures['grade'], figures['repaired']) == ('SUSPECT', False)
    assert figures['reasons'] == [f'{IMAGE.name}: 3 of 50 messages lost']
    assert (figures['task'], figures['seed'], figures['episode']) == ('transfer', 3, 0)
    json.dumps(figures)


def test_a_killed_bag_is_repaired_and_says_so(tmp_path):
    """Looking at it is enough."""
    bag = BagWriter(tmp_path / 'episode_000000', clock=iter(range(10**9)).__next__, flush_s=0)
    for topic, data, stamp_ns in GIVEN:
        bag.write(topic, data, stamp_ns)
    bag.abandon()
    figures = inspect_bag(bag.folder)
    assert (figures['repaired'], figures['termination_reason']) == (True, 'killed')
    assert (figures['messages'], figures['grade']) == (len(GIVEN), 'OK')
    assert inspect_bag(bag.folder) == figures


def test_a_folder(tmp_path):
    """Sums over what was kept; a row for each."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    record(recorder, GIVEN, 'success')
    record(recorder, GIVEN[1:], 'failure')
    record(recorder, GIVEN)
    recorder.discard(0)
    sums = inspect_folder(tmp_path)
    assert (sums['episodes'], sums['discarded'], sums['repaired']) == (2, 1, 0)
    assert sums['outcomes'] == {'success': 1, 'failure': 1}
    assert sums['grades'] == {'OK': 2}
    assert sums['messages'] == 2 * len(GIVEN)
    assert sums['duration_s'] == pytest.approx(2 * 99 * 0.02)
    assert sums['authority']['left'] == {'human': 40, 'policy': 160}
    assert [row['episode'] for row in sums['rows']] == [0, 1, 2]
    json.dumps(sums)


def test_a_foreign_bag(tmp_path):
    """Of another recorder, with a type this package has never heard of."""
    folder = tmp_path / 'foreign'
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        kind = 'lab_msgs/msg/Force'
        force = writer.add_connection(
            '/force', kind, msgdef='float64 newton\n', rihs01='RIHS01_00'
        )
        joints = writer.add_connection(
            '/joint_states', wire.JOINT_STATES.type, typestore=wire.STORE
        )
        for topic, data, stamp_ns in GIVEN:
            if topic == wire.JOINT_STATES:
                writer.write(joints, stamp_ns, data)
                writer.write(force, stamp_ns, b'\x00\x01\x00\x00' + bytes(8))
    figures = inspect_bag(folder)
    assert figures['topics']['/force'] == {'type': kind, 'count': 100, 'hz': 50.0, 'lost': 0}
    assert (figures['outcome'], figures['grade'], figures['task']) == ('unlabeled', 'OK', None)


def test_what_is_no_bag(tmp_path):
    """Is named, with what was expected."""
    with pytest.raises(NotABag, match='not a bag'):
        inspect_bag(tmp_path)
    with pytest.raises(NotABag, match='no bags in it'):
        inspect_folder(tmp_path)


def test_an_empty_bag(tmp_path):
    """Killed before its first message."""
    figures = inspect_bag(write_bag(tmp_path / 'episode_000000', []))
    assert (figures['messages'], figures['topics'], figures['grade']) == (0, {}, 'SUSPECT')

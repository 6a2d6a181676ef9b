"""Crashes: what was whole before a kill, a cut or a full disk is read back; no more is lost."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from mcap.reader import make_reader
from recorder_samples import CONFIG, messages, record, rows, write_bag
from rosbags.highlevel import AnyReader

from il_ros.recorder.bag import BagWriter
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.inspect import inspect_bag
from il_ros.recorder.label import label
from il_ros.recorder.read import BagUnfinished, read_bag, read_meta
from il_ros.recorder.repair import repair, repair_all
from il_ros.recorder.tail import is_sealed, read_tail, scan

GIVEN = list(messages(60))
GIVEN_LONG = list(messages(3000))
RECORDING = """
import sys, time
from recorder_samples import CONFIG
from il_ros import wire
from il_ros.recorder.episode import EpisodeRecorder
recorder = EpisodeRecorder(sys.argv[1], CONFIG)
recorder.start({'task': 'transfer'}, time.monotonic_ns())
for count in range(10**9):
    now_ns = time.monotonic_ns()
    recorder.add(wire.REQUEST, wire.string_msg(str(count)), now_ns)
    print(count, now_ns, flush=True)
    time.sleep(0.002)
"""
SMALL_FILES = """
import json, resource, sys
from dataclasses import replace
from recorder_samples import CONFIG, messages
from il_ros.recorder.episode import EpisodeRecorder
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
recorder = EpisodeRecorder(sys.argv[1], replace(CONFIG, flush_s=float(sys.argv[3])))
recorder.start({'task': 'transfer'}, 0)
ended = []
for topic, data, stamp_ns in messages(3000):
    ended += [recorder.add(topic, data, stamp_ns)]
folder = next(filter(None, ended), None)
print(json.dumps([str(folder or ''), str(recorder.stop('success', 'stopped', stamp_ns))]))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
recorder.start({'task': 'transfer'}, 0)
recorder.stop('success', 'stopped', 0)
"""


def file_of(folder: Path) -> Path:
    """Return a bag's one MCAP file."""
    (path,) = folder.glob('*.mcap')
    return path


def assert_whole(folder: Path, wanted: list) -> None:
    """Every reader reads exactly the messages wanted."""
    assert list(read_bag(folder)) == wanted
    with AnyReader([folder]) as reader:
        assert [(t, bytes(d)) for _, t, d in reader.messages()] == [row[2:] for row in wanted]
    with file_of(folder).open('rb') as stream:
        got = [m.data for _, _, m in make_reader(stream, validate_crcs=True).iter_messages()]
    assert got == [row[3] for row in wanted]


def test_killed_in_mid_episode_loses_at_most_a_second(tmp_path):
    """A real process, killed with SIGKILL; the next recorder repairs its bag and counts on."""
    command = [sys.executable, '-c', RECORDING, str(tmp_path)]
    here = Path(__file__).parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=here) as child:
        told = [child.stdout.readline() for _ in range(400)]
        child.send_signal(signal.SIGKILL)
        told += child.stdout.readlines()
    sent = [tuple(map(int, line.split())) for line in told if line.endswith('\n')]
    folder = tmp_path / 'episode_000000'
    with pytest.raises(BagUnfinished):
        read_meta(folder)

    recorder = EpisodeRecorder(tmp_path, CONFIG)

    assert [done.folder for done in recorder.repaired] == [folder]
    assert 'killed' in str(recorder.repaired[0])
    got = [stamp_ns for _, _, stamp_ns, _ in read_bag(folder)]
    assert got == [stamp_ns for _, stamp_ns in sent][: len(got)]
    assert sent[-1][1] - got[-1] < 1_000_000_000
    meta = read_meta(folder)
    assert (meta['termination_reason'], meta['repaired']) == ('killed', True)
    assert (meta['outcome'], meta['task'], meta['episode']) == ('unlabeled', 'transfer', 0)
    assert repair(folder) is None
    assert record(recorder, GIVEN).name == 'episode_000001'


def test_a_file_cut_off_anywhere_is_made_whole(tmp_path):
    """Header, chunks, index: whatever is cut, the messages left are the first, and whole."""
    source = write_bag(tmp_path / 'source', GIVEN, 'lz4', task='transfer')
    data = file_of(source).read_bytes()
    kept = []
    for i, size in enumerate([*range(0, len(data), len(data) // 60), len(data) - 1]):
        folder = tmp_path / f'episode_{i:06d}'
        folder.mkdir()
        (folder / f'{folder.name}_0.mcap').write_bytes(data[:size])
        done = repair(folder)
        wanted = rows(GIVEN)[: done.messages]
        assert_whole(folder, wanted)
        kept.append(done.messages)
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (0, len(GIVEN))


def test_repair_may_itself_be_cut_off(tmp_path):
    """The end is written in place; written by half, it is written again."""
    source = write_bag(tmp_path / 'source', GIVEN)
    tail = scan(file_of(source))
    for size in range(tail.end, file_of(source).stat().st_size, 97):
        (source / 'metadata.yaml').unlink(missing_ok=True)
        with file_of(source).open('r+b') as stream:
            stream.truncate(size)
        repair(source)
        assert_whole(source, rows(GIVEN))


def test_a_label_may_be_cut_off(tmp_path):
    """metadata.yaml is written first, so the label counts."""
    folder = write_bag(tmp_path / 'episode_000000', GIVEN, task='transfer')
    label(folder, 'success')
    with file_of(folder).open('r+b') as stream:
        stream.truncate(file_of(folder).stat().st_size - 5)
    assert repair(folder).termination_reason == 'stopped'
    assert read_meta(folder)['outcome'] == 'success'
    assert_whole(folder, rows(GIVEN))


def test_a_rewritten_index_says_what_the_library_says(tmp_path):
    """The index that repair makes from the messages equals the one written while recording."""
    folder = write_bag(tmp_path / 'episode_000000', GIVEN, 'zstd')
    path = file_of(folder)
    before = read_tail(path)
    with path.open('r+b') as stream:
        stream.truncate(before.end)
    (folder / 'metadata.yaml').unlink()
    repair(folder)
    after = read_tail(path)
    assert after.chunks == before.chunks
    assert after.counts == before.counts
    assert (after.schemas, after.channels) == (before.schemas, before.channels)


def test_only_metadata_was_missing(tmp_path):
    """Killed between the file's end and metadata.yaml: the file stays as it is."""
    folder = write_bag(tmp_path / 'episode_000000', GIVEN, task='transfer')
    described, data = (folder / 'metadata.yaml').read_text(), file_of(folder).read_bytes()
    (folder / 'metadata.yaml').unlink()
    repair(folder)
    assert file_of(folder).read_bytes() == data
    again = (folder / 'metadata.yaml').read_text()
    assert again.split('custom_data')[0] == described.split('custom_data')[0]
    assert read_meta(folder)['termination_reason'] == 'stopped'


def test_zeros_at_the_end_are_no_data(tmp_path):
    """What a power cut leaves of blocks that never reached the disk."""
    folder = write_bag(tmp_path / 'episode_000000', GIVEN)
    path = file_of(folder)
    end = scan(path).end
    (folder / 'metadata.yaml').unlink()
    path.write_bytes(path.read_bytes()[:end] + bytes(5000))
    repair(folder)
    assert_whole(folder, rows(GIVEN))


def test_a_bag_being_written_is_not_repaired(tmp_path):
    """Looking at a folder while a recorder works in it harms nothing."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    recorder.start({}, 0)
    assert repair_all(tmp_path) == []
    with pytest.raises(BagUnfinished):
        inspect_bag(recorder.folder)
    for topic, data, stamp_ns in GIVEN:
        recorder.add(topic, data, stamp_ns)
    assert_whole(recorder.stop('success', 'stopped', GIVEN[-1][2]), rows(GIVEN))


def test_a_file_that_is_no_bag_is_named(tmp_path):
    """And not touched."""
    path = tmp_path / 'notes' / 'notes.mcap'
    path.parent.mkdir()
    path.write_text('remember the milk')
    with pytest.raises(ValueError, match=r'notes\.mcap: not an MCAP file'):
        repair_all(tmp_path)
    assert path.read_text() == 'remember the milk'


@pytest.mark.parametrize(('size', 'flush_s'), [(60_000, 0), (900_000, 0.0005), (5_000_000, 9)])
def test_disk_full_closes_at_the_last_whole_message(tmp_path, size, flush_s):
    """A real write error of the operating system; the next episode is recorded as ever."""
    done = subprocess.run(
        [sys.executable, '-c', SMALL_FILES, str(tmp_path), str(size), str(flush_s)],
        cwd=Path(__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    )
    told, stopped = json.loads(done.stdout)
    assert told in (stopped, '')  # '': found full only when the last chunk was written by stop
    folder = Path(stopped)
    meta = read_meta(folder)
    assert (meta['termination_reason'], meta['outcome']) == ('disk full', 'unlabeled')
    assert 0 < meta['messages'] < len(GIVEN_LONG)
    assert_whole(folder, rows(GIVEN_LONG[: meta['messages']]))
    assert file_of(folder).stat().st_size <= size
    assert read_meta(tmp_path / 'episode_000001')['termination_reason'] == 'stopped'
    assert repair_all(tmp_path) == []


def test_disk_full_at_metadata_yaml(tmp_path):
    """The messages are all there; the second attempt finds room."""
    recorder = EpisodeRecorder(tmp_path, CONFIG)
    recorder.start({}, 0)
    for topic, data, stamp_ns in GIVEN:
        recorder.add(topic, data, stamp_ns)
    (recorder.folder / '.metadata.yaml.partial').symlink_to('/dev/full')
    folder = recorder.stop('success', 'stopped', GIVEN[-1][2])
    assert_whole(folder, rows(GIVEN))
    assert read_meta(folder)['termination_reason'] == 'disk full'


def test_an_episode_ends_while_others_still_have_room(tmp_path):
    """The disk is not filled to its last byte."""
    recorder = EpisodeRecorder(tmp_path, replace(CONFIG, disk_stop_mb=1e12, flush_s=0.0))
    recorder.start({}, 0)
    topic, data, stamp_ns = GIVEN[0]
    folder = recorder.add(topic, data, stamp_ns)
    assert folder is not None and recorder.folder is None
    assert read_meta(folder)['termination_reason'] == 'disk full'
    assert recorder.add(topic, data, stamp_ns) is None
    assert recorder.stop('success', 'stopped', stamp_ns) == folder
    assert_whole(folder, rows(GIVEN[:1]))


def test_an_abandoned_bag_has_all_that_was_flushed(tmp_path):
    """Flushing follows the wall clock, not the messages' own time."""
    now_ns = [0]
    bag = BagWriter(tmp_path / 'episode_000000', clock=lambda: now_ns[0], flush_s=0.25)
    for i, (topic, data, stamp_ns) in enumerate(GIVEN):
        now_ns[0] = i * 10_000_000
        bag.write(topic, data, stamp_ns)
    bag.abandon()
    assert not is_sealed(bag.path)
    repair(bag.folder)
    flushed = (len(GIVEN) - 1) // 25 * 25 + 1
    assert_whole(bag.folder, rows(GIVEN[:flushed]))

"""The cache: decoded once, mapped ever after, never half there, gone without loss."""

import multiprocessing
import os
import shutil
import signal
from dataclasses import fields, replace

import numpy as np
import pytest
from small_bags import START_NS, SmallBag, write_bag

from il_ros.dataset import cache
from il_ros.dataset.cache import CannotCache, NothingToLoad, load_episodes
from il_ros.dataset.episode import Episode
from il_ros.dataset.from_bag import decode_bag
from il_ros.recorder.bag import BagWriter
from il_ros.recorder.read import NotABag
from il_ros.robot.load import load_robot


@pytest.fixture(scope='module')
def spec():
    """The robot in the box."""
    return load_robot('sim')


@pytest.fixture
def decoded(monkeypatch):
    """The bags that were really decoded, by name."""
    names = []

    def counting(folder, *rest):
        names.append(folder.name)
        return decode_bag(folder, *rest)

    monkeypatch.setattr(cache, 'decode_bag', counting)
    return names


def bags(spec, root, n, meta=None):
    """Write n small bags, each of other contents."""
    for i in range(n):
        bag = SmallBag(spec, seed=i)
        bag.meta |= meta or {}
        bag.images = {'cam_high': {START_NS: np.full((12, 16, 3), i, dtype=np.uint8)}}
        bag.write(root / f'episode_{i:06d}')
    return root


def entries(root):
    """Names in the cache."""
    return sorted(p.name for p in (root / cache.FOLDER).iterdir())


def same(one, two):
    """Whether two episodes hold the same numbers."""
    for f in fields(Episode):
        a, b = getattr(one, f.name), getattr(two, f.name)
        if f.type is np.ndarray:
            np.testing.assert_array_equal(a, b, err_msg=f.name)
        elif f.name.startswith('image'):
            assert a.keys() == b.keys()
            for name in a:
                np.testing.assert_array_equal(a[name], b[name])
        else:
            assert a == b


def test_cached_episodes_are_what_decoding_gives(spec, tmp_path):
    """First and second time, mapped; images too."""
    root = bags(spec, tmp_path / 'data', 2)
    straight = [decode_bag(p, spec, ('cam_high',)) for p in sorted(root.glob('episode*'))]
    for _ in range(2):
        for one, two in zip(load_episodes(root, spec, ('cam_high',)), straight, strict=True):
            same(one, two)
            assert isinstance(one.images['cam_high'], np.memmap)


def test_a_new_bag_costs_only_itself(spec, tmp_path, decoded):
    """Neither the old ones nor a copy of one are decoded again."""
    root = bags(spec, tmp_path, 3)
    load_episodes(root, spec)
    SmallBag(spec, seed=9).write(root / 'episode_000009')
    shutil.copytree(root / 'episode_000001', root / 'episode_000010')
    assert len(load_episodes(root, spec)) == 5
    assert decoded == ['episode_000000', 'episode_000001', 'episode_000002', 'episode_000009']


def test_what_is_asked_for_has_an_entry_of_its_own(spec, tmp_path, decoded):
    """Other cameras, another size, another scale of the grippers: none is served the other's."""
    root = bags(spec, tmp_path, 1)
    wide = replace(spec, joint_scale=spec.joint_scale * 2)
    found = [
        load_episodes(root, spec)[0],
        load_episodes(root, spec, ('cam_high',))[0],
        load_episodes(root, spec, ('cam_high',), image_size=(8, 6))[0],
        load_episodes(root, wide)[0],
    ]
    assert len(decoded) == len(entries(root)) == 4
    assert found[0].images == {} and found[1].images['cam_high'].shape[1:] == (12, 16, 3)
    assert found[2].images['cam_high'].shape[1:] == (6, 8, 3)
    assert not np.array_equal(found[3].position, found[0].position)


def test_metadata_is_never_stale(spec, tmp_path, decoded):
    """A label given after the episode is seen at once, and nothing is decoded for it."""
    bag = SmallBag(spec)
    bag.meta['outcome'] = 'unlabeled'
    folder = bag.write(tmp_path / 'episode_000000')
    load_episodes(folder, spec)
    text = (folder / 'metadata.yaml').read_text()
    (folder / 'metadata.yaml').write_text(text.replace('unlabeled', 'success'))
    assert load_episodes(folder, spec)[0].meta['outcome'] == 'success'
    assert len(decoded) == 1


def test_what_is_left_out_is_named_with_its_reason(spec, tmp_path):
    """SUSPECT, killed, discarded, empty; and SUSPECT is in when it is asked for."""
    root = bags(spec, tmp_path, 1)
    suspect = SmallBag(spec, seed=1)
    suspect.meta |= {'grade': 'SUSPECT', 'reasons': ['command: a gap of 0.80 s']}
    suspect.write(root / 'episode_000001')
    BagWriter(root / 'episode_000002', meta={}).abandon()
    discarded = SmallBag(spec, seed=3)
    discarded.meta['discarded'] = True
    discarded.write(root / 'episode_000003')
    write_bag(root / 'episode_000004', [], {})
    said = []
    assert [e.path.name for e in load_episodes(root, spec, say=said.append)] == ['episode_000000']
    assert len(said) == 3
    for line, words in zip(
        said, ['SUSPECT: command: a gap of 0.80 s', 'il-ros inspect', 'nobody acted'], strict=True
    ):
        assert line.startswith(f'left out {root}/episode_') and words in line
    more = load_episodes(root, spec, include_suspect=True, say=said.append)
    assert [e.path.name for e in more] == ['episode_000000', 'episode_000001']


def test_nothing_to_load_is_an_error_that_says_why(spec, tmp_path):
    """An empty folder, one that is not there, one of which all is left out, no folder at all."""
    (tmp_path / 'empty').mkdir()
    with pytest.raises(NotABag, match='empty: no bags in it; record some'):
        load_episodes(tmp_path / 'empty', spec)
    with pytest.raises(NotABag, match='nowhere: no such folder'):
        load_episodes(tmp_path / 'nowhere', spec)
    root = bags(spec, tmp_path / 'bad', 2, {'grade': 'SUSPECT'})
    with pytest.raises(NothingToLoad, match='all 2 bags were left out'):
        load_episodes(root, spec, say=lambda line: None)
    with pytest.raises(ValueError, match='no data folder'):
        load_episodes([], spec)


def test_a_bag_named_twice_counts_once(spec, tmp_path):
    """Folder and bag, or two ways to write the same path."""
    root = bags(spec, tmp_path, 2)
    paths = [root, root / 'episode_000001', root / '..' / root.name]
    assert len(load_episodes(paths, spec)) == 2


def _load(root, spec, barrier, results):
    """Load once all writers are there."""
    barrier.wait()
    results.put(sum(float(e.position.sum()) for e in load_episodes(root, spec, ('cam_high',))))


def test_two_writers_at_once_agree(spec, tmp_path):
    """Both get the episodes; one entry a bag stays, and nothing half made."""
    root = bags(spec, tmp_path, 4)
    context = multiprocessing.get_context('spawn')
    barrier, results = context.Barrier(2), context.Queue()
    jobs = [context.Process(target=_load, args=(root, spec, barrier, results)) for _ in range(2)]
    for job in jobs:
        job.start()
    sums = [results.get(timeout=60) for _ in jobs]
    for job in jobs:
        job.join()
    assert sums[0] == sums[1] and [job.exitcode for job in jobs] == [0, 0]
    assert len(entries(root)) == 4 and not [e for e in entries(root) if e.startswith('.')]


def _die_while_decoding(root, spec):
    """Kill this process when all but the last step is done."""
    cache._settle = lambda part, entry: os.kill(os.getpid(), signal.SIGKILL)
    load_episodes(root, spec)


def test_a_killed_writer_leaves_no_entry_that_looks_whole(spec, tmp_path, decoded):
    """The next one decodes the bag anew."""
    root = bags(spec, tmp_path, 1)
    context = multiprocessing.get_context('spawn')
    job = context.Process(target=_die_while_decoding, args=(root, spec))
    job.start()
    job.join()
    assert job.exitcode == -signal.SIGKILL
    same(load_episodes(root, spec)[0], decode_bag(root / 'episode_000000', spec))
    assert decoded == ['episode_000000']


def test_the_cache_can_be_deleted_while_it_is_used(spec, tmp_path):
    """An episode that is held goes on working, and the next load makes the cache again."""
    root = bags(spec, tmp_path, 1)
    first = load_episodes(root, spec, ('cam_high',))[0]
    shutil.rmtree(root / cache.FOLDER)
    assert float(first.position.sum()) == float(load_episodes(root, spec)[0].position.sum())
    assert (first.images['cam_high'] == 0).all()


def test_a_change_inside_a_large_bag_is_noticed(spec, tmp_path, monkeypatch):
    """Large bags are known by their ends, size and time."""
    root = bags(spec, tmp_path, 1)
    bag = root / 'episode_000000'
    monkeypatch.setattr(cache, 'WHOLE_BYTES', 1000)
    monkeypatch.setattr(cache, 'END_BYTES', 100)
    before = list(cache.contents(bag))
    assert [len(part) for part in before[1:]] == [100, 100]
    path = next(bag.glob('*.mcap'))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    assert list(cache.contents(bag)) != before


def test_a_folder_that_takes_no_cache_says_what_to_do(spec, tmp_path):
    """A file stands where the cache should be; a full disk or no rights end the same way."""
    root = bags(spec, tmp_path, 1)
    (root / cache.FOLDER).write_text('in the way')
    with pytest.raises(CannotCache, match=r'\.cache: cannot be written .*; make room, or copy'):
        load_episodes(root, spec)

"""Which steps become labels, for which arm, and what a window holds."""

from dataclasses import replace

import numpy as np
import pytest
from learning import HOLD, HUMAN, POLICY, episode, robot, tiny

from il_ros.dataset.labels import rows_left
from il_ros.dataset.rows import Rows
from il_ros.dataset.statistics import FLOOR, FLOOR_AHEAD, statistics
from il_ros.dataset.windows import NoWindows, Windows

SPEC = robot()
LEFT, RIGHT = (arm.all for arm in SPEC.arms)
T = 6


def taken_over(ticks=30, takeover=10, handback=18, arm=1):
    """Return a policy's episode in which a person had one arm from takeover until handback."""
    base = episode(SPEC, ticks)
    who = np.full((ticks, 2), POLICY, dtype=np.uint8)
    who[takeover:handback, arm] = HUMAN
    proposal = np.full_like(base.proposal, np.nan)
    columns = SPEC.arms[arm].all
    proposal[takeover:handback, columns] = base.proposal[takeover:handback, columns]
    return replace(base, who=who, proposal=proposal)


def all_of(windows):
    """Return every window as one batch."""
    return windows.batch(np.arange(len(windows)))


def test_a_demonstration_gives_a_window_a_tick():
    """Rows seen and targets are the episode's; past its end the last one is held, masked."""
    one = episode(SPEC, ticks=20)
    windows = Windows([one], SPEC, tiny(T=T))
    assert len(windows) == 20
    batch = windows.batch(np.array([0, 5, 17]))
    np.testing.assert_array_equal(
        batch.values['position'][:, 0], one.position[[0, 5, 17]].astype('f4')
    )
    np.testing.assert_array_equal(batch.actions[1], one.proposal[5 : 5 + T].astype('f4'))
    held = one.proposal[[17, 18, 19, 19, 19, 19]].astype('f4')
    np.testing.assert_array_equal(batch.actions[2], held)
    assert batch.mask[:2].all()
    np.testing.assert_array_equal(batch.mask[2, :, 0], [1, 1, 1, 0, 0, 0])
    assert batch.mask.shape == (3, T, SPEC.size) and (batch.who == HUMAN).all()


def test_history_starts_with_the_first_row_repeated():
    """And never reaches into the episode before."""
    two = [episode(SPEC, 10, seed=0), episode(SPEC, 10, seed=1)]
    batch = all_of(Windows(two, SPEC, tiny(H=3)))
    seen = batch.values['position']
    first = two[1].position.astype('f4')
    np.testing.assert_array_equal(seen[10], first[[0, 0, 0]])
    np.testing.assert_array_equal(seen[11], first[[0, 0, 1]])
    np.testing.assert_array_equal(seen[14], first[[2, 3, 4]])


def test_a_takeover_gives_its_steps_until_the_hand_back():
    """For that arm alone; a chunk that outlasts the hand-back is masked from there on."""
    one = taken_over(takeover=10, handback=18)
    windows = Windows([one], SPEC, tiny(T=T))
    assert windows.rows.tolist() == list(range(10, 18))
    batch = all_of(windows)
    assert not batch.mask[:, :, LEFT].any()
    learned = batch.mask[:, :, RIGHT].all(-1)
    np.testing.assert_array_equal(learned[0], [1, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(learned[5], [1, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(batch.actions[0], one.command[10:16].astype('f4'))
    assert np.isfinite(batch.actions).all()
    np.testing.assert_array_equal(batch.who[5, :, 1], [HUMAN] * 3 + [POLICY] * 3)


def test_a_second_takeover_does_not_lengthen_the_first():
    """Between the two the policy acted: what followed is not what the person would have done."""
    one = taken_over(takeover=10, handback=12)
    one.who[14:20, 1] = HUMAN
    one.proposal[14:20, RIGHT] = one.command[14:20, RIGHT]
    batch = all_of(Windows([one], SPEC, tiny(T=T)))
    np.testing.assert_array_equal(batch.mask[0, :, RIGHT.start], [1, 1, 0, 0, 0, 0])


def test_a_proposal_that_was_not_executed_is_no_demonstration():
    """The hands may have moved while the policy had the arm."""
    one = taken_over()
    one.proposal[:10, RIGHT] = 0.5
    assert Windows([one], SPEC, tiny()).rows.min() == 10


def test_commands_are_learned_whoever_gave_them():
    """But holding still because nobody asked for anything is not."""
    one = taken_over()
    one.who[:4] = HOLD
    windows = Windows([one], SPEC, tiny(learn_from='commands', T=T))
    assert windows.rows.tolist() == list(range(4, 30))
    batch = windows.batch(np.array([0]))
    np.testing.assert_array_equal(batch.actions[0], one.command[4:10].astype('f4'))
    assert batch.mask.all()


def labelled(length=4):
    """Return a policy's episode with an expert's chunks at ticks 8 and 16."""
    one = taken_over(takeover=28, handback=30)
    chunks = np.stack([np.full((length, SPEC.size), value) for value in (0.8, 0.9)])
    return replace(one, label_at=np.array([8, 16]), labels=chunks)


def test_dagger_learns_the_experts_chunks_and_what_a_person_did():
    """A chunk shorter than T is held and masked; a person's step stays a label."""
    windows = Windows([labelled()], SPEC, tiny(learn_from='dagger', T=T))
    assert sorted(windows.rows.tolist()) == [8, 16, 28, 29]
    batch = all_of(windows)
    at = {row: i for i, row in enumerate(windows.rows.tolist())}
    assert (batch.actions[at[8]] == np.float32(0.8)).all()
    assert (batch.actions[at[16]] == np.float32(0.9)).all()
    np.testing.assert_array_equal(batch.mask[at[16]].all(-1), [1, 1, 1, 1, 0, 0])
    np.testing.assert_array_equal(
        batch.values['position'][at[16], 0], labelled().position[16].astype('f4')
    )
    assert not batch.mask[at[28], :, LEFT].any()


def test_a_long_label_is_cut_to_the_chunk():
    """Labels may look further ahead than a policy does."""
    batch = all_of(Windows([labelled(length=9)], SPEC, tiny(learn_from='dagger', T=T)))
    assert batch.actions.shape[1] == T and batch.mask[2].all()


def test_corrections_may_count_for_more():
    """A takeover's windows weigh what the configuration says, a demonstration's 1."""
    both = [episode(SPEC, 20), taken_over()]
    windows = Windows(both, SPEC, tiny(correction_weight=3.0))
    batch = all_of(windows)
    np.testing.assert_array_equal(batch.weight, [1.0] * 20 + [3.0] * 8)


def test_images_are_taken_row_by_row():
    """From where they are, whatever the episode."""
    both = [episode(SPEC, 10, seed, cameras=('cam_high',)) for seed in range(2)]
    windows = Windows(both, SPEC, tiny(H=2, cameras=('cam_high',)))
    seen = windows.batch(np.array([3, 10])).images['cam_high']
    assert seen.shape == (2, 2, 16, 16, 3) and seen.dtype == np.uint8
    np.testing.assert_array_equal(seen[0], both[0].images['cam_high'][[2, 3]])
    np.testing.assert_array_equal(seen[1], both[1].images['cam_high'][[0, 0]])


def test_what_cannot_be_learned_from_is_named():
    """Another robot's episode, a missing camera, nothing at all, nobody who did anything."""
    one = episode(SPEC, 10)
    narrow = replace(one, command=one.command[:, :7])
    with pytest.raises(ValueError, match=r'episode_0: 7 joints, but robot .sim. has 14'):
        Windows([narrow], SPEC, tiny())
    with pytest.raises(ValueError, match=r"episode_0: no images of \['cam_high'\]"):
        Windows([one], SPEC, tiny(cameras=('cam_high',)))
    with pytest.raises(NoWindows, match='no episodes'):
        Windows([], SPEC, tiny())
    with pytest.raises(NoWindows, match='nobody demonstrated or corrected'):
        Windows([replace(one, who=np.full_like(one.who, POLICY))], SPEC, tiny())
    more = replace(one, objects=np.repeat(one.objects, 2, axis=1))
    with pytest.raises(ValueError, match='2 objects, the episodes before it have 1'):
        Windows([one, more], SPEC, tiny(inputs=('position', 'objects')))


def test_rows_left():
    """For how many rows from each on there is a label without a break."""
    labels = np.array([1, 1, 0, 1, 0, 0, 1, 1], dtype=bool)[:, None]
    assert rows_left(labels)[:, 0].tolist() == [2, 1, 0, 1, 0, 0, 2, 1]


def test_rows_are_laid_end_to_end_on_disk():
    """They read as one array; rows of another shape are refused."""
    rows = Rows()
    parts = [np.arange(6.0).reshape(3, 2), np.arange(4.0).reshape(2, 2)]
    for part in parts:
        rows.add(part)
    with pytest.raises(ValueError, match=r'rows of \(3,\) float64 after \(2,\) float64'):
        rows.add(np.zeros((1, 3)))
    np.testing.assert_array_equal(rows.mapped(), np.concatenate(parts))


def test_values_that_are_no_numbers_are_refused():
    """Before they get into any weight."""
    one = episode(SPEC, 10)
    one.velocity[3, 5] = np.nan
    with pytest.raises(ValueError, match=r"'velocity': columns \[5\] are not finite"):
        statistics(Windows([one], SPEC, tiny()))


def test_relative_targets_have_a_scale_at_every_tick():
    """Counted where labels are, from where the joints were when the window began."""
    one, config = taken_over(), tiny(relative=True)
    windows = Windows([one], SPEC, config)
    found = statistics(windows)
    assert found['action.mean'].shape == found['action.std'].shape == (config.T, SPEC.size)
    first = one.proposal[10:18, RIGHT] - one.position[10:18, RIGHT]
    np.testing.assert_allclose(found['action.mean'][0, RIGHT], first.mean(0), atol=1e-5)
    expected = np.maximum(first.std(0), FLOOR_AHEAD)
    np.testing.assert_allclose(found['action.std'][0, RIGHT], expected, rtol=1e-3)
    last = one.proposal[15:18, RIGHT] - one.position[10:13, RIGHT]  # T = 6; 18 is handed back
    np.testing.assert_allclose(found['action.mean'][-1, RIGHT], last.mean(0), atol=1e-5)


def test_statistics_count_what_is_learned_and_no_more():
    """Actions where labels are, inputs where windows start, and no deviation below the floor."""
    one = taken_over()
    windows = Windows([one], SPEC, tiny())
    found = statistics(windows)
    learned = one.proposal[10:18, RIGHT]
    np.testing.assert_allclose(found['action.mean'][RIGHT], learned.mean(0), rtol=1e-5)
    expected = np.maximum(learned.std(0), FLOOR)
    np.testing.assert_allclose(found['action.std'][RIGHT], expected, rtol=1e-4)
    np.testing.assert_allclose(found['position.mean'], one.position[10:18].mean(0), rtol=1e-4)
    assert (found['action.std'] >= FLOOR).all()
    np.testing.assert_allclose(found['action.mean'][LEFT], one.command[:, LEFT].mean(0), rtol=1e-4)

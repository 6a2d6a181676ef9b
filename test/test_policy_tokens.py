"""Chunks as tokens: bins, frequencies, and codes for pairs."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from il_ros.policy.tokens import pairs
from il_ros.policy.tokens.bins import Bins
from il_ros.policy.tokens.codes import PLAIN, REACH, Codes
from il_ros.policy.tokens.spectrum import Spectrum

SYMBOLS = 5
SENTENCES = st.lists(st.lists(st.integers(0, SYMBOLS - 1), min_size=1), min_size=1, max_size=6)


def smooth(count, ticks=16, actions=4, seed=0):
    """Return chunks (count, ticks, actions) that move on slowly from anywhere."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(count, 1, actions, generator=generator)
    speed = 0.05 * torch.randn(count, 1, actions, generator=generator)
    return start + speed * torch.arange(ticks)[:, None]


@pytest.mark.parametrize('by_quantile', [False, True])
def test_a_number_is_in_its_bin(by_quantile):
    bins = Bins(3, 16)
    actions = torch.randn(50, 8, 3).exp()
    bins.fit(actions, by_quantile)
    index = bins.indices(actions)
    assert index.shape == actions.shape and bins.covers(actions).all()
    left, right = (bins.of(edges, index) for edges in (bins.edges[:, :-1], bins.edges[:, 1:]))
    assert ((left <= actions) & (actions <= right)).all()
    assert ((left + right) / 2 == bins.of(bins.centres, index)).all()
    assert (bins.widths > 0).all()


def test_bins_by_quantile_are_alike_in_use_and_bins_by_range_in_width():
    bins = Bins(2, 16)
    actions = torch.randn(400, 8, 2, generator=torch.Generator().manual_seed(0)).exp()
    bins.fit(actions, by_quantile=False)
    torch.testing.assert_close(bins.widths, bins.widths[:, :1].expand_as(bins.widths))
    even = [torch.bincount(c, minlength=16) for c in bins.indices(actions).flatten(0, 1).T]
    bins.fit(actions, by_quantile=True)
    alike = [torch.bincount(c, minlength=16) for c in bins.indices(actions).flatten(0, 1).T]
    for one, other in zip(even, alike, strict=True):
        assert one.max() > 1000 and one.min() == 0
        assert other.max() < 500 and other.min() > 80


def test_a_dimension_that_rarely_moves_or_never_does_has_bins_too():
    """As a gripper that is open or closed, or the joint of an arm that hangs still."""
    actions = torch.zeros(50, 8, 2)
    actions[25:, :, 0] = 1.0
    bins = Bins(2, 16)
    bins.fit(actions, by_quantile=True)
    assert (bins.widths > 0).all()
    back = bins.of(bins.centres, bins.indices(actions))
    assert (back - actions).abs().max() < 0.1


def test_what_is_beyond_all_bins_is_in_the_last_and_not_covered():
    bins = Bins(1, 8)
    far = torch.tensor([[[-99.0], [0.0], [99.0]]])
    assert bins.indices(far).flatten().tolist() == [0, 4, 7]
    assert bins.covers(far).flatten().tolist() == [False, True, False]


def in_a_row(sentences):
    """Return sentences end to end, a GAP after each."""
    return np.concatenate([[*sentence, pairs.GAP] for sentence in sentences])


@settings(max_examples=60, deadline=None)
@given(SENTENCES, st.integers(0, 8))
def test_what_was_shortened_spells_what_it_was(sentences, count):
    """Every sentence on its own, as no pair reaches over a gap."""
    codes = in_a_row(sentences)
    found = pairs.learn(codes, SYMBOLS, count)
    short = pairs.shorten(codes, found, SYMBOLS)
    assert len(short) <= len(codes)
    back = [
        [pairs.GAP] if code == pairs.GAP else pairs.spelled(code, found, SYMBOLS) for code in short
    ]
    assert np.concatenate(back).tolist() == codes.tolist()
    taken = pairs.lengths(found, SYMBOLS)[short[short != pairs.GAP]]
    assert taken.sum() == sum(map(len, sentences))


@settings(max_examples=60, deadline=None)
@given(SENTENCES)
def test_pairs_are_those_of_plain_byte_pair_coding(sentences):
    """As it is told in a few lines: the most frequent pair, replaced from the left, again."""
    codes, words, new = in_a_row(sentences), [list(s) for s in sentences], SYMBOLS
    for pair in pairs.learn(codes, SYMBOLS, 6).tolist():
        seen = [two for word in words for two in pairwise(word)]
        assert seen.count(tuple(pair)) == max(map(seen.count, seen)) >= 2
        words = [replaced(word, tuple(pair), new) for word in words]
        new += 1
    found = pairs.learn(codes, SYMBOLS, 6)
    assert pairs.shorten(codes, found, SYMBOLS).tolist() == in_a_row(words).tolist()


def replaced(word, pair, new):
    """Return word with every pair from the left made new."""
    out, i = [], 0
    while i < len(word):
        is_pair = tuple(word[i : i + 2]) == pair
        out.append(new if is_pair else word[i])
        i += 1 + is_pair
    return out


def test_frequencies_turn_a_chunk_and_are_off_by_half_a_cell_at_most():
    spectrum = Spectrum(16, scale=10.0)
    torch.testing.assert_close(spectrum.basis @ spectrum.basis.T, torch.eye(16), atol=1e-6, rtol=0)
    chunk = smooth(8)
    off = spectrum.basis @ (spectrum.chunk(spectrum.coefficients(chunk)) - chunk)
    assert off.abs().max() <= 0.5 / 10.0 + 1e-5
    still = spectrum.coefficients(torch.ones(16, 3))
    assert still.tolist() == [40] * 3 + [0] * 45  # sqrt(16) * 10, then no other frequency


@pytest.mark.parametrize('actions', [1, 3, 4])
def test_a_chunk_is_written_and_read(actions):
    """Every place of it once; what comes back is off by no more than rounding was."""
    codes = Codes(16, actions, fineness=10.0)
    chunk = smooth(30, actions=actions)
    plain = codes.written(chunk)[0].shape[1]
    codes.fit(smooth(2000, actions=actions, seed=1))
    sentence, places, is_code = codes.written(chunk)
    assert plain == 16 * actions and sentence.shape[1] < plain / 2
    lengths = codes.lengths[sentence] * is_code
    assert (lengths.sum(1) == 16 * actions).all()
    assert (places == lengths.cumsum(1) - lengths)[is_code].all()
    assert (codes.lengths[sentence] <= codes.room_at[places])[is_code].all()
    back = codes.read(torch.where(is_code, sentence, -1))
    assert back.shape == chunk.shape
    assert (back - chunk).square().mean().sqrt() < 1.1 / (10.0 * 12**0.5)


def test_what_is_read_is_what_of_its_cell_is_nearest():
    """To a chunk that was written that is the chunk itself; to others it is in the cell, too."""
    codes, chunk = Codes(16, 4, fineness=10.0), smooth(30)
    codes.fit(smooth(2000, seed=1))
    sentence, _, is_code = codes.written(chunk)
    said = torch.where(is_code, sentence, -1)
    torch.testing.assert_close(codes.read(said, codes.numbers(chunk)), chunk, atol=1e-5, rtol=0)
    near = codes.read(said, codes.numbers(chunk + 0.02))
    off = codes.numbers(near) - codes.numbers(codes.read(said))
    assert off.abs().max() < 0.5 / 10.0 + 1e-5


def test_arms_are_written_one_after_the_other():
    """The right arm's codes do not depend on what the left one does."""
    codes = Codes(8, 4, fineness=10.0)
    codes.fit(smooth(2000, ticks=8))
    one = smooth(2, ticks=8)
    one[1, :, 2:] = one[0, :, 2:]
    sentence, places, is_code = codes.written(one)
    right = [
        row[(place >= 16) & there]
        for row, place, there in zip(sentence, places, is_code, strict=True)
    ]
    assert torch.equal(right[0], right[1])


def test_a_number_too_large_is_cut_and_said_not_to_be_covered():
    codes = Codes(4, 2, fineness=10.0)
    chunk = torch.zeros(2, 4, 2)
    chunk[1] = 1e3
    assert codes.covers(chunk).tolist() == [True, False]
    assert codes.written(chunk)[0].max() == REACH + REACH == PLAIN - 1


def test_what_was_found_is_loaded_into_codes_that_were_never_fitted():
    fitted, fresh = Codes(16, 4, 10.0), Codes(16, 4, 10.0)
    fitted.fit(smooth(500))
    fresh.load_state_dict(fitted.state_dict())
    for one, other in zip(fitted.written(smooth(9)), fresh.written(smooth(9)), strict=True):
        assert torch.equal(one, other)

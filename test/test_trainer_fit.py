"""What a head is shown of the data before training, and where what it finds is kept."""

from dataclasses import replace

import pytest
import torch
from learning import episodes, robot, tiny

from il_ros import checkpoint
from il_ros.policy.heads.regression import L2Head
from il_ros.policy.pilot import load_pilot
from il_ros.policy.registry import HEADS
from il_ros.trainer import train
from il_ros.trainer.run import SHOWN, fit_head, prepare

SPEC = robot()
CALLS = []


class LookingHead(L2Head):
    """Keeps the largest number that it was shown."""

    def __init__(self, config, actions):
        super().__init__(config, actions)
        self.register_buffer('largest', torch.zeros(actions))

    def fit(self, actions):
        """Take note."""
        CALLS.append(actions)
        self.largest.copy_(actions.amax((0, 1)))


@pytest.fixture(autouse=True)
def looking(monkeypatch):
    CALLS.clear()
    monkeypatch.setitem(HEADS, 'looking', f'{__name__}:LookingHead')


def largest(folder):
    return checkpoint.load(folder).weights['head.largest']


def test_a_head_is_shown_normalised_chunks_once_and_the_checkpoint_holds_what_it_found(tmp_path):
    config = tiny(head='looking', val_fraction=0.0)
    train(config, episodes(SPEC), SPEC, tmp_path)
    (chunks,) = CALLS
    assert chunks.shape == (160, config.T, SPEC.size)
    torch.testing.assert_close(chunks.mean((0, 1)), torch.zeros(SPEC.size), atol=0.2, rtol=0.0)
    torch.testing.assert_close(chunks.std((0, 1)), torch.ones(SPEC.size), atol=0.2, rtol=0.0)
    assert torch.equal(largest(tmp_path), chunks.amax((0, 1)))
    assert torch.equal(load_pilot(tmp_path, SPEC).policy.head.largest, largest(tmp_path))


def test_a_head_is_not_shown_again_what_a_resumed_training_learns_from(tmp_path):
    config = tiny(head='looking')
    train(replace(config, steps=10), episodes(SPEC), SPEC, tmp_path)
    found = largest(tmp_path)
    train(config, episodes(SPEC), SPEC, tmp_path)
    assert len(CALLS) == 1 and torch.equal(largest(tmp_path), found)


def test_a_training_that_starts_from_a_checkpoint_keeps_what_that_one_found(tmp_path):
    train(tiny(head='looking'), episodes(SPEC), SPEC, tmp_path / 'first')
    other = tiny(head='looking', start_from=str(tmp_path / 'first'))
    train(other, episodes(SPEC, count=2), SPEC, tmp_path / 'second')
    assert len(CALLS) == 1
    assert torch.equal(largest(tmp_path / 'second'), largest(tmp_path / 'first'))


def test_a_head_is_shown_no_more_than_a_bounded_part_of_all_chunks():
    run = prepare(tiny(head='looking'), episodes(SPEC, count=4, ticks=3000), SPEC)
    assert len(run.windows) > SHOWN
    fit_head(run)
    assert len(CALLS[0]) == SHOWN
    assert torch.equal(run.average.policy.head.largest, run.policy.head.largest)

"""The study of version 0 against version 1: fair in size, and its claim counted as it is said."""

import numpy as np
import pytest
import torch

from il_ros.config import from_mapping
from il_ros.policy.config import TrainConfig
from il_ros.policy.model import Policy
from il_ros.studies.conditions import of
from il_ros.studies.version0_vs_version1 import BASE, Version0VsVersion1, claim

SIZES = {'position': 14, 'velocity': 14, 'objects': 27, 'grasp': 54, 'action': 14}  # of detour
STUDY = Version0VsVersion1()


def parameters(head):
    """Return how many numbers the study's network of a head learns."""
    cell = next(cell for cell in STUDY.cells() if f'/{head}/' in cell.key)
    config = from_mapping(TrainConfig, dict(cell.settings['train']), head)
    made = {f'{name}.mean': torch.zeros(size) for name, size in SIZES.items()}
    made |= {f'{name}.std': torch.ones(size) for name, size in SIZES.items()}
    return sum(weight.numel() for weight in Policy(config, made).parameters())


def test_networks_are_of_one_size_within_a_fifth():
    sizes = {head: parameters(head) for head in STUDY.heads}
    assert max(sizes.values()) < 1.2 * min(sizes.values()), sizes


def test_every_condition_has_its_trainings_and_a_control_its_pair():
    keys = [cell.key for cell in STUDY.cells()]
    assert len(keys) == len(set(keys))
    conditions = {key.rpartition('/')[0] for key in keys}
    for head in STUDY.heads:
        assert sum(key.startswith(f'detour/six/{head}/') for key in keys) == 5
    assert {'detour/pausing/l2', 'detour/pausing/flow', 'detour/six/l2 told'} <= conditions
    assert 'detour/six/l1 told' in conditions
    told = next(cell for cell in STUDY.cells() if ' told' in cell.key)
    assert told.settings['told'] == 6 and 'demonstrator' in told.settings['train']['inputs']


def rows(rates, seeds=5, episodes=100):
    """Return finished cells in which condition i succeeds at its rate, on the same states."""
    drawn = np.random.default_rng(0).random((seeds, episodes))
    done = {}
    for condition, rate in rates.items():
        for seed in range(seeds):
            digits = ''.join('01'[int(value < rate)] for value in drawn[seed])
            done[f'{condition}/{seed}'] = {'test': digits, 'validation': digits[:30]}
    return done


def test_the_claim_is_the_gap_with_six_less_the_gap_with_one():
    """And the best head is chosen by validation, for each crowd alone."""
    rates = {'one/l2': 0.9, 'one/flow': 0.9, 'one/mog': 0.95}
    rates |= {'six/l2': 0.3, 'six/flow': 0.9, 'six/mog': 0.5}
    done = rows({f'detour/{name}': rate for name, rate in rates.items()})
    best, found = claim(done, 'detour', BASE, ('flow', 'mog'))
    assert best == {'one': 'mog', 'six': 'flow'}
    gap = of(done, 'detour/six/flow').mean() - of(done, f'detour/six/{BASE}').mean()
    before = of(done, 'detour/one/mog').mean() - of(done, f'detour/one/{BASE}').mean()
    assert found.value == pytest.approx(gap - before)
    assert 0.4 < found.low < found.value < found.high < 0.7 and found.p < 0.01

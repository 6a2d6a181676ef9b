"""A policy in service: it thinks of the newest, swaps between chunks, refuses what is broken."""

import numpy as np
import pytest
import torch
from graph import checkpoint
from learning import robot
from safetensors.torch import load_file

from il_ros import checkpoint as checkpoints
from il_ros import wire
from il_ros.checkpoint import CheckpointError
from il_ros.policy.config import read_config
from il_ros.policy.deployment import Deployment
from il_ros.policy.pilot import PolicyFailure, load_pilot
from il_ros.spec import Observation

SPEC = robot()
DT = SPEC.dt_ns


@pytest.fixture
def deployed():
    deployment = Deployment(SPEC, 'cpu')
    deployment.load(checkpoint(0))
    deployment.reset(3)
    return deployment


def seen(tick):
    values = {'position': SPEC.home + 0.01 * tick, 'velocity': np.zeros(SPEC.size)}
    return Observation(tick * DT, {k: v.astype(np.float32) for k, v in values.items()})


def test_it_acts_as_its_pilot_does(deployed):
    pilot = load_pilot(checkpoint(0), SPEC, 'cpu')
    pilot.reset(3)
    for tick in range(8):
        deployed.take(seen(tick))
        mine, yours = deployed.think(), pilot.act(seen(tick))
        assert (mine is None) == (yours is None)
        if mine is not None:
            np.testing.assert_array_equal(mine.targets, yours.targets)


def test_what_piled_up_while_it_was_busy_is_seen_and_the_newest_is_planned_from(deployed):
    for tick in range(5):
        deployed.take(seen(tick))
    assert deployed.think().stamp_ns == 4 * DT
    assert deployed.think() is None  # nothing new
    deployed.take(seen(5))
    deployed.reset(3)
    with pytest.raises(PolicyFailure):
        deployed.think()


def test_a_new_checkpoint_takes_over_at_the_next_chunk_with_what_was_seen(deployed):
    deployed.take(seen(0))
    old = deployed.think().version
    deployed.load_beside(checkpoint(1))
    deployed.take(seen(1))
    assert deployed.think() is None and deployed.version == old  # no chunk is due yet
    deployed.take(seen(3))
    assert deployed.think().version == deployed.newest_version != old
    assert dict(wire.read_diagnostics(deployed.score_msg(deployed.pilot.plan()))[1][0][2])[
        'plan_s'
    ]


def test_weights_that_give_no_numbers_are_refused_and_the_old_policy_stays(deployed, tmp_path):
    folder = checkpoint(0)
    found = checkpoints.load(folder)
    weights = {name: torch.full_like(value, torch.nan) for name, value in found.weights.items()}
    statistics = load_file(folder / checkpoints.STATISTICS)
    card = (read_config(folder), found.robot, weights, statistics, found.provenance)
    checkpoints.save(tmp_path / 'nan', *card)
    deployed.check(tmp_path / 'nan')  # nothing to see without its weights
    with pytest.raises(CheckpointError, match='are not finite'):
        deployed.load_beside(tmp_path / 'nan')
    deployed.take(seen(0))
    assert deployed.think().version == checkpoints.load(folder).version


def test_without_a_checkpoint_there_is_nothing_to_think_with(deployed):
    deployed.unload()
    deployed.take(seen(0))
    with pytest.raises(PolicyFailure, match='no checkpoint is loaded'):
        deployed.think()
    assert deployed.version == ''

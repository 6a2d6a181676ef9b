"""What a training step works on, made from a configuration, episodes and a robot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from il_ros import checkpoint
from il_ros.dataset.episode import Episode
from il_ros.dataset.statistics import statistics
from il_ros.dataset.windows import Batch, Windows, teaches
from il_ros.policy.config import TrainConfig
from il_ros.policy.draws import ShardGenerator
from il_ros.policy.model import Policy
from il_ros.spec import RobotSpec
from il_ros.trainer.average import Average
from il_ros.trainer.order import held_out
from il_ros.trainer.pace import device_of, is_bf16
from il_ros.trainer.ranks import Ranks

ALONE = Ranks()
SHOWN = 8192  # chunks, evenly spread over the windows, that a head is shown before training
# values, images, actions (B, T, A), mask (B, T, A) weights
Sample = tuple[dict[str, Tensor], dict[str, Tensor], Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Run:
    """Data, networks and optimiser of one training, on one of its processes."""

    config: TrainConfig
    windows: Windows
    held_out: Windows | None
    statistics: dict[str, np.ndarray]
    policy: Policy
    average: Average
    optimiser: torch.optim.AdamW
    device: torch.device
    is_bf16: bool
    ranks: Ranks
    mine: slice  # this process's rows of a batch
    generator: ShardGenerator


def prepare(
    config: TrainConfig, episodes: Sequence[Episode], spec: RobotSpec, ranks: Ranks = ALONE
) -> Run:
    """Return a training about to start; raises NoWindows when nothing can be learned."""
    device = device_of(config, ranks.local)
    is_held = held_out(teaches(episodes, spec, config), config.val_fraction, config.seed)
    held = [one for one, out in zip(episodes, is_held, strict=True) if out]
    kept = [one for one, out in zip(episodes, is_held, strict=True) if not out]
    windows = Windows(kept, spec, config)
    policy, found = _beginning(config, windows)
    policy = policy.to(device)
    return Run(
        config=config,
        windows=windows,
        held_out=Windows(held, spec, config) if held else None,
        statistics=found,
        policy=policy,
        average=Average(policy, config.ema),
        optimiser=torch.optim.AdamW(
            policy.parameters(), lr=config.lr, weight_decay=config.weight_decay, fused=True
        ),
        device=device,
        is_bf16=is_bf16(config, device),
        ranks=ranks,
        mine=ranks.part(config.batch),
        generator=ShardGenerator.of(ranks.rank, ranks.world),
    )


def fit_head(run: Run) -> None:
    """
    Show a new policy's head what chunks are like; the averaged policy begins as the policy does.

    A function of the data alone, so that all ranks agree. A policy that started from a checkpoint
    keeps what that one found: its weights speak of those bins and codes.
    """
    if run.config.start_from:
        return
    shown = np.linspace(0, len(run.windows) - 1, min(SHOWN, len(run.windows))).astype(np.intp)
    measured = run.windows.values.get('position')
    values = {} if measured is None else {'position': measured[run.windows.rows[shown]][:, None]}
    actions = torch.from_numpy(run.windows.actions(shown)).to(run.device)
    run.policy.fit(
        {name: torch.from_numpy(v).to(run.device) for name, v in values.items()}, actions
    )
    run.average.policy.load_state_dict(run.policy.state_dict())


def _beginning(config: TrainConfig, windows: Windows) -> tuple[Policy, dict[str, np.ndarray]]:
    """Return the first policy and its statistics: new ones, or those of config.start_from."""
    if not config.start_from:
        found = statistics(windows)
        return fresh_policy(config, found), found
    start = checkpoint.load(config.start_from)
    policy = Policy(config, start.statistics)
    try:
        policy.load_state_dict(start.weights)
    except RuntimeError as error:
        raise checkpoint.CheckpointError(
            f'{config.start_from}: cannot start from it, its network is another one: {error}'
        ) from error
    return policy, {name: value.numpy() for name, value in start.statistics.items()}


def fresh_policy(config: TrainConfig, found: Mapping[str, np.ndarray]) -> Policy:
    """Return a Policy whose first weights depend on config.seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Policy(config, as_tensors(found))


def as_tensors(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the arrays as tensors that share their memory."""
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def tensors(batch: Batch, device: torch.device) -> Sample:
    """Return a batch as what Policy.loss takes; the mask carries each window's weight."""
    values = {name: t.to(device) for name, t in as_tensors(batch.values).items()}
    images = {name: t.to(device) for name, t in as_tensors(batch.images).items()}
    mask = batch.mask * batch.weight[:, None, None]  # (B, T, A) float32
    actions = torch.from_numpy(batch.actions).to(device)
    return values, images, actions, torch.from_numpy(mask).to(device)

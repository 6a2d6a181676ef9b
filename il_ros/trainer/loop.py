"""The training loop: read it once, from top to bottom."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_

from il_ros.dataset.episode import Episode
from il_ros.policy.config import TrainConfig
from il_ros.spec import RobotSpec
from il_ros.trainer import state
from il_ros.trainer.log import Log
from il_ros.trainer.order import indices_at
from il_ros.trainer.pace import done, learning_rate, torch_threads
from il_ros.trainer.ranks import joined
from il_ros.trainer.result import held_out_loss, report, save
from il_ros.trainer.run import Run, fit_head, prepare, tensors

Progress = Callable[[int, int, Mapping[str, float]], None]  # step, steps, last row of the log
TRAINING = 'training'  # folder inside the checkpoint's, with the logs and the state to resume from


class Diverged(ArithmeticError):
    """The training went astray; its last saved state is from before."""


def train(
    config: TrainConfig,
    episodes: Sequence[Episode],
    spec: RobotSpec,
    out: Path,
    resume: bool = True,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    command: str = '',
) -> dict[str, Any]:
    """
    Train a policy on episodes and leave a checkpoint in folder out; its logs are in out/training/.

    Returns {'steps', 'seconds', 'samples_s', 'validation', ...}; validation is the held-out loss,
    None without held-out episodes. After an interruption it goes on from its last saved state, if
    `resume`; a training that is finished is only reported.
    Raises NoWindows when there is nothing to learn, Diverged when the loss is no number any more.
    """
    with torch_threads(config), joined(str(out)) as ranks:
        run = prepare(config, episodes, spec, ranks)
        before = state.restore(out / TRAINING, run) if resume else state.Spent()
        if before.steps == 0:
            fit_head(run)
        spent = fit(run, out / TRAINING, before, progress, clock)
        found = report(run, before, spent)
        if ranks.is_first:
            save(run, episodes, spec, out, found, command)
        return found


def fit(
    run: Run,
    folder: Path,
    before: state.Spent,
    progress: Progress | None,
    clock: Callable[[], float],
) -> state.Spent:
    """Fit run.policy until its steps or seconds are spent; return what was, `before` included."""
    config, weights = run.config, list(run.policy.parameters())
    log = Log(folder, before.steps) if run.ranks.is_first else None
    step, seconds, began = before.steps, before.seconds, clock() - before.seconds
    losses, validation = [], before.validation
    while done(config, step, seconds) < 1:
        run.generator.manual_seed(config.seed * 1_000_003 + step)  # a resumed run draws the same
        indices = indices_at(step, config.batch, len(run.windows), config.seed)[run.mine]
        sample = tensors(run.windows.batch(indices), run.device)
        with torch.autocast(run.device.type, torch.bfloat16, enabled=run.is_bf16):
            loss = run.policy.loss(*sample, run.generator)['total']
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        run.ranks.average_gradients(weights)
        clip_grad_norm_(weights, config.clip)
        rate = learning_rate(config, step, seconds)
        run.optimiser.param_groups[0]['lr'] = rate
        run.optimiser.step()
        run.average.update(step)
        losses.append(loss.detach())
        step, seconds = step + 1, run.ranks.agreed(clock() - began)
        is_saved = step % config.save_every == 0 or done(config, step, seconds) >= 1
        if is_saved or step % config.log_every == 0:
            row = {'step': step, 'seconds': seconds, 'loss': run.ranks.mean(losses), 'lr': rate}
            losses = []
            if not math.isfinite(row['loss']):
                raise Diverged(f'the loss is {row["loss"]} at step {step}; try a smaller lr')
            if is_saved and log is not None:
                row['validation'] = validation = held_out_loss(run)
                state.save(folder, run, state.Spent(step, seconds, validation))
            if log is not None:
                log.write(row)
            if progress is not None:
                progress(step, config.steps, row)
    if log is not None:
        log.close()
    return state.Spent(step, seconds, validation)

"""The pilot: a checkpoint that acts."""

from collections import deque
from collections.abc import Sequence
from copy import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from il_ros import checkpoint
from il_ros.policy.config import TrainConfig, of_checkpoint
from il_ros.policy.load import load_policy
from il_ros.policy.model import Policy
from il_ros.policy.scores.base import Moment
from il_ros.policy.scores.gauges import Gauges, load_gauges
from il_ros.spec import ActionChunk, Authority, Observation, RobotSpec


class PolicyFailure(RuntimeError):
    """The policy cannot say what to do: its answer is not finite, or it lacks an input."""


class Pilot:
    """
    Observations in, a new ActionChunk every E ticks out; repeatable from reset(seed) on.

    Bit for bit with one torch thread. Not to be shared between threads.
    """

    def __init__(
        self,
        policy: Policy,
        spec: RobotSpec,
        version: str,
        task: str = '',
        gauges: Gauges | None = None,
    ):
        self.policy = policy.eval().requires_grad_(False)
        self.gauges = gauges
        self.config = policy.config
        self.spec_name = spec.name
        self.joint_names = spec.joint_names
        self.version = version
        self.task = task
        self._dt_ns = spec.dt_ns
        self._device = next(policy.parameters()).device
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode: forget what was seen, draw as seed says."""
        self._generator = torch.Generator().manual_seed(seed)
        self._history: deque[Observation] = deque(maxlen=self.config.H)
        self._planned_ns: int | None = None
        self._awaited_ns = -1  # the earliest observation that a plan is wanted from

    def observe(self, observation: Observation) -> None:
        """Append an observation to the history; PolicyFailure names an input that does not fit."""
        for name, size in self.policy.sizes.items():
            value = observation.values.get(name)
            if value is None or np.shape(value) != (size,):
                given = 'nothing' if value is None else f'shape {np.shape(value)}'
                raise PolicyFailure(
                    f'input {name!r}: the policy needs ({size},), the observation has {given}; '
                    'is it the task that the checkpoint was trained for?'
                )
        missing = [name for name in self.config.cameras if name not in observation.images]
        if missing:
            raise PolicyFailure(f'no image of {missing} in the observation')
        if self._history and observation.stamp_ns < self._history[-1].stamp_ns:
            self._awaited_ns = -1  # a clock that began anew
        self._history.append(observation)

    def see(self, authority: Sequence[Authority]) -> None:
        """
        Learn who had the arms at a tick; one that the policy may have again awaits a new plan.

        What was seen till then is not planned from any more: one is due at the next observation.
        """
        self._awaited_ns = max((arm.awaits_ns for arm in authority), default=-1)

    def plan(self) -> ActionChunk:
        """
        Return a chunk from the last observation on; targets (T, A) float64 [rad, opening].

        Scores have draws of their own: with them or without, the chunk is the same.

        Raises PolicyFailure without an observation, and when a target is not finite.
        """
        if not self._history:
            raise PolicyFailure('plan() before the first observation')
        rows = list(self._history)
        rows = [rows[0]] * (self.config.H - len(rows)) + rows  # as windows at an episode's start
        with torch.inference_mode():
            values, images = self._values(rows), self._images(rows)
            context = self.policy.encode(values, images)
            chunk = self.policy.head.sample(context, self._generator)
            targets = self.policy.outside(values, chunk)[0].double().cpu().numpy()  # (T, A)
        self._require_finite(targets)
        self._planned_ns = rows[-1].stamp_ns
        moment = Moment(values, images, context, chunk)
        scores = self.gauges.read(moment) if self.gauges is not None else {}
        return ActionChunk(rows[-1].stamp_ns, targets, self.version, scores)

    @property
    def is_due(self) -> bool:
        """Whether E ticks have passed since the last plan, or there is none that counts."""
        if not self._history:
            return True
        newest_ns = self._history[-1].stamp_ns
        if newest_ns < self._awaited_ns:
            return False
        if self._planned_ns is None or self._planned_ns < self._awaited_ns:
            return True
        since_ns = newest_ns - self._planned_ns
        return not 0 <= since_ns < (self.config.E - 0.5) * self._dt_ns  # stamps may jitter

    def act(self, observation: Observation) -> ActionChunk | None:
        """Observe, and plan when that is due; None in between."""
        self.observe(observation)
        return self.plan() if self.is_due else None

    def take_history(self, other: 'Pilot') -> None:
        """See what another pilot has seen so far; a plan is due at once."""
        for observation in other._history:
            self.observe(observation)

    def branch(self, seed: int) -> 'Pilot':
        """Return another that has seen and planned the same, and draws as seed says."""
        twin = copy(self)
        twin._history = self._history.copy()
        twin._generator = torch.Generator().manual_seed(seed)
        return twin

    def _values(self, rows: list[Observation]) -> dict[str, Tensor]:
        """Return {input: (1, H, D)}."""
        return {
            name: torch.from_numpy(np.stack([row.values[name] for row in rows])[None])
            .to(self._device)
            .float()
            for name in self.config.inputs
        }

    def _images(self, rows: list[Observation]) -> dict[str, Tensor]:
        """Return {camera: (1, H, h, w, 3) uint8}."""
        return {
            name: torch.from_numpy(np.stack([row.images[name] for row in rows])[None]).to(
                self._device
            )
            for name in self.config.cameras
        }

    def _require_finite(self, targets: np.ndarray) -> None:
        """Raise PolicyFailure naming the joints whose targets (T, A) are not finite."""
        bad = ~np.isfinite(targets).all(0)  # (A,)
        if bad.any():
            joints = [name for name, is_bad in zip(self.joint_names, bad, strict=True) if is_bad]
            raise PolicyFailure(f'policy {self.version}: targets of {joints} are not finite')


def load_pilot(folder: str | Path, robot: RobotSpec, device: str = 'auto') -> Pilot:
    """
    Return the pilot of a checkpoint folder for this robot.

    device: 'auto' is a GPU for a policy with cameras where there is one, else the CPU, which at
    batch 1 is the faster for small networks. Raises CheckpointError naming what does not fit.
    """
    policy, found = load_policy(folder, robot)
    policy = policy.to(device_for(device, policy.config))
    gauges = load_gauges(found.folder, policy, found.version, robot)
    return Pilot(policy, robot, found.version, found.robot['task'], gauges)


def check_checkpoint(folder: str | Path, robot: RobotSpec) -> TrainConfig:
    """Return the configuration of a checkpoint; CheckpointError if it does not fit the robot."""
    found = checkpoint.load(folder)
    checkpoint.check_fits(found, robot)
    return of_checkpoint(found.config, found.folder)


def device_for(device: str, config: TrainConfig) -> torch.device:
    """Return the device that `auto`, `cpu` or `cuda` means for a policy at batch 1."""
    if device == 'auto':
        device = 'cuda' if config.cameras and torch.cuda.is_available() else 'cpu'
    return torch.device(device)

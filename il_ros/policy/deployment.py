"""A policy in service: the pilot that acts, and one that is loaded beside to take over."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from il_ros import wire
from il_ros.checkpoint import CheckpointError
from il_ros.observation.builder import ObservationBuilder
from il_ros.policy.pilot import Pilot, check_checkpoint, load_pilot
from il_ros.spec import ActionChunk, Observation, RobotSpec


class Deployment:
    """Act, and swap checkpoints between two chunks; where the new one fails, the old stays."""

    def __init__(self, spec: RobotSpec, device: str):
        self.spec = spec
        self.device = device
        self.pilot: Pilot | None = None
        self.builder: ObservationBuilder
        self._next: Pilot | None = None
        self._seed = 0
        self._plan_s = 0.0

    @property
    def version(self) -> str:
        """The version that acts."""
        return self.pilot.version if self.pilot is not None else ''

    @property
    def newest_version(self) -> str:
        """The version that acts, or waits to act, from the next chunk on."""
        return self._next.version if self._next is not None else self.version

    def load(self, checkpoint: Path) -> None:
        """Load the first checkpoint; CheckpointError says why it does not fit."""
        self.pilot = load_pilot(checkpoint, self.spec, self.device)
        config = self.pilot.config
        self.builder = ObservationBuilder(self.spec, config.inputs, config.cameras)

    def check(self, checkpoint: Path) -> None:
        """Refuse, by CheckpointError, one that cannot take over from the one that acts."""
        config = check_checkpoint(checkpoint, self.spec)
        assert self.pilot is not None
        for name in ('inputs', 'cameras'):
            old, new = getattr(self.pilot.config, name), getattr(config, name)
            if tuple(old) != tuple(new):
                raise CheckpointError(
                    f'{checkpoint}: its {name} are {tuple(new)}, the running policy has '
                    f'{tuple(old)}; clean up and configure the node to change them'
                )

    def load_beside(self, checkpoint: Path) -> None:
        """Load a checkpoint while the old one acts; it takes over at the next chunk."""
        self._next = load_pilot(checkpoint, self.spec, self.device)

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._seed = seed
        self._swap()
        assert self.pilot is not None
        self.pilot.reset(seed)
        self.builder.forget()

    def observe(self, observation: Observation) -> bool:
        """Take an observation into the history; return whether a plan is due."""
        assert self.pilot is not None
        self.pilot.observe(observation)
        return self.pilot.is_due

    def plan(self) -> ActionChunk:
        """Plan a chunk from the newest observation."""
        self._swap()
        assert self.pilot is not None
        began = perf_counter()
        chunk = self.pilot.plan()
        self._plan_s = perf_counter() - began
        return replace(chunk, version=self.version)

    def act(self, observation: Observation) -> ActionChunk | None:
        """Observe, and plan when it is due."""
        return self.plan() if self.observe(observation) else None

    def score_msg(self, chunk: ActionChunk) -> bytes:
        """Encode what there is to know about a chunk: version and latency."""
        values: dict[str, Any] = {'version': chunk.version, 'plan_s': f'{self._plan_s:.6f}'}
        return wire.diagnostics_msg(chunk.stamp_ns, [wire.status_msg('policy', 'ok', values)])

    def _swap(self) -> None:
        """Let the newly loaded policy take over, with the history that the old one has seen."""
        if self._next is not None:
            assert self.pilot is not None
            self._next.reset(self._seed)
            self._next.take_history(self.pilot)
            self.pilot, self._next = self._next, None

"""A policy in service: the pilot that acts, and beside it one that is loaded to take its place."""

from collections import deque
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from il_ros import wire
from il_ros.checkpoint import CheckpointError, check_fits, peek
from il_ros.observation.builder import ObservationBuilder
from il_ros.policy.config import TrainConfig, of_checkpoint
from il_ros.policy.pilot import Pilot, PolicyFailure, load_pilot
from il_ros.spec import ActionChunk, Authority, Observation, RobotSpec

INBOX = 512  # that wait for a policy that is slow, two a tick; more than any history needs


class Deployment:
    """
    Act, and swap checkpoints between two chunks; the old policy stays where the new one fails.

    take() and load_beside() may be called from any thread, all else from the one that acts.
    """

    def __init__(self, spec: RobotSpec, device: str, max_image_age_s: float = np.inf):
        self.spec = spec
        self.device = device
        self.max_image_age_s = max_image_age_s
        self.pilot: Pilot | None = None
        self._next: Pilot | None = None
        self._inbox: deque[Observation | tuple[Authority, ...]] = deque(maxlen=INBOX)
        self._seed = 0
        self.plan_s = 0.0

    @property
    def version(self) -> str:
        """The version that acts."""
        return self.pilot.version if self.pilot is not None else ''

    @property
    def newest_version(self) -> str:
        """The version that acts, or waits to act, from the next chunk on."""
        return self._next.version if self._next is not None else self.version

    def load(self, folder: Path) -> None:
        """Load the first checkpoint; CheckpointError says why it does not fit."""
        self.pilot = self._warm(folder)

    def unload(self) -> None:
        """Let go of the checkpoint; the next one may need other cameras and inputs."""
        self.pilot = self._next = None

    def builder(self, imitate: int = 0) -> ObservationBuilder:
        """Return a builder of the observations that the policy needs; imitate: see there."""
        config = self._acting().config
        given = (self.spec, config.inputs, config.cameras, self.max_image_age_s, imitate)
        return ObservationBuilder(*given)

    def check(self, folder: Path) -> None:
        """
        Refuse a checkpoint that cannot take over from the one that acts, by CheckpointError.

        Quick, as its weights are not looked at: that is for load_beside().
        """
        found = peek(folder)
        check_fits(found, self.spec)
        self._check_alike(folder, of_checkpoint(found.config, folder))

    def load_beside(self, folder: Path) -> None:
        """
        Load a checkpoint while the old one acts; it takes over at the next chunk.

        Raises CheckpointError for one that is damaged, or cannot take over.
        """
        pilot = self._warm(folder)
        self._check_alike(folder, pilot.config)
        ours, theirs = self._acting().policy.sizes, pilot.policy.sizes
        if ours != theirs:
            raise CheckpointError(f'{folder}: inputs of size {theirs}; the running policy: {ours}')
        self._next = pilot

    def reset(self, seed: int) -> None:
        """Start an episode: empty history, the seed's own randomness, the newest checkpoint."""
        self._seed = seed
        self._inbox.clear()
        self._swap()
        self._acting().reset(seed)

    def take(self, news: Observation | tuple[Authority, ...]) -> None:
        """Keep what is seen, or who has the arms, until the policy comes to think of it."""
        self._inbox.append(news)

    def think(self) -> ActionChunk | None:
        """
        Look at all that was taken, and plan from the newest of it if a plan is due.

        Raises PolicyFailure when the policy cannot say what to do.
        """
        pilot = self._acting()
        while self._inbox:
            news = self._inbox.popleft()
            if isinstance(news, Observation):
                pilot.observe(news)
            else:
                pilot.see(news)
        return self._plan() if pilot.is_due else None

    def score_msg(self, chunk: ActionChunk) -> bytes:
        """Encode what there is to know about a chunk: version, latency and scores."""
        return wire.scores_msg(chunk, {'plan_s': f'{self.plan_s:.6f}'})

    def _plan(self) -> ActionChunk:
        self._swap()
        began = perf_counter()
        chunk = self._acting().plan()
        self.plan_s = perf_counter() - began
        return replace(chunk, version=self.version)

    def _swap(self) -> None:
        """Let the newly loaded policy take over, with the history that the old one has seen."""
        new, self._next = self._next, None
        if new is not None:
            new.reset(self._seed)
            new.take_history(self._acting())
            self.pilot = new

    def _warm(self, folder: Path) -> Pilot:
        """Load a pilot and let it plan once: the first time is slow, and shows what is broken."""
        pilot = load_pilot(folder, self.spec, self.device)
        try:
            pilot.observe(blank(self.spec, pilot))
            pilot.plan()
        except PolicyFailure as error:
            raise CheckpointError(f'{folder}: {error}') from error
        pilot.reset(0)
        return pilot

    def _check_alike(self, folder: Path, config: TrainConfig) -> None:
        """Raise CheckpointError where the observations of the one that acts would not do."""
        for name in ('inputs', 'cameras'):
            old, new = (tuple(getattr(c, name)) for c in (self._acting().config, config))
            if old != new:
                raise CheckpointError(
                    f'{folder}: its {name} are {new}, the running policy has {old}; '
                    'clean up and configure the node to change them'
                )

    def _acting(self) -> Pilot:
        if self.pilot is None:
            raise PolicyFailure('no checkpoint is loaded')
        return self.pilot


def blank(spec: RobotSpec, pilot: Pilot) -> Observation:
    """Return an observation of nothing, of the sizes that the pilot's policy needs."""
    values = {name: np.zeros(size, np.float32) for name, size in pilot.policy.sizes.items()}
    images = {
        camera.name: np.zeros((camera.height, camera.width, 3), np.uint8)
        for camera in spec.cameras
        if camera.name in pilot.config.cameras
    }
    return Observation(0, values, images, dict.fromkeys(images, 0.0))

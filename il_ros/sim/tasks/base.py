"""What a task is: a scene, where it starts, how it stands, and someone who can do it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from il_ros.sim.backdrop import Backdrop
from il_ros.sim.body import Body
from il_ros.sim.demonstrators import Style
from il_ros.sim.tasks import furniture
from il_ros.spec import JointSample, RobotSpec

_DRAWN = 14  # as many as the first robot has joints; one of more takes some of them twice


@dataclass(frozen=True, eq=False)
class Scene:
    """What a task builds in: the physics client and the robot in it."""

    client: Any
    body: Body


@dataclass(frozen=True)
class Verdict:
    """How a task stands, as `Task.judge` sees it."""

    state: str = 'running'  # or 'success', 'failure'
    reason: str = ''  # failure kind, one of Task.failures
    moment_s: float | None = None  # of a failure: when it came about, since the episode's start
    cost: float = 0.0  # so far


class Expert(Protocol):
    """A policy over the present state, be it any from which the task can still be done."""

    def reset(self) -> None:
        """Forget the motion under way: the next target starts at the pose measured then."""

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (K, 7)."""

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1, rising along a good execution."""


class Task(ABC):
    """One task; adding one is a file that implements this and a line in TASKS."""

    name: str
    object_names: tuple[str, ...]  # (K,) the order of every objects array
    time_limit_s: float
    failures: tuple[str, ...]  # the reasons that an outcome can have
    has_cost: bool = False  # whether a verdict's cost says anything
    backdrop: Backdrop = furniture.TABLE_TOP  # what is behind everything that cameras see
    _history: Any = None  # what `judge` remembers, immutable; `build` begins it anew

    def start_noise(self, spec: RobotSpec, rng: np.random.Generator) -> np.ndarray:
        """
        Return how far from home (N,) an episode starts: arm joints up to 0.02 rad, no gripper.

        Whatever the robot, as many numbers are drawn, so that a seed's scene is the same for all.
        """
        noise = np.resize(rng.uniform(-0.02, 0.02, _DRAWN), spec.size)
        for arm in spec.arms:
            noise[arm.gripper] = 0.0
        return noise

    @abstractmethod
    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Load the objects where rng puts them, and forget the last episode."""

    @abstractmethod
    def objects(self, scene: Scene) -> np.ndarray:
        """Return the poses (K, 7) of object_names: xyz [m], quaternion xyzw."""

    @abstractmethod
    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put the objects at poses (K, 7), without physics."""

    @abstractmethod
    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Return how the task stands; called once a tick while the episode runs."""

    def save(self) -> Any:
        """Return what `judge` remembers, as an immutable value."""
        return self._history

    def restore(self, saved: Any) -> None:
        """Go back to what `save` returned."""
        self._history = saved

    @abstractmethod
    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return a scripted expert in the style of one demonstrator; seed is for its noise."""

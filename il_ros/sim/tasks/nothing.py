"""No task at all: arms over an empty table, to see how they move."""

import numpy as np

from il_ros.sim.tasks.base import Expert, Scene, Style, Task, Verdict
from il_ros.spec import RobotSpec


class Nothing(Task):
    """An episode without objects and without an end."""

    name = 'nothing'
    object_names = ()
    time_limit_s = float('inf')
    failures = ()

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Leave the world empty."""

    def objects(self, scene: Scene) -> np.ndarray:
        """Return none."""
        return np.zeros((0, 7))

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Leave the world empty."""

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Go on."""
        return Verdict('running')

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Nobody knows how to do nothing."""
        raise NotImplementedError

"""How the command moves: as who has the arms wants it, within limits, strain and room."""

from collections.abc import Sequence

import numpy as np

from il_ros.arbiter.guard import Guard
from il_ros.arbiter.motion import Motion
from il_ros.arbiter.state import State
from il_ros.arbiter.strain import Strain
from il_ros.arbiter.verdict import Verdict
from il_ros.spec import JointSample, RobotSpec

_STANDING = np.array([[1.0], [0.0], [0.0]])  # position, velocity, acceleration of a pose


class SafetyChain:
    """The motion of the command, vetted by strain and room where the robot's YAML has `safety`."""

    def __init__(self, spec: RobotSpec):
        self._spec = spec
        safety = spec.safety
        self._strain = Strain(spec, safety) if safety is not None else None
        self._vets = (self._strain, Guard(spec, safety)) if self._strain and safety else ()
        self.motion = Motion(spec, self._vets)

    def feel(self, joints: JointSample, free: np.ndarray) -> None:
        """Note how well the command is followed at a tick; free (N,) bool follow a hand."""
        if self._strain is not None:
            self._strain.feel(joints, self.motion.command, free)

    def step(self, verdicts: Sequence[Verdict]) -> np.ndarray:
        """Move the command by one period as the verdicts, one an arm, say; return it (N,)."""
        wanted = _STANDING * self.motion.command  # (3, N)
        moves = np.zeros(self._spec.size, dtype=bool)
        for arm, verdict in zip(self._spec.arms, verdicts, strict=True):
            if verdict.target is not None:
                moves[arm.all] = True
                wanted[:, arm.all] = np.array(verdict.target.rows())[:, arm.all]
        return self.motion.step(State(*wanted), moves)

    def why_slow(self, arm: int) -> str:
        """Return what slows an arm down or stops it, '' nothing."""
        return '; '.join(vet.why[arm] for vet in self._vets if vet.why[arm])

    @property
    def plea(self) -> str:
        """Why a person is wanted, '' when none is: the arms cannot go on by themselves."""
        strain = self._strain
        return strain.why[0] if strain is not None and strain.is_held else ''

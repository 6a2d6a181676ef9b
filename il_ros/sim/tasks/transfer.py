"""
Transfer: the right arm picks up a block, hands it to the left in the air, which bins it.

Judged from physics alone: where the block is, how fast, and which arm touches it.
"""

from dataclasses import dataclass, replace

import numpy as np

from il_ros.sim.demonstrators import Style
from il_ros.sim.tasks import furniture
from il_ros.sim.tasks.base import Expert, Scene, Task, Verdict
from il_ros.spec import RobotSpec

BLOCK = (0.05, 0.02, 0.02)  # half extents [m], long side first
MASS = 0.1  # [kg]
BIN_INSIDE, BIN_HEIGHT = 0.20, 0.05  # [m]
BIN_AT = np.array([-0.25, 0.27])  # [m]
BIN_SPREAD = 0.02  # [m] to either side, uniform
BLOCK_LOW, BLOCK_HIGH = np.array([0.06, -0.14]), np.array([0.22, 0.14])  # [m] of its centre
BLOCK_YAW = 0.9  # [rad] to either side of the line between the arms, uniform
LIFTED = 0.06  # [m] height of its centre that no block on the table reaches
AT_REST = 0.05  # [m/s]
NEVER_GRASPED, DROPPED, MISSED, TIME_OUT = 'never grasped', 'dropped', 'missed the bin', 'time out'


@dataclass(frozen=True)
class History:
    """What judging needs of the past."""

    lifted: bool = False
    holder: str = ''  # the last arm that had the block in the air
    held_s: float = 0.0  # until when it had it


class Transfer(Task):
    """One block, one bin; see the module."""

    name = 'transfer'
    object_names = ('block', 'bin')
    time_limit_s = 20.0
    failures = (NEVER_GRASPED, DROPPED, MISSED, TIME_OUT)
    giver, receiver = 'right', 'left'

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Put the block down somewhere before the giver, and the bin beside the receiver."""
        at, yaw = rng.uniform(BLOCK_LOW, BLOCK_HIGH), rng.uniform(-BLOCK_YAW, BLOCK_YAW)
        bin_at = BIN_AT + rng.uniform(-BIN_SPREAD, BIN_SPREAD, 2)
        pose = np.array([*at, BLOCK[2], 0, 0, np.sin(yaw / 2), np.cos(yaw / 2)])
        furniture.table(scene.client)
        self._block = furniture.block(scene.client, BLOCK, pose, MASS)
        self._bin = furniture.bin_of(scene.client, BIN_INSIDE, BIN_HEIGHT, bin_at)
        self._history = History()

    def objects(self, scene: Scene) -> np.ndarray:
        """Return the poses (2, 7) of block and bin: xyz [m], quaternion xyzw."""
        poses = [scene.client.getBasePositionAndOrientation(b) for b in (self._block, self._bin)]
        return np.array([[*at, *turned] for at, turned in poses])

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put block and bin at poses (2, 7)."""
        for body, pose in zip((self._block, self._bin), objects.tolist(), strict=True):
            scene.client.resetBasePositionAndOrientation(body, pose[:3], pose[3:])

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Success: at rest in the bin, let go. Failure: out of reach for good, or out of time."""
        block, box = self.objects(scene)[:, :3]
        held_by = scene.body.touching(self._block)
        if held_by and block[2] > LIFTED:
            holder = self.receiver if self.receiver in held_by else self.giver
            self._history = replace(self._history, lifted=True, holder=holder, held_s=elapsed_s)
        if not held_by and self._rests_in_bin(scene, block - box):
            return Verdict('success')
        if block[2] < -0.05:
            return self._failure(elapsed_s, held=False)
        if elapsed_s >= self.time_limit_s:
            return self._failure(elapsed_s, bool(held_by) and block[2] > LIFTED)
        return Verdict()

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return the scripted expert of this task."""
        from il_ros.sim.tasks.transfer_expert import TransferExpert

        return TransferExpert(spec, style, seed)

    def _rests_in_bin(self, scene: Scene, offset: np.ndarray) -> bool:
        velocity, _ = scene.client.getBaseVelocity(self._block)
        inside = np.abs(offset[:2]).max() < BIN_INSIDE / 2 and offset[2] < 1.4 * BIN_HEIGHT
        return bool(inside and np.linalg.norm(velocity) < AT_REST)

    def _failure(self, elapsed_s: float, held: bool) -> Verdict:
        """Say why, and when: what is lost was lost when it was held for the last time."""
        if not self._history.lifted:
            return Verdict('failure', NEVER_GRASPED, elapsed_s)
        if held:
            return Verdict('failure', TIME_OUT, elapsed_s)
        kind = MISSED if self._history.holder == self.receiver else DROPPED
        return Verdict('failure', kind, self._history.held_s)

"""
Transport: a longer transfer, in which the block lies in a closed box and the table wants tidying.

The right arm takes the lid off the box, picks the item out of it and hands it over to the left arm
in the air, which bins it; a piece of litter goes to the other bin. Judged from physics alone:
where things are, how fast, and which arm touches them. After Transport of robomimic, Mandlekar et
al. 2021, arXiv:2108.03298.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import UP
from il_ros.sim.tasks import furniture, transfer
from il_ros.sim.tasks.base import Expert, Scene, Task, Verdict
from il_ros.spec import RobotSpec

ITEM = transfer.BLOCK  # half extents [m], long side first
LITTER = (0.02, 0.02, 0.02)
PLATE = (0.10, 0.10, 0.004)  # of the lid
HANDLE = (0.03, 0.02, 0.0225)
MASS = {'item': 0.1, 'lid': 0.1, 'litter': 0.05}  # [kg]
BOX_INSIDE, BOX_HEIGHT = 0.18, 0.06  # [m]
BOX_LOW, BOX_HIGH = np.array([0.20, -0.05]), np.array([0.26, 0.05])  # [m] of its centre
BOX_YAW = 0.35  # [rad] to either side of the line between the arms, uniform
ITEM_SPREAD, ITEM_YAW = 0.01, 0.15  # [m], [rad] to either side of the box's middle, uniform
LITTER_LOW, LITTER_HIGH = np.array([-0.06, -0.06]), np.array([0.015, 0.12])  # [m]
LITTER_YAW = 0.6  # [rad] to either side, uniform
LITTER_BIN_INSIDE, LITTER_BIN_HEIGHT = 0.15, 0.05  # [m]
LITTER_BIN_AT, LITTER_BIN_SPREAD = np.array([0.0, -0.24]), 0.015  # [m]
OFF = 0.03  # [m] that a lid has moved which is off
LIFTED = transfer.LIFTED
AT_REST = transfer.AT_REST
YELLOW, GREY = (0.90, 0.78, 0.15, 1.0), (0.45, 0.47, 0.50, 1.0)
WOOD, LIGHT_WOOD = (0.55, 0.38, 0.22, 1.0), (0.78, 0.62, 0.42, 1.0)
LID_ON, LITTER_LEFT, LITTER_MISSED = 'lid never off', 'litter left', 'litter missed its bin'


@dataclass(frozen=True)
class History:
    """What judging needs of the past."""

    is_off: bool = False  # the lid has been moved
    lifted: bool = False  # the item has
    holder: str = ''  # the last arm that had the item in the air
    held_s: float = 0.0  # until when it had it
    littered_s: float | None = None  # until when an arm had the litter in the air


class Transport(Task):
    """A box with a lid, an item in it, a piece of litter, two bins; see the module."""

    name = 'transport'
    object_names = ('item', 'bin', 'lid', 'box', 'litter', 'litter bin')
    time_limit_s = 30.0
    failures = (
        LID_ON,
        transfer.NEVER_GRASPED,
        transfer.DROPPED,
        transfer.MISSED,
        LITTER_LEFT,
        LITTER_MISSED,
        transfer.TIME_OUT,
    )
    giver, receiver = transfer.Transfer.giver, transfer.Transfer.receiver

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Put the box before the giver, litter between the arms, each bin in its place."""
        client = scene.client
        at, yaw = rng.uniform(BOX_LOW, BOX_HIGH), rng.uniform(-BOX_YAW, BOX_YAW)
        item_at = at + rng.uniform(-ITEM_SPREAD, ITEM_SPREAD, 2)
        item_yaw = yaw + rng.uniform(-ITEM_YAW, ITEM_YAW)
        litter_at, litter_yaw = (
            rng.uniform(LITTER_LOW, LITTER_HIGH),
            rng.uniform(-1, 1) * LITTER_YAW,
        )
        bin_at = transfer.BIN_AT + rng.uniform(-1, 1, 2) * transfer.BIN_SPREAD
        litter_bin_at = LITTER_BIN_AT + rng.uniform(-1, 1, 2) * LITTER_BIN_SPREAD
        item = _lying(item_at, furniture.WALL + ITEM[2], item_yaw)
        litter = _lying(litter_at, LITTER[2], litter_yaw)
        furniture.table(client)
        litter_bin = (LITTER_BIN_INSIDE, LITTER_BIN_HEIGHT, litter_bin_at, 0.0, GREY)
        self._bodies = {
            'item': furniture.block(client, ITEM, item, MASS['item']),
            'bin': furniture.bin_of(client, transfer.BIN_INSIDE, transfer.BIN_HEIGHT, bin_at),
            'lid': _lid(client, _lying(at, BOX_HEIGHT + 2 * PLATE[2], yaw)),
            'box': furniture.bin_of(client, BOX_INSIDE, BOX_HEIGHT, at, yaw, WOOD),
            'litter': furniture.block(client, LITTER, litter, MASS['litter'], YELLOW),
            'litter bin': furniture.bin_of(client, *litter_bin),
        }
        self._history = History()

    def objects(self, scene: Scene) -> np.ndarray:
        """Return the poses (6, 7) of object_names: xyz [m], quaternion xyzw."""
        of = scene.client.getBasePositionAndOrientation
        return np.array([[*at, *turned] for at, turned in map(of, self._in_order())])

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put all objects at poses (6, 7)."""
        for body, pose in zip(self._in_order(), objects.tolist(), strict=True):
            scene.client.resetBasePositionAndOrientation(body, pose[:3], pose[3:])

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Success: item and litter at rest in their bins, let go. Failure: lost, or no time."""
        seen = dict(zip(self.object_names, self.objects(scene), strict=True))
        item_by = scene.body.touching(self._bodies['item'])
        litter_by = scene.body.touching(self._bodies['litter'])
        self._remember(seen, item_by, bool(litter_by), elapsed_s)
        is_done = not item_by and self._rests_in(scene, seen, 'item', 'bin', transfer.BIN_INSIDE)
        is_tidy = not litter_by and self._rests_in(
            scene, seen, 'litter', 'litter bin', LITTER_BIN_INSIDE
        )
        if is_done and is_tidy:
            return Verdict('success')
        if min(seen['item'][2], seen['litter'][2]) < -0.05 or elapsed_s >= self.time_limit_s:
            return self._failure(seen, is_done, bool(item_by), bool(litter_by), elapsed_s)
        return Verdict()

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return the scripted expert of this task."""
        from il_ros.sim.tasks.transport_expert import TransportExpert

        return TransportExpert(spec, style, seed)

    def _in_order(self) -> list[int]:
        return [self._bodies[name] for name in self.object_names]

    def _remember(
        self, seen: dict[str, np.ndarray], item_by: frozenset[str], has_litter: bool, now_s: float
    ) -> None:
        past = self._history
        moved = seen['lid'][:3] - seen['box'][:3] - (BOX_HEIGHT + 2 * PLATE[2]) * UP
        if np.linalg.norm(moved) > OFF:
            past = replace(past, is_off=True)
        if item_by and seen['item'][2] > LIFTED:
            holder = self.receiver if self.receiver in item_by else self.giver
            past = replace(past, lifted=True, holder=holder, held_s=now_s)
        if has_litter and seen['litter'][2] > LIFTED:
            past = replace(past, littered_s=now_s)
        self._history = past

    def _rests_in(
        self, scene: Scene, seen: dict[str, np.ndarray], thing: str, box: str, inside: float
    ) -> bool:
        """Whether a thing is at rest in a bin of that inside width [m]."""
        velocity, _ = scene.client.getBaseVelocity(self._bodies[thing])
        offset = seen[thing][:3] - seen[box][:3]
        is_in = np.abs(offset[:2]).max() < inside / 2 and offset[2] < 1.4 * transfer.BIN_HEIGHT
        return bool(is_in and np.linalg.norm(velocity) < AT_REST)

    def _failure(
        self,
        seen: dict[str, np.ndarray],
        is_done: bool,
        has_item: bool,
        has_litter: bool,
        now_s: float,
    ) -> Verdict:
        """Say why, and when: what is lost was lost when it was held for the last time."""
        past = self._history
        if is_done or seen['litter'][2] < -0.05:
            return Verdict('failure', *self._litter_failure(has_litter, now_s))
        if not past.lifted:
            return Verdict('failure', transfer.NEVER_GRASPED if past.is_off else LID_ON, now_s)
        if has_item and seen['item'][2] > LIFTED:
            return Verdict('failure', transfer.TIME_OUT, now_s)
        kind = transfer.MISSED if past.holder == self.receiver else transfer.DROPPED
        return Verdict('failure', kind, past.held_s)

    def _litter_failure(self, has_litter: bool, now_s: float) -> tuple[str, float]:
        at_s = self._history.littered_s
        if at_s is None:
            return LITTER_LEFT, now_s
        return (transfer.TIME_OUT, now_s) if has_litter else (LITTER_MISSED, at_s)


def _lid(client: Any, pose: np.ndarray) -> int:
    """Put a lid, a plate with a handle on it, at pose (7,) of where the two meet; return it."""
    places = [(0.0, 0.0, -PLATE[2]), (0.0, 0.0, HANDLE[2])]
    colours = [LIGHT_WOOD, WOOD]
    lid = furniture.boxes(client, [PLATE, HANDLE], places, pose, MASS['lid'], colours)
    client.changeDynamics(lid, -1, lateralFriction=1.0)
    return lid


def _lying(at: np.ndarray, height: float, yaw: float) -> np.ndarray:
    """The pose (7,) of what lies at xy (2,), turned about the vertical."""
    return np.array([*at, height, *furniture.about_up(yaw)])

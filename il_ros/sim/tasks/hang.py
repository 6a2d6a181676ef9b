"""
Hang: both arms lift a garment by its shoulders and hang it on a peg.

Judged from physics alone: where the garment is, how fast, and what touches it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from il_ros.sim.demonstrators import Style
from il_ros.sim.tasks import furniture
from il_ros.sim.tasks.base import Expert, Scene, Task, Verdict
from il_ros.sim.tasks.garment import PIECES, Garment
from il_ros.spec import RobotSpec

PEG_HALF, PEG_RADIUS = 0.055, 0.009  # [m]
PEG_TILT = 0.15  # [rad] its tip is higher than its root, where the post is
PEG_AT = np.array([0.0, 0.235, 0.25])  # [m] of its middle
PEG_SPREAD = np.array([0.03, 0.02, 0.01])  # [m] to either side, uniform
POST, POST_RGBA = 0.012, (0.45, 0.33, 0.20, 1.0)  # half width [m], and wood
NECK_AT, NECK_SPREAD = np.array([0.0, -0.03]), np.array([0.035, 0.04])  # [m] on the table
NECK_YAW = 0.3  # [rad] to either side
LIFTED = 0.05  # [m] height of a shoulder that nothing on the table reaches
CLOSE = 0.10  # [m] from the peg: what is let go here was to hang
AT_REST, REST_S = 0.05, 0.2  # [m/s], for so long [s]
NEVER_GRASPED, DROPPED, MISSED, TIME_OUT = 'never grasped', 'dropped', 'missed the peg', 'time out'


@dataclass(frozen=True)
class History:
    """What judging needs of the past."""

    held_s: float | None = None  # until when somebody had it in the air
    was_close: bool = False  # to the peg, then
    hangs_s: float | None = None  # since when it hangs at rest, let go


class Hang(Task):
    """One garment, one peg; see the module."""

    name = 'hang'
    object_names = (*PIECES, 'peg')
    time_limit_s = 20.0
    failures = (NEVER_GRASPED, DROPPED, MISSED, TIME_OUT)

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Lay the garment between the arms and put the peg behind it."""
        peg = PEG_AT + rng.uniform(-PEG_SPREAD, PEG_SPREAD)
        at = NECK_AT + rng.uniform(-NECK_SPREAD, NECK_SPREAD)
        self._table = furniture.table(scene.client)
        self._peg = _peg(scene.client, peg)
        self._garment = Garment(scene.client, at, rng.uniform(-NECK_YAW, NECK_YAW))
        scene.client.performCollisionDetection()  # for a state saved before the first step
        self._history = History()

    def objects(self, scene: Scene) -> np.ndarray:
        """Return the poses (7, 7) of PIECES and the peg: xyz [m], quaternion xyzw."""
        at, turned = scene.client.getBasePositionAndOrientation(self._peg)
        return np.vstack([self._garment.poses(), [*at, *turned]])

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put garment and peg at poses (7, 7)."""
        self._garment.place(objects[:-1])
        peg = objects[-1]
        scene.client.resetBasePositionAndOrientation(self._peg, peg[:3], peg[3:])

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Success: it hangs on the peg at rest, let go. Failure: out of reach, or out of time."""
        objects = self.objects(scene)
        is_held = any(scene.body.touching(body) for body in self._garment.bodies)
        is_up = is_held and objects[:2, 2].max() > LIFTED
        self._remember(scene, objects, is_held, is_up, elapsed_s)
        since_s = self._history.hangs_s
        if since_s is not None and elapsed_s - since_s >= REST_S:
            return Verdict('success')
        if objects[:, 2].min() < -0.05 or elapsed_s >= self.time_limit_s:
            return self._failure(is_up, elapsed_s)
        return Verdict()

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return the scripted expert of this task."""
        from il_ros.sim.tasks.hang_expert import HangExpert

        return HangExpert(spec, style, seed)

    def _remember(
        self, scene: Scene, objects: np.ndarray, is_held: bool, is_up: bool, now_s: float
    ) -> None:
        past = self._history
        if is_up:
            off = np.linalg.norm(objects[:2, :3].mean(axis=0) - objects[-1, :3])
            past = replace(past, held_s=now_s, was_close=bool(off < CLOSE))
        rests = not is_held and self._garment.speed() < AT_REST and self._hangs(scene)
        since_s = past.hangs_s if rests and past.hangs_s is not None else now_s
        self._history = replace(past, hangs_s=since_s if rests else None)

    def _hangs(self, scene: Scene) -> bool:
        """Whether it touches the peg and not the table."""
        on = [
            [bool(scene.client.getContactPoints(body, other)) for body in self._garment.bodies]
            for other in (self._peg, self._table)
        ]
        return any(on[0]) and not any(on[1])

    def _failure(self, is_up: bool, now_s: float) -> Verdict:
        """Say why, and when: what was dropped was lost when it was held for the last time."""
        past = self._history
        if past.held_s is None:
            return Verdict('failure', NEVER_GRASPED, now_s)
        if is_up or past.hangs_s is not None:
            return Verdict('failure', TIME_OUT, now_s)
        return Verdict('failure', MISSED if past.was_close else DROPPED, past.held_s)


def _peg(client: Any, at: np.ndarray) -> int:
    """Put a peg with its middle at (3,), z towards its tip, before a post; return its body."""
    tilt = np.pi / 2 - PEG_TILT
    turned = client.getQuaternionFromEuler([tilt, 0.0, 0.0])
    looks = {'radius': PEG_RADIUS, 'rgbaColor': POST_RGBA}
    body = client.createMultiBody(
        0.0,
        client.createCollisionShape(client.GEOM_CAPSULE, radius=PEG_RADIUS, height=2 * PEG_HALF),
        client.createVisualShape(client.GEOM_CAPSULE, length=2 * PEG_HALF, **looks),
        at.tolist(),
        turned,
    )
    client.changeDynamics(body, -1, lateralFriction=1.0)
    root = at + PEG_HALF * np.array([0.0, np.sin(tilt), -np.cos(tilt)])
    half = (POST, POST, (root[2] + 2 * POST) / 2)
    post = np.array([root[0], root[1] + POST, half[2], 0.0, 0.0, 0.0, 1.0])
    furniture.block(client, half, post, 0.0, POST_RGBA)
    return body

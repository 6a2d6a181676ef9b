"""
Insertion: the right arm picks up a peg, the left a socket; they meet in the air, peg in socket.

In the hole the peg has 3 mm to either side. Judged from physics alone: where peg and socket are,
and which arm touches which. After the bimanual insertion of ALOHA, Zhao et al. 2023,
arXiv:2304.13705.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import down, flat, matrix
from il_ros.sim.geometry import pose as pose_of
from il_ros.sim.tasks import furniture
from il_ros.sim.tasks.base import Expert, Scene, Task, Verdict
from il_ros.spec import RobotSpec

PEG = (0.06, 0.015, 0.015)  # half extents [m], long side first
SOCKET = (
    0.04,
    0.0235,
    0.0235,
)  # half extents of the outside [m]; the hole goes through, lengthwise
CLEARANCE = 0.003  # [m] between peg and hole, to either side
MASS = 0.1  # [kg] of either
SPINNING = 0.02  # [m] friction's lever: pads are soft and wide, what they hold does not roll
DEPTH = 0.03  # [m] of peg in the hole that counts as inserted
HELD_S = 0.3  # for so long, each in its hand and in the air
PEG_AT, SOCKET_AT = np.array([0.15, 0.0]), np.array([-0.15, 0.0])  # [m] of the centres
SPREAD = np.array([0.05, 0.09])  # [m] to either side, uniform
SUNK = 1e-5  # [m] as deep in the table as things come to rest: at 0 contact is a matter of chance
YAW = 0.5  # [rad] to either side of the line between the arms, uniform
ABOVE = np.array([0.0, 0.0, 0.16])  # [m] where hands start, of the middle of where parts lie
START_SPREAD = np.array([0.04, 0.06, 0.03])  # [m] to either side, uniform
LIFTED = 0.06  # [m] height of a centre that nothing on the table reaches
KINDS = {'peg': 'right', 'socket': 'left'}  # which arm has which
JAMMED, TIME_OUT = 'jammed', 'time out'


@dataclass(frozen=True)
class History:
    """What judging needs of the past."""

    held_s: tuple[float | None, ...] = (None, None)  # until when peg and socket were in the air
    met_s: float | None = None  # since when they have been touching
    inserted_s: float | None = None  # since when the peg has been deep enough, all else being well


class Insertion(Task):
    """One peg, one socket; see the module."""

    name = 'insertion'
    object_names = tuple(KINDS)
    time_limit_s = 20.0
    failures = (
        *(f'{kind} {what}' for kind in KINDS for what in ('never grasped', 'dropped')),
        JAMMED,
        TIME_OUT,
    )

    def start_noise(self, spec: RobotSpec, rng: np.random.Generator) -> np.ndarray:
        """Each hand starts open, pointing down, somewhere above where its part may lie."""
        kinematics, position = Kinematics(spec), spec.home + super().start_noise(spec, rng)
        for name, middle in zip(KINDS.values(), (PEG_AT, SOCKET_AT), strict=True):
            at = np.array([*middle, 0.0]) + ABOVE + rng.uniform(-START_SPREAD, START_SPREAD)
            hand, joints = pose_of(down(flat(kinematics.base(name))), at), spec.arm(name).joints
            found, _ = kinematics.solve(name, hand, spec.home, iterations=60)
            position[joints] += found - spec.home[joints]
        return position - spec.home

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Put peg and socket down, each somewhere before its arm."""
        furniture.table(scene.client)
        at = [middle + rng.uniform(-SPREAD, SPREAD) for middle in (PEG_AT, SOCKET_AT)]
        yaw = rng.uniform(-YAW, YAW, 2)
        places = [_lying(*where) for where in zip(at, yaw, (PEG[2], SOCKET[2]), strict=True)]
        hole = PEG[2] + CLEARANCE
        self._bodies = (
            furniture.block(scene.client, PEG, places[0], MASS),
            _tube(scene.client, hole, places[1]),
        )
        for body in self._bodies:
            for link in range(-1, scene.client.getNumJoints(body)):
                scene.client.changeDynamics(
                    body, link, lateralFriction=1.0, spinningFriction=SPINNING
                )
        self._history = History()

    def objects(self, scene: Scene) -> np.ndarray:
        """Return the poses (2, 7) of peg and socket: xyz [m], quaternion xyzw."""
        poses = [scene.client.getBasePositionAndOrientation(body) for body in self._bodies]
        return np.array([[*at, *turned] for at, turned in poses])

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put peg and socket at poses (2, 7)."""
        for body, pose in zip(self._bodies, objects.tolist(), strict=True):
            scene.client.resetBasePositionAndOrientation(body, pose[:3], pose[3:])

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Success: peg in socket in the air, a while. Failure: off the table, or out of time."""
        objects = self.objects(scene)
        is_held = self._are_held(scene, objects)
        self._remember(scene, objects, is_held, elapsed_s)
        since_s = self._history.inserted_s
        if since_s is not None and elapsed_s - since_s >= HELD_S:
            return Verdict('success')
        if objects[:, 2].min() < -0.05 or elapsed_s >= self.time_limit_s:
            return self._failure(is_held, elapsed_s)
        return Verdict()

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return the scripted expert of this task."""
        from il_ros.sim.tasks.insertion_expert import InsertionExpert

        return InsertionExpert(spec, style, seed)

    def _are_held(self, scene: Scene, objects: np.ndarray) -> tuple[bool, ...]:
        """Whether peg and socket are in the air, each in its own hand."""
        return tuple(
            height > LIFTED and arm in scene.body.touching(body)
            for body, arm, height in zip(self._bodies, KINDS.values(), objects[:, 2], strict=True)
        )

    def _remember(
        self, scene: Scene, objects: np.ndarray, is_held: tuple[bool, ...], now_s: float
    ) -> None:
        past = self._history
        until = zip(is_held, past.held_s, strict=True)
        meet = bool(scene.client.getContactPoints(*self._bodies))
        is_in = all(is_held) and inserted(objects) >= DEPTH
        self._history = History(
            held_s=tuple(now_s if held else before for held, before in until),
            met_s=_since(past.met_s, all(is_held) and meet, now_s),
            inserted_s=_since(past.inserted_s, is_in, now_s),
        )

    def _failure(self, is_held: tuple[bool, ...], now_s: float) -> Verdict:
        """Say why, and when: what was dropped was lost when it was held for the last time."""
        until = dict(zip(KINDS, self._history.held_s, strict=True))
        for kind, at_s in until.items():
            if at_s is None:
                return Verdict('failure', f'{kind} never grasped', now_s)
        lost = [kind for kind, held in zip(KINDS, is_held, strict=True) if not held]
        if lost:
            first = min(lost, key=lambda kind: until[kind] or 0.0)
            return Verdict('failure', f'{first} dropped', until[first])
        met_s = self._history.met_s
        return Verdict('failure', *((TIME_OUT, now_s) if met_s is None else (JAMMED, met_s)))


def inserted(objects: np.ndarray) -> float:
    """Return how much of the peg is in the socket's hole [m], from poses (2, 7); 0 for none."""
    peg, socket = objects
    turned = matrix(socket[3:])  # the hole's axis is the first
    centre, axis = turned.T @ (peg[:3] - socket[:3]), turned.T @ matrix(peg[3:])[:, 0]
    ends = centre + PEG[0] * np.array([[-1.0], [1.0]]) * axis  # (2, 3) as the socket has them
    low, high = np.clip(np.sort(ends[:, 0]), -SOCKET[0], SOCKET[0])
    inner = ends[np.abs(ends[:, 0]).argmin()]
    is_in = np.abs(inner[1:]).max() < SOCKET[1] - PEG[1] and abs(axis[0]) > 0.9
    return float(high - low) if is_in else 0.0


def _since(before_s: float | None, is_so: bool, now_s: float) -> float | None:
    """Since when it has been so; None where it is not."""
    if not is_so:
        return None
    return now_s if before_s is None else before_s


def _lying(at: np.ndarray, yaw: float, height: float) -> np.ndarray:
    """The pose (7,) of what lies at xy (2,), turned about the vertical, its centre at a height."""
    return np.array([*at, height - SUNK, *furniture.about_up(yaw)])


def _tube(client: Any, hole: float, pose: np.ndarray) -> int:
    """
    Put the socket at pose (7,), four walls about a hole of half width [m]; return its body.

    Each wall is a link of its own: Bullet saves the contacts of one shape only for each pair of
    links, so that a state saved while a wall of one compound shape is held goes on differently.
    """
    length, y, z = SOCKET
    up, aside = (z + hole) / 2, (y + hole) / 2
    sides, lids = (length, (y - hole) / 2, z), (length, hole, (z - hole) / 2)
    walls = [client.createCollisionShape(client.GEOM_BOX, halfExtents=h) for h in (sides, lids)]
    looks = [
        client.createVisualShape(client.GEOM_BOX, halfExtents=h, rgbaColor=furniture.GREEN)
        for h in (sides, lids)
    ]
    return client.createMultiBody(
        baseMass=MASS / 5,
        basePosition=pose[:3].tolist(),
        baseOrientation=pose[3:].tolist(),
        linkMasses=[MASS / 5] * 4,
        linkCollisionShapeIndices=[walls[0], walls[0], walls[1], walls[1]],
        linkVisualShapeIndices=[looks[0], looks[0], looks[1], looks[1]],
        linkPositions=[[0, aside, 0], [0, -aside, 0], [0, 0, up], [0, 0, -up]],
        linkOrientations=[[0, 0, 0, 1]] * 4,
        linkInertialFramePositions=[[0, 0, 0]] * 4,
        linkInertialFrameOrientations=[[0, 0, 0, 1]] * 4,
        linkParentIndices=[0] * 4,
        linkJointTypes=[client.JOINT_FIXED] * 4,
        linkJointAxis=[[0, 0, 1]] * 4,
    )

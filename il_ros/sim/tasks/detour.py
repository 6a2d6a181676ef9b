"""
Detour: both arms lift a bar and carry it past a post in its way, before it or behind it.

Both ways are as good, and half of each is none: straight on is the post. Judged from physics
alone: what touches the post, and where the bar is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import leaning, pose, standing
from il_ros.sim.tasks import furniture
from il_ros.sim.tasks.base import Expert, Scene, Task, Verdict
from il_ros.spec import RobotSpec

BAR = (0.07, 0.012, 0.02)  # half extents [m], long side first, along x
KNOB = (0.006, 0.024, 0.02)  # of what ends each grip, so that it cannot slide along the bar
KNOBS_AT = (-0.064, 0.0, 0.064)  # [m] from the bar's middle
MASS = 0.15  # [kg]
FRICTION = 1.5  # a rubber grip: two arms that disagree pull at it
HELD_AT, HELD_SPREAD = 0.036, 0.004  # [m] from the bar's middle to each hand
RAISED = 0.004  # [m] of the grasp above the bar's middle, along the fingers
LEAN, LEAN_SPREAD = 1.2, 0.06  # [rad] of the hands below level
OPENING = (0.5, 0.9)  # of each gripper at the start, around the bar
HEIGHT = 0.07  # [m] at which the bar is carried
LIFTED, FALLEN = 0.05, 0.03  # [m] height of the bar's middle
START = np.array([0.165, 0.0, 0.0])  # x, y [m], yaw [rad] of the bar
START_SPREAD = np.array([0.010, 0.012, 0.12])  # to either side, uniform; so are those below
POST_RADIUS, POST_HEIGHT = 0.022, 0.10  # [m] higher than the bar, lower than the hands
POST = np.array([-0.03, 0.0])
POST_SPREAD = np.array([0.015, 0.012])
GOAL_X = -0.17
GOAL = (0.035, 0.18)  # half extents of the goal zone [m]
HIT, DROPPED, NEVER_LIFTED = 'touched the post', 'dropped', 'never lifted'
TIME_OUT = 'time out'


@dataclass(frozen=True)
class Way:
    """How one demonstrator goes past the post."""

    side: int  # 1 behind it, as the cameras see it (y > 0), -1 before it
    berth: float  # [m] between the middles of post and bar


WAYS: tuple[Way, ...] = (  # by the number of the style
    Way(1, 0.10),
    Way(-1, 0.10),
    Way(-1, 0.105),
    Way(1, 0.105),
    Way(1, 0.095),
    Way(-1, 0.095),
)


@dataclass(frozen=True)
class History:
    """What judging needs of the past."""

    lifted: bool = False
    held_s: float = 0.0  # until when a hand had the bar


class Detour(Task):
    """One bar in two hands, one post; see the module."""

    name = 'detour'
    object_names = ('bar', 'post', 'goal')
    time_limit_s = 10.0
    failures = (HIT, DROPPED, NEVER_LIFTED, TIME_OUT)

    def start_noise(self, spec: RobotSpec, rng: np.random.Generator) -> np.ndarray:
        """Both hands start open around the bar, wherever rng puts it."""
        x, y, yaw = START + rng.uniform(-START_SPREAD, START_SPREAD)
        self._start = np.array([x, y, BAR[2], yaw])
        kinematics, position = Kinematics(spec), spec.home.copy()
        for arm in spec.arms:
            along, lean = rng.uniform(-1, 1, 2) * (HELD_SPREAD, LEAN_SPREAD)
            hand = standing(self._start) @ held(arm.name, along, lean)
            position[arm.joints], _ = kinematics.solve(arm.name, hand, spec.home, iterations=60)
            position[arm.gripper] = rng.uniform(*OPENING)
        return position - spec.home

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Lay the bar between the fingers, stand the post in its way and the goal beyond."""
        post = POST + rng.uniform(-POST_SPREAD, POST_SPREAD)
        furniture.table(scene.client)
        half = self._start[3] / 2
        bar = np.array([*self._start[:3], 0.0, 0.0, np.sin(half), np.cos(half)])
        self._bar = _bar(scene.client, bar)
        self._post = _post(scene.client, post)
        self._goal = _zone(scene.client, np.array([GOAL_X, 0.0]))
        self._history = History()

    def objects(self, scene: Scene) -> np.ndarray:
        """Return the poses (3, 7) of bar, post and goal: xyz [m], quaternion xyzw."""
        poses = [scene.client.getBasePositionAndOrientation(body) for body in self._bodies]
        return np.array([[*at, *turned] for at, turned in poses])

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put bar, post and goal at poses (3, 7)."""
        for body, at in zip(self._bodies, objects.tolist(), strict=True):
            scene.client.resetBasePositionAndOrientation(body, at[:3], at[3:])

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Success: in the goal zone in both hands. Failure: the post touched, the bar dropped."""
        bar, _, goal = self.objects(scene)[:, :3]
        held_by = scene.body.touching(self._bar)
        lifted = self._history.lifted or bool(bar[2] > LIFTED)
        self._history = History(lifted, elapsed_s if held_by else self._history.held_s)
        if self._is_touched(scene):
            return Verdict('failure', HIT, elapsed_s)
        if lifted and bar[2] < FALLEN:
            return Verdict('failure', DROPPED, self._history.held_s)
        if lifted and len(held_by) == 2 and (np.abs(bar - goal)[:2] < GOAL).all():
            return Verdict('success')
        if elapsed_s >= self.time_limit_s:
            return Verdict('failure', TIME_OUT if lifted else NEVER_LIFTED, elapsed_s)
        return Verdict()

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return the scripted expert of this task."""
        from il_ros.sim.tasks.detour_expert import DetourExpert

        return DetourExpert(spec, style, seed)

    @property
    def _bodies(self) -> tuple[int, int, int]:
        return self._bar, self._post, self._goal

    def _is_touched(self, scene: Scene) -> bool:
        """Whether anything touches the post, which stands on nothing that moves."""
        return any(row[8] <= 0.0 for row in scene.client.getContactPoints(self._post))


def held(arm: str, along: float = 0.0, lean: float = 0.0) -> np.ndarray:
    """
    The grasp point's pose (4, 4) in the bar's frame, of the hand called arm.

    along [m], lean [rad]: how far it is from where it should be, outwards and downwards.
    """
    side = -1.0 if arm == 'left' else 1.0
    turned = leaning(np.array([-side, 0.0, 0.0]), LEAN + lean)
    return pose(turned, np.array([side * (HELD_AT + along), 0.0, 0.0]) - RAISED * turned[:, 0])


def _bar(client: Any, at: np.ndarray) -> int:
    """
    Lay the bar at pose (7,), with knobs at both ends and between the grips; return its body.

    Knobs are fixed links: of contacts of one compound shape Bullet does not restore all.
    """
    count = len(KNOBS_AT)
    shapes, looks = [], []
    for half in (BAR, *[KNOB] * count):
        shapes.append(client.createCollisionShape(client.GEOM_BOX, halfExtents=half))
        looks.append(
            client.createVisualShape(client.GEOM_BOX, halfExtents=half, rgbaColor=furniture.RED)
        )
    mass = MASS / (1 + count)
    body = client.createMultiBody(
        mass,
        shapes[0],
        looks[0],
        at[:3].tolist(),
        at[3:].tolist(),
        linkMasses=[mass] * count,
        linkCollisionShapeIndices=shapes[1:],
        linkVisualShapeIndices=looks[1:],
        linkPositions=[[x, 0.0, 0.0] for x in KNOBS_AT],
        linkOrientations=[[0.0, 0.0, 0.0, 1.0]] * count,
        linkInertialFramePositions=[[0.0] * 3] * count,
        linkInertialFrameOrientations=[[0.0, 0.0, 0.0, 1.0]] * count,
        linkParentIndices=[0] * count,
        linkJointTypes=[client.JOINT_FIXED] * count,
        linkJointAxis=[[0.0, 0.0, 1.0]] * count,
    )
    for part in range(-1, count):
        client.changeDynamics(body, part, lateralFriction=FRICTION)
    return body


def _post(client: Any, at: np.ndarray) -> int:
    """Stand the post at xy (2,), fixed to the table; return its body."""
    shape = client.createCollisionShape(
        client.GEOM_CYLINDER, radius=POST_RADIUS, height=POST_HEIGHT
    )
    look = client.createVisualShape(
        client.GEOM_CYLINDER, radius=POST_RADIUS, length=POST_HEIGHT, rgbaColor=(0.5, 0.2, 0.6, 1)
    )
    return client.createMultiBody(0.0, shape, look, [*at.tolist(), POST_HEIGHT / 2])


def _zone(client: Any, at: np.ndarray) -> int:
    """Mark the goal zone at xy (2,) on the table, without a body to bump into; return it."""
    look = client.createVisualShape(
        client.GEOM_BOX, halfExtents=[*GOAL, 0.001], rgbaColor=(0.16, 0.55, 0.32, 1.0)
    )
    return client.createMultiBody(0.0, -1, look, [*at.tolist(), 0.001])

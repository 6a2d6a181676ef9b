"""
Wire: the right hand leads a ring along a bent wire, and what it costs is to touch the wire.

The wire has T bends, the task's length: `wire:12` has twelve. The episode goes on after a touch,
and its cost is the number of ticks in which there was one. On the tightrope the first touch ends
it. Both serve to see how errors add up with length (Ross and Bagnell 2010, AISTATS, PMLR 9:661).
"""

from dataclasses import dataclass, replace

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.geometry import down, pose
from il_ros.sim.tasks import furniture
from il_ros.sim.tasks.base import Expert, Scene, Task, Verdict
from il_ros.sim.tasks.wire_scene import bend, ring, stretch
from il_ros.spec import RobotSpec

HAND = 'right'
LENGTHS = range(1, 17)  # bends; the arm reaches no further
GRIP = 0.075  # [m] from the ring's middle up to where the hand has its handle
GRASPED = 0.262  # opening, a little less than pads on the handle's sides have: they press
START_SPREAD = 0.003  # [m] of the ring's middle from the wire, along x and z, uniform
SEEN = (0.0, 0.02, 0.04, 0.06)  # [m] ahead of the ring: where the wire is shown
LOOSE_S = 0.2  # [s] that the hand may not feel the ring
TOUCHED, LET_GO, TIME_OUT = 'touched the wire', 'let go', 'time out'


@dataclass(frozen=True)
class History:
    """What judging needs of the past."""

    touches: int = 0  # ticks
    held_s: float = 0.0  # until when the hand had the ring


class Wire(Task):
    """One wire, one ring in one hand; see the module."""

    name = 'wire'
    takes_number = True
    has_cost = True
    object_names = ('ring', *(f'wire +{100 * ahead:.0f} cm' for ahead in SEEN), 'end')
    failures: tuple[str, ...] = (LET_GO, TIME_OUT)
    ends_at_touch = False

    def __init__(self, length: int = 8):
        """Bend the wire length times; ValueError says how often it can be."""
        if length not in LENGTHS:
            raise ValueError(
                f'{self.name}:{length}: a wire has {LENGTHS.start} to {LENGTHS.stop - 1} bends'
            )
        self.length = length
        self.time_limit_s = 3.0 + 1.0 * length

    def start_noise(self, spec: RobotSpec, rng: np.random.Generator) -> np.ndarray:
        """The hand starts with the ring around the wire's beginning, wherever rng puts that."""
        self._curve = bend(self.length, rng)
        off = rng.uniform(-START_SPREAD, START_SPREAD, 3) * (1.0, 0.0, 1.0)
        self._start = self._curve.at(self._curve.begin) + off
        position = spec.home.copy()
        arm, kinematics = spec.arm(HAND), Kinematics(spec)
        hand = pose(np.eye(3), self._start) @ held()
        position[arm.joints], _ = kinematics.solve(HAND, hand, spec.home, iterations=100)
        position[arm.gripper] = GRASPED
        return position - spec.home

    def build(self, scene: Scene, rng: np.random.Generator) -> None:
        """Stretch the wire, and put the ring into the hand."""
        furniture.table(scene.client)
        self._wire = stretch(scene.client, self._curve)
        self._ring = ring(scene.client, self._start, GRIP)
        scene.client.performCollisionDetection()  # a grasp has begun; saved states know of it
        self._history = History()

    def objects(self, scene: Scene) -> np.ndarray:
        """
        Return poses (6, 7): the ring, points of the wire at it and ahead, the wire's end.

        xyz [m], quaternion xyzw; a point has no orientation: the table's.
        """
        at, turned = scene.client.getBasePositionAndOrientation(self._ring)
        places = [self._curve.at(at[1] + ahead) for ahead in SEEN]
        places.append(self._curve.at(self._curve.end))
        return np.array([[*at, *turned], *([*place, 0.0, 0.0, 0.0, 1.0] for place in places)])

    def place(self, scene: Scene, objects: np.ndarray) -> None:
        """Put the ring at pose objects[0]; the wire is where the seed stretched it."""
        at = objects[0].tolist()
        scene.client.resetBasePositionAndOrientation(self._ring, at[:3], at[3:])

    def judge(self, scene: Scene, elapsed_s: float) -> Verdict:
        """Success: the ring at the wire's end, in the hand. Cost: ticks with a touch."""
        is_touching = self._is_touching(scene)
        touches = self._history.touches + is_touching
        self._history = replace(self._history, touches=touches)
        if scene.body.touching(self._ring):
            self._history = replace(self._history, held_s=elapsed_s)
        state, reason, moment_s = self._stands(scene, elapsed_s, is_touching)
        return Verdict(state, reason, moment_s, float(touches))

    def expert(self, spec: RobotSpec, style: Style, seed: int) -> Expert:
        """Return the scripted expert of this task."""
        from il_ros.sim.tasks.wire_expert import WireExpert

        return WireExpert(spec, style, seed, self.length)

    def _is_touching(self, scene: Scene) -> bool:
        contacts = scene.client.getContactPoints(self._ring)
        return any(row[2] in self._wire and row[8] <= 0.0 for row in contacts)

    def _stands(
        self, scene: Scene, elapsed_s: float, is_touching: bool
    ) -> tuple[str, str, float | None]:
        """State, reason and moment of an outcome."""
        at, _ = scene.client.getBasePositionAndOrientation(self._ring)
        held_s = self._history.held_s
        if is_touching and self.ends_at_touch:
            return 'failure', TOUCHED, elapsed_s
        if elapsed_s - held_s > LOOSE_S:
            return 'failure', LET_GO, held_s
        if at[1] >= self._curve.end:
            return 'success', '', None
        if elapsed_s >= self.time_limit_s:
            return 'failure', TIME_OUT, elapsed_s
        return 'running', '', None


class Tightrope(Wire):
    """The wire whose first touch ends the episode."""

    name = 'tightrope'
    failures = (TOUCHED, LET_GO, TIME_OUT)
    ends_at_touch = True


def held() -> np.ndarray:
    """The grasp point's pose (4, 4) in the ring's frame."""
    return pose(down(np.array([1.0, 0.0, 0.0])), np.array([0.0, 0.0, GRIP]))

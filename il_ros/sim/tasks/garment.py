"""
A garment in the physics: capsules tied at their ends.

    o---------o---------o    shoulders, thicker; where they meet is the neck
    |                   |
    o---------o---------o    chest; between it and the shoulders is the hole for a head
    |                   |
    o---------o---------o    hem

Every capsule is a body of its own and every tie a point-to-point constraint. Bullet goes on from a
saved state bit for bit where the bodies are Featherstone's, as these are, but not in maximal
coordinates; soft bodies it does not save at all.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pinocchio as pin

from il_ros.sim.geometry import UP, length, matrix

WIDTH = 0.08  # [m] of one half
DEPTHS = (0.0, 0.08, 0.13)  # [m] of shoulders, chest and hem
THICK, THIN = 0.014, 0.008  # [m] radius of the shoulders' capsules, and of the others
SIDES = {'left': -1, 'right': 1}
ROWS = ('shoulder', 'chest', 'hem')
PIECES = tuple(f'{side} {row}' for row in ROWS for side in SIDES)  # from the outer end inwards
_MASS = 0.015  # [kg] of a capsule; a shoulder has twice that
_DRAG = 1.5  # [1/s] how fast a capsule loses its speed in the air
_FRICTION, _ROLLING = 1.0, 0.001  # cloth does not roll, but turns freely between two fingers
_TIE_N = 50.0  # [N] that a tie holds
_GROUP = 64  # of collisions; its pieces do not collide with each other
_SUNK = 1e-5  # [m] as deep in the table as things come to rest: at 0 contact is a matter of chance
_THICK_RGBA, _THIN_RGBA = (0.72, 0.20, 0.45, 1.0), (0.88, 0.52, 0.68, 1.0)
_TOLD, _BACK = (-0.5, -0.5, -0.5, 0.5), (0.5, 0.5, 0.5, 0.5)  # Bullet's capsules lie along z

Node = tuple[int, int]  # column -1, 0 or 1, and row


def _links() -> dict[str, tuple[Node, Node]]:
    """Return the two ends of every capsule, by name."""
    links: dict[str, tuple[Node, Node]] = {}
    for side, column in SIDES.items():
        for row, name in enumerate(ROWS):
            links[f'{side} {name}'] = (column, row), (0, row)
        for row in range(len(ROWS) - 1):
            links[f'{side} seam {row}'] = (column, row), (column, row + 1)
    return links


class Garment:
    """One garment; what is told of it are the poses of PIECES."""

    def __init__(self, client: Any, at: np.ndarray, yaw: float):
        """Lay it on the table, its neck at xy (2,), turned about the vertical [rad]."""
        self._client, self._bodies = client, {}
        tied: dict[Node, list[tuple[int, float]]] = {}
        for name, ends in _links().items():
            one, other = (_on_table(node, at, yaw) for node in ends)
            body = self._bodies[name] = self._capsule(one, other, is_thick='shoulder' in name)
            for node, side in zip(ends, (-0.5, 0.5), strict=True):
                tied.setdefault(node, []).append((body, side * length(other - one)))
        for first, *rest in tied.values():
            for end in rest:
                self._tie(first, end)

    @property
    def bodies(self) -> tuple[int, ...]:
        """All bodies that it is made of."""
        return tuple(self._bodies.values())

    def poses(self) -> np.ndarray:
        """Return the poses (6, 7) of PIECES, lengthwise along x: xyz [m], quaternion xyzw."""
        told = []
        for name in PIECES:
            at, turned = self._client.getBasePositionAndOrientation(self._bodies[name])
            told.append(
                [*at, *self._client.multiplyTransforms([0] * 3, turned, [0] * 3, _TOLD)[1]]
            )
        return np.array(told)

    def place(self, poses: np.ndarray) -> None:
        """Put it where PIECES are at poses (6, 7); where the seams are follows."""
        told = dict(zip(PIECES, poses, strict=True))
        for name, row in told.items():
            turned = self._client.multiplyTransforms([0] * 3, row[3:], [0] * 3, _BACK)[1]
            self._client.resetBasePositionAndOrientation(self._bodies[name], row[:3], turned)
        for side in SIDES:
            corners = [outer_end(told[f'{side} {row}']) for row in ROWS]
            for row, (one, other) in enumerate(pairwise(corners)):
                body = self._bodies[f'{side} seam {row}']
                self._client.resetBasePositionAndOrientation(body, *_between(one, other))

    def speed(self) -> float:
        """Return how fast its fastest capsule is [m/s]."""
        velocities = (self._client.getBaseVelocity(body)[0] for body in self.bodies)
        return max(length(np.array(velocity)) for velocity in velocities)

    def _capsule(self, one: np.ndarray, other: np.ndarray, is_thick: bool) -> int:
        """Put a capsule between two points (3,); return its body."""
        client, radius = self._client, THICK if is_thick else THIN
        straight = length(other - one) - 2 * radius
        body = client.createMultiBody(
            2 * _MASS if is_thick else _MASS,
            client.createCollisionShape(client.GEOM_CAPSULE, radius=radius, height=straight),
            client.createVisualShape(
                client.GEOM_CAPSULE,
                radius=radius,
                length=straight,
                rgbaColor=_THICK_RGBA if is_thick else _THIN_RGBA,
            ),
            *_between(one, other),
        )
        client.setCollisionFilterGroupMask(body, -1, _GROUP, ~_GROUP)
        client.changeDynamics(
            body,
            -1,
            lateralFriction=_FRICTION,
            rollingFriction=_ROLLING,
            linearDamping=_DRAG,
            angularDamping=_DRAG,
        )
        return body

    def _tie(self, one: tuple[int, float], other: tuple[int, float]) -> None:
        """Tie two capsules together, each at a place along its own axis [m]."""
        (body, along), (child, there) = one, other
        kind, ends = self._client.JOINT_POINT2POINT, ([0, 0, along], [0, 0, there])
        tie = self._client.createConstraint(body, -1, child, -1, kind, [0, 0, 0], *ends)
        self._client.changeConstraint(tie, maxForce=_TIE_N)


def outer_end(pose: np.ndarray) -> np.ndarray:
    """Return the end (3,) of a piece at a pose (7,) that is at the garment's side."""
    return pose[:3] - WIDTH / 2 * matrix(pose[3:])[:, 0]


def inner_end(pose: np.ndarray) -> np.ndarray:
    """Return the end (3,) of a piece at a pose (7,) that is in the garment's middle."""
    return pose[:3] + WIDTH / 2 * matrix(pose[3:])[:, 0]


def _on_table(node: Node, at: np.ndarray, yaw: float) -> np.ndarray:
    """Where a node (3,) lies of a garment whose neck is at xy (2,)."""
    column, row = node
    x, y = WIDTH * column, -DEPTHS[row]
    cosine, sine = np.cos(yaw), np.sin(yaw)
    radius = THIN if row else THICK
    return np.array([at[0] + cosine * x - sine * y, at[1] + sine * x + cosine * y, radius - _SUNK])


def _between(one: np.ndarray, other: np.ndarray) -> tuple[list[float], list[float]]:
    """Middle and quaternion xyzw of what lies along z between two points (3,)."""
    turned = pin.Quaternion.FromTwoVectors(UP, other - one)
    return ((one + other) / 2).tolist(), turned.coeffs().tolist()

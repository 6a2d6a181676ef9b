"""What stands on and around the table: boxes in the physics client."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from il_ros.sim.backdrop import Backdrop

TABLE = (0.62, 0.45, 0.025)  # half extents [m]; its top is z = 0
TABLE_TOP = Backdrop(
    np.array([(x, y, 0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) * TABLE,
    (186, 176, 162),
)
Colour = tuple[float, float, float, float]  # red, green, blue, opacity, 0..1
RED, GREEN, BLUE = (0.85, 0.12, 0.12, 1.0), (0.16, 0.55, 0.32, 1.0), (0.15, 0.35, 0.75, 1.0)
WALL = 0.006  # thickness of a bin's walls and floor [m]


def table(client: Any) -> int:
    """Put a table under the robot, which TABLE_TOP shows; return its body."""
    shape = client.createCollisionShape(client.GEOM_BOX, halfExtents=TABLE)
    unseen = client.createVisualShape(client.GEOM_BOX, halfExtents=TABLE, rgbaColor=(0, 0, 0, 0))
    body = client.createMultiBody(0.0, shape, unseen, [0, 0, -TABLE[2]])
    client.changeDynamics(body, -1, lateralFriction=0.8)
    return body


def block(
    client: Any,
    half: tuple[float, float, float],
    pose: np.ndarray,
    mass: float,
    colour: Colour = RED,
) -> int:
    """Put a block of half extents [m] at pose (7,), xyz and quaternion xyzw; return its body."""
    shape = client.createCollisionShape(client.GEOM_BOX, halfExtents=half)
    look = client.createVisualShape(client.GEOM_BOX, halfExtents=half, rgbaColor=colour)
    body = client.createMultiBody(mass, shape, look, pose[:3].tolist(), pose[3:].tolist())
    client.changeDynamics(body, -1, lateralFriction=1.0)
    return body


def bin_of(
    client: Any,
    inside: float,
    height: float,
    at: np.ndarray,
    yaw: float = 0.0,
    colour: Colour = GREEN,
) -> int:
    """Put an open bin, square inside [m], at xy (2,) on the table, turned; return its body."""
    half, top = inside / 2, height / 2
    reach = half + WALL / 2
    walls: list[tuple[float, float, float, float]] = [
        (reach, 0, WALL / 2, half),
        (-reach, 0, WALL / 2, half),
        (0, reach, half + WALL, WALL / 2),
        (0, -reach, half + WALL, WALL / 2),
    ]  # centre, half extents
    extents = [(half, half, WALL / 2), *((x, y, top) for _, _, x, y in walls)]
    places = [(0, 0, WALL / 2), *((x, y, top) for x, y, _, _ in walls)]
    pose = np.array([*at, 0.0, *about_up(yaw)])
    return boxes(client, extents, places, pose, 0.0, [colour] * len(extents))


def tube(
    client: Any,
    half: tuple[float, float, float],
    hole: float,
    pose: np.ndarray,
    mass: float,
    colour: Colour = BLUE,
) -> int:
    """
    Put a block of half extents [m] at pose (7,) with a square hole right through it, lengthwise.

    hole [m] is half the hole's width; return the body.
    """
    long, wide, high = half
    extents = [(long, wide, (high - hole) / 2)] * 2 + [(long, (wide - hole) / 2, hole)] * 2
    up, out = (high + hole) / 2, (wide + hole) / 2
    places = [(0.0, 0.0, up), (0.0, 0.0, -up), (0.0, out, 0.0), (0.0, -out, 0.0)]
    body = boxes(client, extents, places, pose, mass, [colour] * len(extents))
    client.changeDynamics(body, -1, lateralFriction=1.0)
    return body


def boxes(
    client: Any,
    extents: Sequence[Sequence[float]],
    places: Sequence[Sequence[float]],
    pose: np.ndarray,
    mass: float,
    colours: Sequence[Colour],
) -> int:
    """
    Put one rigid body made of boxes at pose (7,); return it.

    extents and places (n, 3) are half extents and centres in the body's own axes [m]; its centre
    of mass is its origin. A mass of 0 [kg] stays where it is.
    """
    kinds = [client.GEOM_BOX] * len(extents)
    shape = client.createCollisionShapeArray(
        kinds, halfExtents=extents, collisionFramePositions=places
    )
    look = client.createVisualShapeArray(
        kinds, halfExtents=extents, visualFramePositions=places, rgbaColors=colours
    )
    return client.createMultiBody(mass, shape, look, pose[:3].tolist(), pose[3:].tolist())


def about_up(yaw: float) -> tuple[float, float, float, float]:
    """The quaternion xyzw of a turn about the vertical [rad]."""
    return (0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2)))

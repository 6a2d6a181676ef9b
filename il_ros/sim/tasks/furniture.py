"""What stands on and around the table: boxes in the physics client."""

from typing import Any

import numpy as np

from il_ros.sim.backdrop import Backdrop

TABLE = (0.62, 0.45, 0.025)  # half extents [m]; its top is z = 0
TABLE_TOP = Backdrop(
    np.array([(x, y, 0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) * TABLE,
    (186, 176, 162),
)
WALL = 0.006  # thickness of a bin's walls and floor [m]


def table(client: Any) -> int:
    """Put a table under the robot, which TABLE_TOP shows; return its body."""
    shape = client.createCollisionShape(client.GEOM_BOX, halfExtents=TABLE)
    unseen = client.createVisualShape(client.GEOM_BOX, halfExtents=TABLE, rgbaColor=(0, 0, 0, 0))
    body = client.createMultiBody(0.0, shape, unseen, [0, 0, -TABLE[2]])
    client.changeDynamics(body, -1, lateralFriction=0.8)
    return body


def block(client: Any, half: tuple[float, float, float], pose: np.ndarray, mass: float) -> int:
    """Put a block of half extents [m] at pose (7,), xyz and quaternion xyzw; return its body."""
    shape = client.createCollisionShape(client.GEOM_BOX, halfExtents=half)
    look = client.createVisualShape(
        client.GEOM_BOX, halfExtents=half, rgbaColor=(0.85, 0.12, 0.12, 1.0)
    )
    body = client.createMultiBody(mass, shape, look, pose[:3].tolist(), pose[3:].tolist())
    client.changeDynamics(body, -1, lateralFriction=1.0)
    return body


def bin_of(client: Any, inside: float, height: float, at: np.ndarray) -> int:
    """Put an open bin, square inside [m], at xy (2,) on the table; return its body."""
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
    kinds = [client.GEOM_BOX] * len(extents)
    shape = client.createCollisionShapeArray(
        kinds, halfExtents=extents, collisionFramePositions=places
    )
    look = client.createVisualShapeArray(
        kinds,
        halfExtents=extents,
        visualFramePositions=places,
        rgbaColors=[(0.16, 0.55, 0.32, 1.0)] * len(extents),
    )
    return client.createMultiBody(0.0, shape, look, [float(at[0]), float(at[1]), 0.0])

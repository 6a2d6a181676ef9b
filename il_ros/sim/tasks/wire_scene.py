"""A bent wire on two legs, and a ring with a handle."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from il_ros.sim.geometry import length, ramp

SPACING = 0.05  # [m] of y between bends
MIDDLE = np.array([0.15, 0.0, 0.13])  # [m] of a straight wire
SPREAD = np.array([0.015, 0.012])  # [m] of a bend in x and z, to either side, uniform
LEAD = 0.08  # [m] straight at both ends
WIRE_RADIUS = 0.003  # [m]
PIECES = 4  # straight pieces a bend
RING_RADIUS, RING_THICK = 0.023, 0.004  # [m] of the ring's middle line, half of its thickness
RING_PIECES = 12
HANDLE = 0.012  # [m] half its width
RING_MASS = 0.15  # [kg]
RUBBER = 2.0  # friction of the handle
_MOST = 16  # shapes that Bullet takes for one body
_METAL, _BRASS = (0.35, 0.36, 0.40, 1.0), (0.85, 0.62, 0.12, 1.0)


@dataclass(frozen=True, eq=False)
class Curve:
    """A wire along y: flat where it bends, smooth between."""

    knots: np.ndarray  # (T + 1, 2) x and z [m], SPACING apart along y

    @property
    def end(self) -> float:
        """The y where it ends [m]; it begins as far on the other side."""
        return SPACING * (len(self.knots) - 1) / 2

    @property
    def begin(self) -> float:
        """The y where it begins [m]."""
        return -self.end

    def at(self, y: float) -> np.ndarray:
        """Return the point (3,) of the wire at y [m]; beyond its ends it goes straight on."""
        along = min(max((y - self.begin) / SPACING, 0.0), len(self.knots) - 1.0)
        i = min(int(along), len(self.knots) - 2)
        x, z = self.knots[i] + ramp(along - i, 0.0, 1.0) * (self.knots[i + 1] - self.knots[i])
        return np.array([x, y, z])


def bend(bends: int, rng: np.random.Generator) -> Curve:
    """Return a wire that rng has bent so many times."""
    return Curve(MIDDLE[[0, 2]] + rng.uniform(-SPREAD, SPREAD, (bends + 1, 2)))


def stretch(client: Any, curve: Curve) -> frozenset[int]:
    """Put a wire on two legs, fixed to the table; return its bodies."""
    steps = PIECES * (len(curve.knots) - 1)
    ys = [curve.begin - LEAD, *np.linspace(curve.begin, curve.end, steps + 1), curve.end + LEAD]
    line = [curve.at(y) for y in ys]
    line = [line[0] * (1, 1, 0), *line, line[-1] * (1, 1, 0)]
    last = len(line) - 1
    return frozenset(
        _polyline(client, line[i : min(i + _MOST, last) + 1]) for i in range(0, last, _MOST)
    )


def _polyline(client: Any, points: list[np.ndarray]) -> int:
    """Join points (3,) by straight wire; return its body."""
    pairs = list(pairwise(points))
    middles = [((a + b) / 2).tolist() for a, b in pairs]
    spans = [length(b - a) for a, b in pairs]
    turned = [_along(b - a) for a, b in pairs]
    shape = client.createCollisionShapeArray(
        [client.GEOM_CAPSULE] * len(pairs),
        radii=[WIRE_RADIUS] * len(pairs),
        lengths=spans,
        collisionFramePositions=middles,
        collisionFrameOrientations=turned,
    )
    look = client.createVisualShapeArray(
        [client.GEOM_BOX] * len(pairs),  # a renderer has less to do than for capsules
        halfExtents=[(WIRE_RADIUS, WIRE_RADIUS, span / 2) for span in spans],
        visualFramePositions=middles,
        visualFrameOrientations=turned,
        rgbaColors=[_METAL] * len(pairs),
    )
    body = client.createMultiBody(0.0, shape, look)
    client.changeDynamics(body, -1, lateralFriction=0.2)
    return body


def ring(client: Any, at: np.ndarray, grip: float) -> int:
    """Put a ring across y with its middle at (3,), its handle up to grip [m] above; return it."""
    angles = 2 * np.pi * np.arange(RING_PIECES) / RING_PIECES
    half = RING_RADIUS * np.tan(np.pi / RING_PIECES)
    places = [(RING_RADIUS * np.cos(a), 0.0, RING_RADIUS * np.sin(a)) for a in angles]
    turned = [client.getQuaternionFromEuler([0.0, -a, 0.0]) for a in angles]
    extents = [(RING_THICK, RING_THICK, half)] * RING_PIECES
    low, high = RING_RADIUS, grip + 0.02
    places.append((0.0, 0.0, (low + high) / 2))
    turned.append((0.0, 0.0, 0.0, 1.0))
    extents.append((HANDLE, HANDLE, (high - low) / 2))
    kinds = [client.GEOM_BOX] * len(places)
    shape = client.createCollisionShapeArray(
        kinds,
        halfExtents=extents,
        collisionFramePositions=places,
        collisionFrameOrientations=turned,
    )
    look = client.createVisualShapeArray(
        kinds,
        halfExtents=extents,
        visualFramePositions=places,
        visualFrameOrientations=turned,
        rgbaColors=[_BRASS] * len(places),
    )
    body = client.createMultiBody(RING_MASS, shape, look, at.tolist())
    client.changeDynamics(body, -1, lateralFriction=RUBBER)
    return body


def _along(way: np.ndarray) -> tuple[float, ...]:
    """The quaternion xyzw that turns z along way (3,)."""
    x, y, z = way / length(way)
    turn = np.array([-y, x, 0.0, 1.0 + z])  # z cross way, and one more than their product
    if turn[3] < 1e-6:
        return 1.0, 0.0, 0.0, 0.0
    return tuple((turn / length(turn)).tolist())

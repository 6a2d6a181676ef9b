"""The whole state of Bullet, to go back to: also the contacts that its own restoring forgets."""

from dataclasses import dataclass

import numpy as np

from il_ros.sim.bullet import Client

NUDGE = 1e-3  # [m] into each other, more than the gap of what touches
Pair = tuple[int, int, int, int]  # two bodies, and a link of each; -1 is the base


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A saved state of Bullet, good until the world is built anew."""

    id: int
    normals: dict[Pair, np.ndarray]  # (3,) from the second of two that touch to the first


def save(client: Client) -> Snapshot:
    """Return the present state."""
    return Snapshot(client.saveState(), _normals(client))


def restore(client: Client, saved: Snapshot) -> None:
    """
    Go back to a saved state; what follows is the same, bit for bit.

    (Where many things that rest on each other have parted, as in `transport`, they may be solved
    in another order: joints were then up to 0.1 mrad elsewhere, a second later.)
    Bullet restores the points of a contact only if the pair has a place for them, which it gets
    when its shapes meet. Where they have parted since then, and by what was saved are a hair's
    breadth apart (pads hold a block by points that are kept from tick to tick), they are made to
    meet first.
    """
    client.restoreState(saved.id)
    missing = saved.normals.keys() - _normals(client).keys()
    if not missing:
        return
    for pair in sorted(missing):
        body = pair[1]
        place, turn = client.getBasePositionAndOrientation(body)
        nearer = np.array(place) + NUDGE * saved.normals[pair]
        client.resetBasePositionAndOrientation(body, nearer.tolist(), turn)
        client.performCollisionDetection()
        client.resetBasePositionAndOrientation(body, place, turn)
    client.restoreState(saved.id)


def _normals(client: Client) -> dict[Pair, np.ndarray]:
    """Return which links touch, and the normal of the first of their points."""
    points = reversed(client.getContactPoints())
    return {(p[1], p[2], p[3], p[4]): np.array(p[7]) for p in points}

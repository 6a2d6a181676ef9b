"""How much room the arms have: to the table, to the ends of their workspace, to each other."""

from collections.abc import Iterable
from itertools import combinations, product
from typing import Any

import numpy as np
import pinocchio as pin

from il_ros.robot.urdf import mimics, parse
from il_ros.spec import Arm, RobotSpec, Safety

Pairs = Iterable[tuple[int, int]]  # of shapes, by their number in Pinocchio's geometry model

_PRISMATIC = [f'JointModel{kind}' for kind in ('PX', 'PY', 'PZ', 'PrismaticUnaligned')]
_POINT = 1e-4  # [m] radius of the ball that stands for a grasp point
_ROOTED = 2  # links of an arm, from its base on, that cannot get near anything fixed


class Clearance:
    """
    The room left at a pose, group by group: each arm and what is fixed, then each pair of arms.

    Room is the least distance between two of the URDF's collision shapes, or a shape and a plane,
    less what the robot's YAML asks for: negative where that is not kept. Shapes that the URDF
    fixes to its root count as furniture. Not for use by two threads at once.
    """

    def __init__(self, spec: RobotSpec, safety: Safety):
        model = pin.buildModelFromXML(spec.urdf)
        shapes = pin.buildGeomFromUrdfString(model, spec.urdf, pin.GeometryType.COLLISION)
        carried = [_carried(model, spec, arm) for arm in spec.arms]  # joints
        own = [_shapes_on(shapes, joints) for joints in carried]
        arms = range(len(spec.arms))
        fixed = _shapes_on(shapes, [0])
        free = [_shapes_on(shapes, joints[_ROOTED:]) for joints in carried]
        around = [list(product(free[i], fixed)) for i in arms]
        for i in arms:
            around[i] += _beside_planes(model, shapes, spec.arms[i], free[i], safety)
        couples = list(combinations(arms, 2))
        between = [list(product(own[i], own[j])) for i, j in couples]
        self.groups = [*((i,) for i in arms), *couples]  # the arms that each group is about
        self._rooms = [_Room(shapes, pairs, safety.distance) for pairs in (*around, *between)]
        self._model, self._data = model, model.createData()
        self._joints = pin.neutral(model)
        self._columns, self._matrix, self._offset = _mapping(model, spec)
        reach = np.array([_reach(model, shapes, joints) for joints in range(1, model.njoints)])
        mine = np.array([[j in carried[i] for j in range(1, model.njoints)] for i in arms])
        rates = [mine[list(group)].any(axis=0) * reach for group in self.groups]
        # [m per unit] no point of a group's shapes moves faster, joint by joint
        self.reach = np.array(rates)[:, _joint_order(model, self._columns)] @ np.abs(self._matrix)

    def __deepcopy__(self, memo: dict[int, Any]) -> 'Clearance':
        """All that changes in it is scratch."""
        return self

    def at(self, position: np.ndarray) -> np.ndarray:
        """Return the room (G,) [m] of each group at joint positions (N,)."""
        self._joints[self._columns] = self._matrix @ position + self._offset
        pin.forwardKinematics(self._model, self._data, self._joints)
        return np.array([room.least(self._model, self._data) for room in self._rooms])

    def nearest(self, group: int) -> str:
        """Return what was nearest to what at the last pose, such as 'left_hand to the table'."""
        return self._rooms[group].nearest()


class _Room:
    """Some pairs of shapes, none of which may come nearer than a distance [m]."""

    def __init__(self, shapes: pin.GeometryModel, pairs: Pairs, distance: float):
        self._shapes = shapes.copy()
        for pair in pairs:
            self._shapes.addCollisionPair(pin.CollisionPair(*pair))
        self._found = self._shapes.createData()
        self._distance = distance
        self._least = 0

    def least(self, model: pin.Model, data: pin.Data) -> float:
        """Return the room left [m], where the joints were placed."""
        pin.updateGeometryPlacements(model, data, self._shapes, self._found)
        self._least = pin.computeDistances(self._shapes, self._found)
        return self._found.distanceResults[self._least].min_distance - self._distance

    def nearest(self) -> str:
        """Return the pair that leaves least."""
        pair = self._shapes.collisionPairs[self._least]
        names = [self._shapes.geometryObjects[i].name for i in (pair.first, pair.second)]
        return ' to '.join(name.rstrip('0123456789').rstrip('_') for name in names)


def _carried(model: pin.Model, spec: RobotSpec, arm: Arm) -> list[int]:
    """Return the joints of the model that move an arm, from its base on."""
    return list(model.subtrees[model.getJointId(spec.joint_names[arm.joints.start])])


def _shapes_on(shapes: pin.GeometryModel, joints: Iterable[int]) -> list[int]:
    joints = set(joints)
    return [i for i, o in enumerate(shapes.geometryObjects) if o.parentJoint in joints]


def _beside_planes(
    model: pin.Model, shapes: pin.GeometryModel, arm: Arm, free: list[int], safety: Safety
) -> list[tuple[int, int]]:
    """Add the table, and the ends of an arm's workspace; return who must stay beside which."""
    # every pair is asked for safety.distance: planes are moved by what they are asked for less
    pairs = []
    if safety.table is not None:
        height = safety.table + safety.table_distance - safety.distance
        table = _add_plane(shapes, 'the table', np.array([0.0, 0.0, 1.0]), height)
        pairs += [(i, table) for i in free]
    if arm.name in safety.workspace:
        grasp = _add_point(model, shapes, f'{arm.name}_grasp')
        for normal, end in _ends(safety.workspace[arm.name]):
            name = 'the end of its workspace'
            moved = end - _POINT - safety.distance
            pairs.append((grasp, _add_plane(shapes, name, normal, moved)))
    return pairs


def _ends(box: tuple[float, ...]) -> Iterable[tuple[np.ndarray, float]]:
    """Return the six planes, normal inwards and offset [m], of x, y and z from .. to."""
    for axis, (low, high) in zip(np.eye(3), np.reshape(box, (3, 2)), strict=True):
        yield axis, float(low)
        yield -axis, -float(high)


def _add_plane(shapes: pin.GeometryModel, name: str, normal: np.ndarray, offset: float) -> int:
    """Add what lies behind normal . x = offset [m]; return its number."""
    solid = pin.hppfcl.Halfspace(normal, offset)
    return shapes.addGeometryObject(pin.GeometryObject(name, 0, pin.SE3.Identity(), solid))


def _add_point(model: pin.Model, shapes: pin.GeometryModel, link: str) -> int:
    """Add the origin of a link; return its number."""
    if not model.existFrame(link):
        raise ValueError(f'safety: workspace: the URDF has no link {link}')
    frame = model.frames[model.getFrameId(link)]
    ball = pin.hppfcl.Sphere(_POINT)
    return shapes.addGeometryObject(
        pin.GeometryObject(link, frame.parentJoint, frame.placement, ball)
    )


def _mapping(model: pin.Model, spec: RobotSpec) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Return columns c, matrix M, offset b: the model's joints [c] are M @ position (N,) + b."""
    size, rows = spec.size, np.diag(spec.joint_scale)
    places = {name: i for i, name in enumerate(spec.joint_names)}
    names, matrix, offset = list(spec.joint_names), list(rows), list(spec.joint_offset)
    for mimic in mimics(parse(spec.urdf, spec.name)):
        if mimic.driver in places:
            driver = places[mimic.driver]
            names.append(mimic.joint)
            matrix.append(mimic.multiplier * rows[driver])
            offset.append(mimic.multiplier * spec.joint_offset[driver] + mimic.offset)
    columns = [model.joints[model.getJointId(name)].idx_q for name in names]
    return columns, np.reshape(matrix, (-1, size)), np.array(offset)


def _joint_order(model: pin.Model, columns: list[int]) -> list[int]:
    """Return the places, among all joints but the universe, of those at columns."""
    order = [model.joints[j].idx_q for j in range(1, model.njoints)]
    return [order.index(column) for column in columns]


def _reach(model: pin.Model, shapes: pin.GeometryModel, joint: int) -> float:
    """Return how far [m per unit] one joint's motion moves any shape that it carries, at most."""
    return 1.0 if _slides(model, joint) else _extent(model, shapes, joint)


def _extent(model: pin.Model, shapes: pin.GeometryModel, joint: int) -> float:
    """Return a radius [m] about a joint that holds all that it carries, however it is bent."""
    extents = [0.0]
    for i in _shapes_on(shapes, [joint]):
        shape = shapes.geometryObjects[i]
        shape.geometry.computeLocalAABB()
        centre = shape.placement.act(np.array(shape.geometry.aabb_center))
        extents.append(float(np.linalg.norm(centre)) + shape.geometry.aabb_radius)
    for child in range(joint + 1, model.njoints):
        if model.parents[child] == joint:
            away = float(np.linalg.norm(model.jointPlacements[child].translation))
            extents.append(away + _slide(model, child) + _extent(model, shapes, child))
    return max(extents)


def _slide(model: pin.Model, joint: int) -> float:
    """Return how far [m] a joint shifts what it carries, at most."""
    place = model.joints[joint].idx_q
    ends = model.lowerPositionLimit[place], model.upperPositionLimit[place]
    return max(abs(float(end)) for end in ends) if _slides(model, joint) else 0.0


def _slides(model: pin.Model, joint: int) -> bool:
    """Whether a joint is prismatic."""
    return model.joints[joint].shortname() in _PRISMATIC

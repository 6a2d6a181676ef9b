"""The robot in the physics: servos that keep the URDF's limits, sensors, and what it touches."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.robot.urdf import Limit, limits, mimics, parse, without_frames
from il_ros.spec import JointSample, RobotSpec

STIFFNESS = 0.3  # share of a position error that a servo removes in one physics step
PAD_FRICTION = 1.3  # rubber; times the friction of what is held
_GEAR_FORCE = 100.0  # [N] keeps a driven finger and its mimic symmetric when something pushes one


class Body:
    """The robot as one PyBullet body; built anew by every reset of the world."""

    def __init__(self, client: Any, spec: RobotSpec, position: np.ndarray):
        """Load the URDF into client, at rest at position (N,) [rad, opening]."""
        self._client, self._spec = client, spec
        self.id = _load(client, spec.urdf)
        rows = [client.getJointInfo(self.id, i) for i in range(client.getNumJoints(self.id))]
        self._joint = {row[1].decode(): row[0] for row in rows}
        self._link = {row[12].decode(): row[0] for row in rows}
        self._movable = [row[0] for row in rows if row[2] != client.JOINT_FIXED]
        self._owner = _owners(spec, rows)
        self._sensors = [self._joint[name] for name in spec.joint_names]
        tree = parse(spec.urdf, spec.name)
        self._mimics = tuple(m for m in mimics(tree) if m.driver in spec.joint_names)
        self._drivers = [spec.joint_names.index(m.driver) for m in self._mimics]
        self._multipliers = np.array([m.multiplier for m in self._mimics])
        self._offsets = np.array([m.offset for m in self._mimics])
        self._servos = self._limited_servos(limits(tree))
        self.put(position)
        self._grip()
        self._let_arms_collide()

    def number(self, joint: str) -> int:
        """Return PyBullet's number of a joint."""
        return self._joint[joint]

    def movable(self) -> list[int]:
        """Return PyBullet's numbers of all joints that move, in its order."""
        return self._movable

    def link(self, names: Iterable[str]) -> int:
        """Return PyBullet's number of the first of some links that is a body of its own."""
        return next(self._link[name] for name in names if name in self._link)

    def servo_positions(self, position: np.ndarray) -> list[Any]:
        """Return what servos are told for positions (..., N) [rad, opening], mimics included."""
        values = self._spec.to_joint(position)
        mimics = values[..., self._drivers] * self._multipliers + self._offsets
        return np.concatenate([values, mimics], axis=-1).tolist()

    def servo_velocities(self, velocity: np.ndarray) -> list[Any]:
        """Return what servos are told for velocities (..., N), mimics included."""
        values = velocity * self._spec.joint_scale
        mimics = values[..., self._drivers] * self._multipliers
        return np.concatenate([values, mimics], axis=-1).tolist()

    def drive(self, positions: list[float], velocities: list[float]) -> None:
        """Ask the servos for one physics step, in their own terms."""
        joints, forces, gains = self._servos
        self._client.setJointMotorControlArray(
            self.id,
            joints,
            self._client.POSITION_CONTROL,
            targetPositions=positions,
            targetVelocities=velocities,
            forces=forces,
            positionGains=gains,
        )

    def sample(self, stamp_ns: int) -> JointSample:
        """Return what the joint sensors measure now, as of stamp_ns."""
        rows = self._client.getJointStates(self.id, self._sensors)
        position, velocity, _, effort = zip(*rows, strict=True)
        spec = self._spec
        return JointSample(
            stamp_ns,
            spec.from_joint(np.array(position)),
            np.array(velocity) / spec.joint_scale,
            np.array(effort),
        )

    def put(self, position: np.ndarray) -> None:
        """Place the joints at position (N,) [rad, opening] at once, without physics."""
        values = self.servo_positions(position)
        for joint, value in zip(self._servos[0], values, strict=True):
            self._client.resetJointState(self.id, joint, value)

    def touching(self, other: int) -> frozenset[str]:
        """Return the names of the arms that touch another body now."""
        contacts = self._client.getContactPoints(other, self.id)
        return frozenset(self._owner[row[4]] for row in contacts if row[4] in self._owner)

    def _limited_servos(
        self, limit: dict[str, Limit]
    ) -> tuple[list[int], list[float], list[float]]:
        """Joints, efforts and gains of the robot's servos, then of the joints that mimic them."""
        names = [*self._spec.joint_names, *(m.joint for m in self._mimics)]
        joints = [self._joint[name] for name in names]
        for name, joint in zip(names, joints, strict=True):
            # a servo keeps the velocity limit given here; the array call cannot give one
            self._client.setJointMotorControl2(
                self.id,
                joint,
                self._client.POSITION_CONTROL,
                force=limit[name].effort,
                maxVelocity=limit[name].velocity,
            )
        # an arm out of torque would overshoot: one cap for the whole body is what Bullet has
        fastest = max(limit[name].velocity for name in names)
        self._client.changeDynamics(self.id, -1, maxJointVelocity=fastest)
        return joints, [limit[name].effort for name in names], [STIFFNESS] * len(names)

    def _grip(self) -> None:
        """Give the fingers rubber pads, and gears, since PyBullet does not know <mimic>."""
        for mimic in self._mimics:
            driver, follower = self._joint[mimic.driver], self._joint[mimic.joint]
            for link in (driver, follower):
                self._client.changeDynamics(self.id, link, lateralFriction=PAD_FRICTION)
            gear = self._client.createConstraint(
                self.id,
                driver,
                self.id,
                follower,
                self._client.JOINT_GEAR,
                [0, 1, 0],
                [0] * 3,
                [0] * 3,
            )
            self._client.changeConstraint(
                gear, gearRatio=-mimic.multiplier, maxForce=_GEAR_FORCE, erp=0.5
            )

    def _let_arms_collide(self) -> None:
        """An arm's own links overlap at the joints by construction: only two arms can meet."""
        links = sorted(self._joint.values())  # a link has the number of the joint that carries it
        for i, first in enumerate(links):
            for second in links[i + 1 :]:
                if self._owner.get(first) == self._owner.get(second):
                    self._client.setCollisionFilterPair(self.id, self.id, first, second, 0)


def _load(client: Any, urdf: str) -> int:
    """Load a URDF's text; PyBullet only reads files."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / 'robot.urdf'
        file.write_text(without_frames(urdf))
        return client.loadURDF(str(file), useFixedBase=True, flags=client.URDF_USE_SELF_COLLISION)


def _owners(spec: RobotSpec, rows: list[tuple]) -> dict[int, str]:
    """The arm that each link belongs to: what the arm's first joint carries, and its base."""
    owner: dict[int, str] = {}
    first = {spec.joint_names[arm.joints.start]: arm.name for arm in spec.arms}
    for row in rows:  # PyBullet lists parents before children
        index, name, parent = row[0], row[1].decode(), row[16]
        if name in first:
            owner[index] = owner[parent] = first[name]
        elif parent in owner:
            owner[index] = owner[parent]
    return owner

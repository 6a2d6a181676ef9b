"""A person's hand at the simulated robot: arms that give way to it, and how it pushes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.robot.urdf import carriers, parse
from il_ros.sim.body import Body
from il_ros.spec import RobotSpec, Wrench

FRICTION = 0.02  # of a servo's effort: an arm that nobody pushes stays where it is
DAMPING = 0.1  # of a servo's effort, for each rad/s


@dataclass(frozen=True)
class Touch:
    """What a hand does during a tick."""

    free: frozenset[str] = frozenset()  # arms that give way
    wrenches: tuple[Wrench, ...] = ()


class Compliance:
    """
    Arms whose servos carry what the arm weighs, and brake a little: a hand may move them.

    Grippers keep their servos: what they hold they go on holding.
    """

    def __init__(self, client: Any, body: Body, spec: RobotSpec):
        self._client, self._body, self._spec = client, body, spec
        self._kinematics = Kinematics(spec)
        self._carriers = carriers(parse(spec.urdf, spec.name))
        self._movable = body.movable()
        self._joints = {
            arm.name: [body.number(name) for name in spec.joint_names[arm.joints]]
            for arm in spec.arms
        }
        self.torque = np.zeros(spec.size)  # (N,) [Nm] that carries the free arms

    def begin(self, touch: Touch) -> None:
        """Begin a tick; ValueError for an arm or a link that there is not."""
        self.torque = np.zeros(self._spec.size)
        for name in touch.free:
            self._spec.arm(name)
        for wrench in touch.wrenches:
            if wrench.link not in self._carriers:
                name = self._spec.name
                raise ValueError(f'{name}: the URDF has no link {wrench.link!r} to push at')

    def act(self, touch: Touch) -> None:
        """Do for one physics step what the hand and the free arms' servos do."""
        if touch.free:
            self._carry(touch.free)
        for wrench in touch.wrenches:
            self._push(wrench)

    def _carry(self, arms: Collection[str]) -> None:
        """Let arms go, but for their weight: each step, since servos come back by themselves."""
        client, robot = self._client, self._body.id
        rows = client.getJointStates(robot, self._movable)
        position, still = [row[0] for row in rows], [0.0] * len(rows)
        weight = client.calculateInverseDynamics(robot, position, still, still)
        weights = dict(zip(self._movable, weight, strict=True))
        speeds = {joint: row[1] for joint, row in zip(self._movable, rows, strict=True)}
        for name in arms:
            arm = self._spec.arm(name)
            joints, effort = self._joints[name], self._spec.effort[arm.joints]
            speed = np.abs([speeds[joint] for joint in joints])
            brake = (FRICTION + DAMPING * speed) * effort
            client.setJointMotorControlArray(
                robot,
                joints,
                client.VELOCITY_CONTROL,
                targetVelocities=[0.0] * len(joints),
                velocityGains=[1.0] * len(joints),
                forces=brake.tolist(),
            )
            torque = np.array([weights[joint] for joint in joints]).clip(-effort, effort)
            client.setJointMotorControlArray(
                robot, joints, client.TORQUE_CONTROL, forces=torque.tolist()
            )
            self.torque[arm.joints] = torque

    def _push(self, wrench: Wrench) -> None:
        """Push at a link's origin, in its axes; a mere frame hands it on to what carries it."""
        client, robot = self._client, self._body.id
        pose = self._kinematics.link(wrench.link, self._body.sample(0).position)
        link = self._body.link(self._carriers[wrench.link])
        force, torque = pose[:3, :3] @ wrench.force, pose[:3, :3] @ wrench.torque
        world = client.WORLD_FRAME
        client.applyExternalForce(robot, link, force.tolist(), pose[:3, 3].tolist(), world)
        client.applyExternalTorque(robot, link, torque.tolist(), world)

"""Leader arms in the simulated operator's hands: ideal ones, or those of a leader_node."""

from dataclasses import replace

import numpy as np
from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.topics import publisher, subscribe
from il_ros.spec import JointSample, RobotSpec
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_map import LeaderMap, LeaderReading

SIMULATED = ('simulated', '')  # drivers of arms that go where LEADER_HANDS says; '': another's


class IdealLeader:
    """Arms like the robot's, wherever the hands are."""

    def __init__(self, node: Node, spec: RobotSpec, lockstep: bool):
        self.spec = spec
        self.out = publisher(node, wire.LEADER, keep_all=lockstep)

    def leave(self, stamp_ns: int) -> None:
        """Nobody is at them."""
        self.out.publish(wire.nobody_msg(stamp_ns))

    def hold(self, joints: JointSample, target: np.ndarray, is_engaged: bool) -> None:
        """Hold them where the robot shall be (A,), the dead-man held or not."""
        self.out.publish(wire.joints_msg(self.spec, replace(joints, position=target)))


class HeldLeader:
    """
    A leader_node's arms, carried while the dead-man is held.

    As a person does, the operator sees at engagement whether the leader is where the robot is; if
    not, the hands go as far from where they are as the robot shall go from where it is.
    """

    def __init__(self, node: Node, spec: RobotSpec, lockstep: bool, leader: str):
        self.spec, self.config = spec, load_leader(leader)
        if self.config.driver not in SIMULATED:
            raise ValueError(
                f'leader {leader}: arms with driver {self.config.driver} are moved by a person, '
                'not by the simulated operator; give leader:=sim, or hands:=leader or joystick'
            )
        self.map = LeaderMap(spec, self.config)
        self.out = publisher(node, wire.LEADER_HANDS, keep_all=lockstep)
        self.reading: LeaderReading | None = None
        self.offset: np.ndarray | None = None  # (A,) of the hands, while they hold
        subscribe(node, wire.LEADER, self.on_leader, keep_all=lockstep)

    def on_leader(self, data: bytes) -> None:
        """See where the leader is."""
        self.reading = self.map.read(data)

    def leave(self, stamp_ns: int) -> None:
        """Let go."""
        self.offset = None
        self.out.publish(wire.nobody_msg(stamp_ns))

    def hold(self, joints: JointSample, target: np.ndarray, is_engaged: bool) -> None:
        """Carry the leader so that the robot goes to its target (A,)."""
        if not is_engaged:
            self.leave(joints.stamp_ns)
            return
        if self.offset is None:
            self.offset = self._seen(joints, target)
        hands = self.map.to_leader(target + self.offset)
        message = wire.named_joints_msg(joints.stamp_ns, self.map.names, hands)
        self.out.publish(message)

    def _seen(self, joints: JointSample, target: np.ndarray) -> np.ndarray:
        """Return by how much the hands (A,) are away from where the robot shall be."""
        offset = np.zeros(self.spec.size)
        if self.reading is None:
            return offset
        for index, arm in enumerate(self.spec.arms):
            apart = self.reading.position[arm.joints] - joints.position[arm.joints]
            if self.reading.has[index] and not self.config.is_absolute(apart):
                offset[arm.joints] = self.reading.position[arm.joints] - target[arm.joints]
        return offset

"""What leader arms go by: the follower, who has its arms, and simulated hands."""

from collections.abc import Callable

import numpy as np
from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.topics import subscribe
from il_ros.observation.joints import JointMerger
from il_ros.teleop.leader_arms import LeaderArms
from il_ros.teleop.leader_drive import LeaderDrive
from il_ros.teleop.leader_map import LeaderMap


class LeaderInputs:
    """
    Hand on what comes in; in lockstep on_tick(stamp_ns) is called once a tick.

    That is when the hands have moved, the follower is seen, and it is known who had its arms last.
    """

    def __init__(
        self,
        node: Node,
        drive: LeaderDrive,
        leader_map: LeaderMap,
        arms: LeaderArms,
        is_lockstep: bool,
        on_tick: Callable[[int], None],
    ):
        self.drive, self.map, self.arms = drive, leader_map, arms
        self.is_lockstep, self.on_tick = is_lockstep, on_tick
        self.logger = node.get_logger()
        self.merger = JointMerger(leader_map.spec)
        self.dt_ns = leader_map.spec.dt_ns
        self.held_ns = self.seen_ns = self.decided_ns = self.done_ns = -1
        for name in leader_map.spec.joint_state_topics:
            self.listen(node, wire.Topic(name, wire.JOINT_STATES.type), self.on_joints)
        self.listen(node, wire.AUTHORITY, self.on_authority)
        self.listen(node, wire.LEADER_HANDS, self.on_hands)

    def listen(self, node: Node, topic: wire.Topic, take: Callable[[bytes], None]) -> None:
        """Subscribe to a topic; take(data) raises ValueError for what is of no use."""

        def on_message(data: bytes) -> None:
            try:
                take(data)
            except ValueError as error:
                self.logger.error(f'{topic.name} refused: {error}', throttle_duration_sec=1.0)
            else:
                self.try_tick()

        subscribe(node, topic, on_message, keep_all=self.is_lockstep)

    def on_joints(self, data: bytes) -> None:
        """Take where the follower is."""
        joints = self.merger.add(data)
        if joints is not None:
            self.seen_ns = joints.stamp_ns
            self.drive.see(joints)

    def on_authority(self, data: bytes) -> None:
        """Take who has its arms."""
        self.decided_ns, authority = wire.read_authority(data)
        self.drive.hear(self.decided_ns, authority)

    def on_hands(self, data: bytes) -> None:
        """Take where simulated hands hold the leader, or that they let go."""
        self.held_ns, given = wire.read_named_joints(data)
        missing = [name for name in self.map.names if name not in given]
        if given and missing:
            raise wire.WrongJoints(f'joints {missing} are missing')
        held = np.array([given[name] for name in self.map.names]) if given else None
        self.arms.take_hands(held)

    def try_tick(self) -> None:
        """Lockstep: the tick, once all of it is here."""
        now_ns = self.seen_ns
        if not self.is_lockstep or self.held_ns != now_ns or now_ns == self.done_ns:
            return
        if now_ns == self.done_ns + self.dt_ns and self.decided_ns < self.done_ns:
            return
        self.done_ns = now_ns
        self.on_tick(now_ns)

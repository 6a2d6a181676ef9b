"""What the sim tells of each tick: clock, objects, outcome, images and joints."""

from dataclasses import replace

from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.sim_cameras import SimCameras
from il_ros.nodes.topics import publisher
from il_ros.rollout.recording import OUTCOME_EVERY
from il_ros.sim.world import World


class SimState:
    """Publishers of a world's state; in lockstep no message is lost, and there is a clock."""

    def __init__(self, node: Node, world: World, cameras: SimCameras, is_lockstep: bool):
        self.world, self.cameras, self.is_lockstep = world, cameras, is_lockstep
        self.joints = publisher(node, wire.JOINT_STATES, keep_all=is_lockstep)
        self.state = publisher(node, wire.TASK_STATE, keep_all=is_lockstep)
        self.outcome = publisher(node, wire.TASK_OUTCOME, keep_all=is_lockstep)
        self.clock = publisher(node, wire.CLOCK, keep_all=True) if is_lockstep else None
        self.description = publisher(node, wire.ROBOT_DESCRIPTION)
        self.description.publish(wire.string_msg(world.spec.urdf))

    def publish(self, stamp_ns: int, ticks: int, seed: int) -> None:
        """Tell of one tick, the ticks-th of its scene; joint_states start the others' turn."""
        spec, outcome = self.world.spec, replace(self.world.outcome(), stamp_ns=stamp_ns)
        if self.clock is not None:
            self.clock.publish(wire.clock_msg(stamp_ns))
        self.state.publish(wire.poses_msg(stamp_ns, self.world.objects()))
        if outcome.is_over or ticks % OUTCOME_EVERY == 0:
            self.outcome.publish(wire.outcome_msg(outcome))
        tick_ns = stamp_ns if self.is_lockstep else ticks * spec.dt_ns
        self.cameras.take(stamp_ns, tick_ns, seed, is_first=ticks == 0)
        joints = replace(self.world.joints(), stamp_ns=stamp_ns)
        self.joints.publish(wire.joints_msg(spec, joints))

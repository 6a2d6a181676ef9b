"""The simulated robot as a node: publishes joints, task and images, takes `command`."""

from dataclasses import replace

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import run
from il_ros.nodes.sim_cameras import SimCameras
from il_ros.nodes.topics import publisher, subscribe
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.loop import cameras_of
from il_ros.rollout.recording import OUTCOME_EVERY
from il_ros.sim.controller import Controller, Refused
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('task', 'transfer', 'see `il-ros list tasks`', fixed=True),
    Param('lockstep', False, 'step only when a command for the tick has come', fixed=True),
    Param('cameras', '', 'cameras to publish, separated by commas; none by default', fixed=True),
    Param('transport', 'jpeg', 'jpeg, png or raw', fixed=True),
    Param('seed', 0, 'the scene that the next ~/reset builds'),
    Param('command_timeout_s', 0.2, 'hold when commands stop for so long [s]', low=0.02, high=5.0),
)


class SimNode(Node):
    """Publish the state of each tick; step on a command (lockstep) or on time."""

    def __init__(self):
        super().__init__('sim_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        cameras = cameras_of(self.spec, names(self.p.cameras))
        self.world = World(self.spec, make(TASKS, self.p.task), cameras)
        self.controller = Controller(self.spec, self.p.command_timeout_s)
        self.joints = publisher(self, wire.JOINT_STATES, keep_all=self.p.lockstep)
        self.state = publisher(self, wire.TASK_STATE, keep_all=self.p.lockstep)
        self.outcome = publisher(self, wire.TASK_OUTCOME, keep_all=self.p.lockstep)
        self.clock = (
            publisher(self, wire.CLOCK, keep_all=self.p.lockstep) if self.p.lockstep else None
        )
        self.cameras = SimCameras(self, self.world, self.p.task, self.p.transport, self.p.lockstep)
        publisher(self, wire.ROBOT_DESCRIPTION, keep_all=self.p.lockstep).publish(
            wire.string_msg(self.spec.urdf)
        )
        for target in self.spec.command_topics:
            subscribe(
                self, wire.command_topic(target), lambda data, t=target: self.on_command(t, data)
            )
        self.create_service(Trigger, '~/reset', self.on_reset)
        self.create_service(Trigger, '~/start', self.on_start)
        self.create_service(Trigger, '~/stop', self.on_stop)
        self.is_running = False
        self.reset(self.p.seed)
        if not self.p.lockstep:
            self.is_running = True
            self.create_timer(self.spec.dt_s, self.on_time)

    def reset(self, seed: int) -> None:
        """Rebuild the scene; commands of the old one are forgotten."""
        self.world.reset(seed)
        self.seed = seed
        self.controller.forget()
        self.ticks = 0

    def on_reset(self, request, response):
        self.reset(self.get_parameter('seed').value)
        self.is_running = not self.p.lockstep
        response.success = True
        return response

    def on_start(self, request, response):
        self.is_running = True
        response.success = True
        if self.p.lockstep:
            self.publish_state(self.world.now_ns)
        return response

    def on_stop(self, request, response):
        self.is_running = not self.p.lockstep
        response.success = True
        response.message = str(self.world.now_ns)
        return response

    def on_command(self, target, data: bytes) -> None:
        """Take a command; in lockstep the one for this tick makes the world step."""
        now_ns = self.world.now_ns if self.p.lockstep else self.get_clock().now().nanoseconds
        try:
            stamp_ns = self.controller.take(target, data, now_ns)
        except Refused as error:
            self.get_logger().error(f'command refused: {error}', throttle_duration_sec=1.0)
            return
        is_answer = self.p.lockstep and self.is_running and stamp_ns == now_ns
        if is_answer and not self.world.outcome().is_over:
            self.world.step(self.controller.target(now_ns))
            self.publish_state(self.world.now_ns)

    def on_time(self) -> None:
        """Real time: step with the newest command, or hold where none is fresh."""
        now_ns = self.get_clock().now().nanoseconds
        self.world.step(self.controller.target(now_ns))  # None, where none is fresh, is hold
        self.publish_state(now_ns)

    def publish_state(self, stamp_ns: int) -> None:
        """Publish everything of one tick; joint_states last, for it starts the others' turn."""
        outcome = replace(self.world.outcome(), stamp_ns=stamp_ns)
        if self.clock is not None:
            self.clock.publish(wire.clock_msg(stamp_ns))
        self.state.publish(wire.poses_msg(stamp_ns, self.world.objects()))
        if outcome.is_over or self.ticks % OUTCOME_EVERY == 0:
            self.outcome.publish(wire.outcome_msg(outcome))
        self.cameras.take(stamp_ns, self.seed, is_first=self.ticks == 0)
        self.joints.publish(
            wire.joints_msg(self.spec, replace(self.world.joints(), stamp_ns=stamp_ns))
        )
        self.ticks += 1

    def destroy_node(self):
        """Close what is our own."""
        self.cameras.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(SimNode, args)


if __name__ == '__main__':
    main()

"""The simulated robot as a node: publishes joints, task and images, takes `command`."""

from functools import partial
from time import monotonic

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import run
from il_ros.nodes.sim_cameras import SimCameras
from il_ros.nodes.sim_state import SimState
from il_ros.nodes.sim_touch import SimTouch
from il_ros.nodes.topics import subscribe
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.loop import cameras_of
from il_ros.sim.controller import Controller, Refused
from il_ros.sim.tasks import NO_TASK, TASKS
from il_ros.sim.world import NOBODY, World

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('task', 'transfer', 'see `il-ros list tasks`', fixed=True),
    Param('lockstep', False, 'step only when a command for the tick has come', fixed=True),
    Param('cameras', '', 'cameras to publish, separated by commas; none by default', fixed=True),
    Param('transport', 'jpeg', 'of images', choices=('jpeg', 'png', 'raw'), fixed=True),
    Param('window', False, 'show it in a window, where the mouse pulls at arms', fixed=True),
    Param('seed', 0, 'the scene that the next ~/reset builds'),
    Param('command_timeout_s', 0.2, 'hold when commands stop for so long [s]', low=0.02, high=5.0),
)


class SimNode(Node):
    """Publish the state of each tick; step on a command (lockstep) or on time."""

    def __init__(self):
        super().__init__('sim_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        wanted = cameras_of(self.spec, names(self.p.cameras))
        self.world = World(self.spec, make(TASKS | NO_TASK, self.p.task), wanted, self.p.window)
        self.controller = Controller(self.spec, self.p.command_timeout_s)
        self.cameras = SimCameras(self, self.world, self.p.task, self.p.transport, self.p.lockstep)
        self.state = SimState(self, self.world, self.cameras, self.p.lockstep)
        self.diagnostics = Diagnostics(self, lambda: ('', {'is_running': self.is_running}))
        self.meter = self.diagnostics.meter
        given = (self.spec, self.diagnostics, self.p.command_timeout_s)
        self.touch = None if self.p.lockstep else SimTouch(self, *given)
        for target in self.spec.command_topics:
            subscribe(self, wire.command_topic(target), partial(self.on_command, target))
        for name in ('reset', 'start', 'stop', 'pause', 'go_on'):
            self.create_service(Trigger, f'~/{name}', partial(self.on_service, name))
        self.is_built = self.is_running = self.is_paused = False
        if not self.p.lockstep:
            self.reset()
            self.is_running = True
            self.create_timer(self.spec.dt_s, self.step)

    def on_service(self, name: str, request, response):
        """Do as it says, and answer with the stamp of the newest state."""
        getattr(self, name)()
        response.success, response.message = True, str(self.stamp_ns())
        return response

    def reset(self) -> None:
        """Build the scene of the parameter `seed`, which stands until ~/start."""
        self.seed = self.get_parameter('seed').value
        self.world.reset(self.seed)
        self.controller.forget()
        self.ticks = 0
        self.is_built, self.is_running, self.is_paused = True, False, False

    def start(self) -> None:
        """Take commands from now on; in lockstep the first state is told."""
        if not self.is_built:
            self.reset()
        self.is_running = True
        if self.p.lockstep:
            self.publish_state()

    def stop(self) -> None:
        """Take no commands: everything stands still."""
        self.is_running = False

    def pause(self) -> None:
        """Lockstep: take commands, and do not step."""
        self.is_paused = True

    def go_on(self) -> None:
        """Lockstep: step on the command that has come meanwhile."""
        self.is_paused = False
        self.step_if_told()

    def stamp_ns(self) -> int:
        """The world's tick in lockstep, the clock otherwise."""
        return self.world.now_ns if self.p.lockstep else self.get_clock().now().nanoseconds

    def on_command(self, target, data: bytes) -> None:
        """Take a command; in lockstep that for this tick makes the world step."""
        self.meter.count('command')
        if not self.is_running:
            return
        now_ns = self.stamp_ns()
        try:
            stamp_ns = self.controller.take(target, data, now_ns)
        except Refused as error:
            self.diagnostics.refuse('command', error)
            return
        if self.p.lockstep and stamp_ns == now_ns:
            self.step_if_told()

    def step_if_told(self) -> None:
        """Lockstep: step once the command for this tick is there, as long as the task goes on."""
        is_answered = self.is_running and self.controller.has_all(self.stamp_ns())
        if is_answered and not self.is_paused and not self.world.outcome().is_over:
            self.step()

    def step(self) -> None:
        """Move the world by one tick, and publish it; without a fresh command it holds."""
        began_s = monotonic()
        if self.is_running:
            now_ns = self.stamp_ns()
            touch = NOBODY if self.touch is None else self.touch.at(now_ns)
            self.world.step(self.controller.target(now_ns), touch)
        self.publish_state()
        self.meter.span('tick', monotonic() - began_s)

    def publish_state(self) -> None:
        """Tell everything of this tick."""
        self.state.publish(self.stamp_ns(), self.ticks, self.seed)
        self.ticks += 1
        self.meter.count('tick')

    def destroy_node(self):
        """Close what is our own."""
        self.cameras.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(SimNode, args)


if __name__ == '__main__':
    main()

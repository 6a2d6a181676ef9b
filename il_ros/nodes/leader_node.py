"""Leader arms as leader/joint_states; those with motors go along while a policy acts."""

from functools import partial

import numpy as np
from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.leader_inputs import LeaderInputs
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.teleop.leader_arms import DRIVERS, LeaderArms, NoReading
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_drive import LeaderDrive
from il_ros.teleop.leader_map import LeaderMap

PARAMS = (
    Param('robot', 'sim', 'the follower: name in config/robots, or a robot YAML', fixed=True),
    Param('leader', 'sim', 'name in config/leaders, or a leader YAML', fixed=True),
    Param('rate_hz', 100.0, 'readings a second [Hz]', low=10.0, high=500.0, fixed=True),
    Param('lockstep', False, 'read once a tick, when the simulated hands have moved', fixed=True),
)


class LeaderNode(Node):
    """Read the arms and publish; nobody is at those that a service engages, until it does."""

    def __init__(self):
        super().__init__('leader_node')
        self.p = declare(self, PARAMS)
        self.spec, self.config = load_robot(self.p.robot), load_leader(self.p.leader)
        self.map = LeaderMap(self.spec, self.config)
        self.drive = LeaderDrive(self.spec, self.config, self.map)
        self.arms: LeaderArms | None = None
        self.wrong = ''
        self.meter = Diagnostics(self, lambda: (self.wrong, {'leader': self.p.leader})).meter
        if not self.config.driver:
            self.get_logger().info(f'{self.p.leader} has no driver: another program publishes it')
            return
        self.arms = make(DRIVERS, self.config.driver, self.spec, self.config)
        self.engaged = [self.config.engage != 'service' for _ in self.spec.arms]
        self.leader = publisher(self, wire.LEADER, keep_all=self.p.lockstep)
        LeaderInputs(self, self.drive, self.map, self.arms, self.p.lockstep, self.on_tick)
        names = [arm.name for arm in self.spec.arms]
        for verb, whether in (('engage', True), ('release', False)):
            for arm in ('', *names):
                service = f'~/{arm}/{verb}' if arm else f'~/{verb}'
                those = [names.index(arm)] if arm else list(range(len(names)))
                self.create_service(Trigger, service, partial(self.on_service, those, whether))
        if not self.p.lockstep:
            self.create_timer(1.0 / self.p.rate_hz, self.on_time)

    def on_service(self, arms: list[int], whether: bool, request, response):
        """Take arms in hand, or let go of them."""
        for arm in arms:
            self.engaged[arm] = whether
        response.success = True
        return response

    def on_time(self) -> None:
        """Real time: read now."""
        self.on_tick(self.get_clock().now().nanoseconds)

    def on_tick(self, now_ns: int) -> None:
        """Read, publish and drive; what cannot be read is not said, and so is nobody's word."""
        assert self.arms is not None
        try:
            position = self.arms.read(now_ns)
            if self.config.drive > 0.0:
                self.arms.drive(self.drive.towards(now_ns, position))
        except NoReading as error:
            self.wrong = str(error)
            self.get_logger().error(self.wrong, throttle_duration_sec=1.0)
            self.meter.count('failed')
            return
        self.wrong = ''
        self.publish(self.arms, now_ns, position)

    def publish(self, arms: LeaderArms, now_ns: int, position: np.ndarray) -> None:
        """Say where the engaged arms are; nobody is at the others."""
        if not (arms.is_held and any(self.engaged)):
            self.leader.publish(wire.nobody_msg(now_ns))
        else:
            led = self.map.leads(tuple(self.engaged))
            self.leader.publish(self.map.message(now_ns, position, led))
        self.meter.count('reading')

    def destroy_node(self):
        """Let the arms go."""
        if self.arms is not None:
            self.arms.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(LeaderNode, args)


if __name__ == '__main__':
    main()

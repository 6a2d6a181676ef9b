"""A game controller as sensor_msgs/Joy, in the layout of the ROS joy package."""

from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher
from il_ros.teleop.pad import Pad

PARAMS = (
    Param('rate_hz', 50.0, 'readings published per second [Hz]', low=5.0, high=500.0, fixed=True),
    Param('index', 0, 'which game controller, in the order of the system', fixed=True),
)


class JoystickNode(Node):
    """Publish one reading of the pad a period; unplugged, it publishes everything released."""

    def __init__(self):
        super().__init__('joystick_node')
        p = declare(self, PARAMS)
        self.pad = Pad(p.index)
        self.joy = publisher(self, wire.JOY)
        self.create_timer(1.0 / p.rate_hz, self.on_time)

    def on_time(self) -> None:
        axes, buttons = self.pad.read()
        if self.pad.message:
            self.get_logger().warning(self.pad.message, throttle_duration_sec=5.0)
        self.joy.publish(wire.joy_msg(self.get_clock().now().nanoseconds, axes, buttons))


def main(args=None):
    """Run the node."""
    return run(JoystickNode, args)


if __name__ == '__main__':
    main()

"""A joystick as sensor_msgs/Joy, in the layout of the ROS joy package."""

from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher
from il_ros.teleop.layout import LAYOUTS
from il_ros.teleop.mapping_file import load_mapping
from il_ros.teleop.pad import NoPad, Pad

PARAMS = (
    Param('rate_hz', 50.0, 'readings published per second [Hz]', low=5.0, high=500.0, fixed=True),
    Param('index', 0, 'which joystick, in the order of the system', low=0, fixed=True),
    Param('mapping', '', 'config/pads/<name>, or a YAML: its layout; "": xbox', fixed=True),
)


class JoystickNode(Node):
    """Publish one reading of the pad a period; unplugged, it publishes everything released."""

    def __init__(self):
        super().__init__('joystick_node')
        p = declare(self, PARAMS)
        mapping = load_mapping(p.mapping)
        if mapping.layout == LAYOUTS['keyboard']:
            raise ValueError(f"{mapping.source}: a keyboard's mapping; give hands:=keyboard")
        try:
            self.pad = Pad(p.index, mapping.layout)
        except NoPad as error:
            raise ValueError(str(error)) from error
        self.joy = publisher(self, wire.JOY)
        self.meter = Diagnostics(self, lambda: (self.pad.message, {'pad': self.pad.name})).meter
        self.create_timer(1.0 / p.rate_hz, self.on_time)

    def on_time(self) -> None:
        """Read and publish."""
        axes, buttons = self.pad.read()
        if self.pad.message:
            self.get_logger().warning(self.pad.message, throttle_duration_sec=5.0)
        self.joy.publish(wire.joy_msg(self.get_clock().now().nanoseconds, axes, buttons))
        self.meter.count('reading')

    def destroy_node(self):
        """Let go of the device."""
        self.pad.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(JoystickNode, args)


if __name__ == '__main__':
    main()

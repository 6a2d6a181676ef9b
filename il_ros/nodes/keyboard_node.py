"""The keyboard of a terminal as sensor_msgs/Joy: a button for every key."""

from time import monotonic

from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import finish, run
from il_ros.nodes.topics import publisher
from il_ros.teleop.describe import described
from il_ros.teleop.keyboard import Keyboard
from il_ros.teleop.layout import LAYOUTS
from il_ros.teleop.mapping_file import load_mapping
from il_ros.teleop.terminal import NoTerminal

PARAMS = (
    Param('rate_hz', 50.0, 'readings published per second [Hz]', low=20.0, high=500.0, fixed=True),
    Param('mapping', 'keyboard', 'config/pads/<name>, or a YAML: which keys to show', fixed=True),
)


class KeyboardNode(Node):
    """Publish one reading of the keys a period; without its terminal it ends."""

    def __init__(self):
        super().__init__('keyboard_node')
        p = declare(self, PARAMS)
        mapping = load_mapping(p.mapping)
        if mapping.layout != LAYOUTS['keyboard']:
            raise ValueError(
                f"{mapping.source}: not a keyboard's (layout: keyboard); give hands:=joystick"
            )
        try:
            self.keyboard = Keyboard()
        except NoTerminal as error:
            raise ValueError(str(error)) from error
        for keys, what in described(mapping):
            print(f'{keys:36} {what}')  # for a person at the terminal, not for a log
        self.joy = publisher(self, wire.JOY)
        self.meter = Diagnostics(self, lambda: ('', {})).meter
        self.create_timer(1.0 / p.rate_hz, self.on_time)

    def on_time(self) -> None:
        """Read and publish."""
        try:
            axes, buttons = self.keyboard.read(monotonic())
        except NoTerminal as error:
            self.get_logger().error(str(error))
            finish(self, 1)
            return
        self.joy.publish(wire.joy_msg(self.get_clock().now().nanoseconds, axes, buttons))
        self.meter.count('reading')

    def destroy_node(self):
        """Leave the terminal as it was found."""
        self.keyboard.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(KeyboardNode, args)


if __name__ == '__main__':
    main()

"""Episodes to MCAP: the serialized messages of the graph, as they come, one bag an episode."""

from dataclasses import replace
from pathlib import Path

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from il_ros import wire
from il_ros.calibration import KEY, card
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.offers import OfferedSubscriptions
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.recorder_services import RecorderServices
from il_ros.nodes.run import run
from il_ros.recorder.config import load_recorder_config
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.settling import Settling
from il_ros.recorder.streams import robot_streams
from il_ros.robot.load import load_robot

PARAMS = (
    Param('root_dir', 'runs/bags', 'folder of the bags, from the next ~/start on'),
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('config', '', 'recorder YAML; config/recorder.yaml by default', fixed=True),
    Param('cameras', '', 'cameras to record, separated by commas', fixed=True),
    Param('transport', 'jpeg', 'images recorded', choices=('jpeg', 'png', 'raw'), fixed=True),
    Param('lockstep', False, "log with the messages' own stamps instead of the clock", fixed=True),
    Param('meta', '{}', 'JSON kept in the next bag: task, demonstrator, operator, seed ...'),
    Param('outcome', 'unlabeled', 'success, failure or unlabeled, kept by ~/stop and ~/label'),
    Param('termination', 'stopped', 'stopped, timeout, cancelled or error, kept by ~/stop'),
    Param('remarks', '{}', 'JSON added to the bag by ~/stop'),
    Param('until_ns', 0, '~/stop waits for the authority of this stamp; 0 does not wait [ns]'),
)
LOOK_EVERY_S = 0.5


class RecorderNode(Node):
    """Subscribe to everything as bytes; start, stop, discard and label by service."""

    def __init__(self):
        super().__init__('recorder_node')
        self.p = declare(self, PARAMS)
        config = replace(load_recorder_config(self.p.config or None), transport=self.p.transport)
        spec = load_robot(self.p.robot)
        streams = robot_streams(spec, config, names(self.p.cameras))
        topics = [stream.topic for stream in streams]
        if self.p.lockstep:  # nothing is heard before the start, and reports are not repeatable
            streams, topics = (), [topic for topic in topics if topic != wire.DIAGNOSTICS]
        root = Path(self.p.root_dir)
        self.settling = Settling()
        given = (root, config, streams, self.get_namespace())
        self.recorder = EpisodeRecorder(*given, settle=self.settling)
        self.recorded_ns = self.last_ns = 0
        self.inputs = OfferedSubscriptions(self, topics, self.on_message, reliable=self.p.lockstep)
        Diagnostics(self, more=lambda: self.recorder.diagnostics(self.now_ns()))
        times = self.now_ns, lambda: self.recorded_ns, self.has_begun
        labels = {KEY: card(spec)}
        services = RecorderServices(self, self.recorder, self.settling, *times, labels)
        services.tell_repaired()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK_EVERY_S, self.on_time, clock=steady)

    def now_ns(self, stamp_ns: int | None = None) -> int:
        """The receive time in the graph's clock; in lockstep time is what the stamps say."""
        if not self.p.lockstep:
            return self.get_clock().now().nanoseconds
        self.last_ns = max(self.last_ns, stamp_ns or 0)
        return self.last_ns

    def has_begun(self) -> bool:
        """Whether there is a time to record with: sim time begins with the first /clock."""
        return self.p.lockstep or self.now_ns() > 0

    def on_message(self, topic: wire.Topic, data: bytes) -> None:
        """Hand the bytes on, as they came."""
        if not self.has_begun():
            return
        stamp_ns = wire.stamp_ns_of(topic, data)
        self.tell_ended(self.recorder.add(topic, data, self.now_ns(stamp_ns)))
        if topic == wire.AUTHORITY and stamp_ns is not None:
            self.recorded_ns = stamp_ns

    def on_time(self) -> None:
        """Flush though nothing comes; between episodes, ask for images as they are offered."""
        self.tell_ended(self.recorder.tick(self.now_ns()))
        for failure in self.settling.failed():
            self.get_logger().error(failure)
        if self.recorder.folder is None:
            self.inputs.look()

    def tell_ended(self, folder: Path | None) -> None:
        """Say that an episode was ended by a full disk."""
        if folder is not None:
            self.get_logger().error(f'{folder}: the disk is full; the episode was closed')

    def destroy_node(self):
        """Close the bag of an episode that is cut off, and wait for the disk."""
        if self.recorder.folder is not None:
            folder = self.recorder.stop('unlabeled', 'cancelled', self.now_ns())
            print(f'{folder}: cancelled', flush=True)  # there may be no context to log to
        self.settling.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(RecorderNode, args)


if __name__ == '__main__':
    main()

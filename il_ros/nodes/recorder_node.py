"""Episodes to MCAP: the serialized messages of the graph, as they come, one bag an episode."""

import json
from dataclasses import replace
from pathlib import Path

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.offers import OfferedSubscriptions
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher
from il_ros.recorder.config import load_recorder_config
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.streams import robot_streams
from il_ros.robot.load import load_robot

PARAMS = (
    Param('root_dir', 'runs/bags', 'folder of the bags', fixed=False),
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('config', '', 'recorder YAML; config/recorder.yaml by default', fixed=True),
    Param('cameras', '', 'cameras to record, separated by commas', fixed=True),
    Param('transport', 'jpeg', 'jpeg, png or raw: which image topics to record', fixed=True),
    Param('lockstep', False, "log with the messages' own stamps instead of the clock", fixed=True),
    Param('meta', '{}', 'JSON kept in the next bag: task, demonstrator, operator, seed ...'),
    Param('outcome', 'unlabeled', 'success, failure or unlabeled, kept by ~/stop and ~/label'),
    Param('termination', 'stopped', 'stopped, timeout, cancelled or error, kept by ~/stop'),
    Param('until_ns', 0, '~/stop waits for the authority of this stamp; 0 does not wait [ns]'),
)
STATE_TOPICS = (
    wire.ROBOT_DESCRIPTION,
    wire.TASK_STATE,
    wire.TASK_OUTCOME,
    wire.CHUNK,
    wire.SCORE,
    wire.LEADER,
    wire.JOY,
    wire.PERSON,
    wire.AUTHORITY,
    wire.REQUEST,
    wire.EPISODE,
)


class RecorderNode(Node):
    """Subscribe to everything as bytes; start, stop, discard and label by service."""

    def __init__(self):
        super().__init__('recorder_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.recorder = self.make_recorder(Path(self.p.root_dir))
        self.recorded_ns = self.last_ns = 0
        self.diagnostics = publisher(self, wire.DIAGNOSTICS)
        self.inputs = OfferedSubscriptions(
            self, self.topics(self.spec), self.on_message, reliable=self.p.lockstep
        )
        for name in ('start', 'stop', 'discard', 'label'):
            self.create_service(
                Trigger, f'~/{name}', lambda _, r, n=name: self.on_service(getattr(self, n), r)
            )
        self.create_timer(1.0, self.on_time)

    def make_recorder(self, root: Path) -> EpisodeRecorder:
        """Return a recorder for a folder; in lockstep nothing is heard before the start."""
        config = replace(load_recorder_config(self.p.config or None), transport=self.p.transport)
        streams = robot_streams(self.spec, config, names(self.p.cameras))
        recorder = EpisodeRecorder(
            root, config, () if self.p.lockstep else streams, self.get_namespace()
        )
        for repair in recorder.repaired:
            self.get_logger().warning(str(repair))
        return recorder

    def topics(self, spec):
        """Return every topic that a bag may hold."""
        cameras = names(self.p.cameras)
        return [
            *STATE_TOPICS,
            *(wire.Topic(name, wire.JOINT_STATES.type) for name in spec.joint_state_topics),
            *(wire.command_topic(target) for target in spec.command_topics),
            *(wire.image_topic(name, self.p.transport) for name in cameras),
            *(wire.camera_info_topic(name) for name in cameras),
        ]

    def on_message(self, topic: wire.Topic, data: bytes) -> None:
        """Hand the bytes on, as they came."""
        stamp_ns = wire.stamp_ns_of(topic, data)
        self.recorder.add(topic, data, self.now_ns(stamp_ns))
        if topic is wire.AUTHORITY and stamp_ns is not None:
            self.recorded_ns = stamp_ns

    def now_ns(self, stamp_ns: int | None = None) -> int:
        """The receive time in the graph's clock; in lockstep time is what the stamps say."""
        if not self.p.lockstep:
            return self.get_clock().now().nanoseconds
        self.last_ns = max(self.last_ns, stamp_ns or 0)
        return self.last_ns

    def on_service(self, action, response):
        """Answer a service with what its action says; a refusal is a message, not a crash."""
        try:
            response.message = action()
            response.success = True
        except ValueError as error:
            response.message = str(error)
            self.get_logger().error(response.message)
        return response

    def value(self, name: str):
        return self.get_parameter(name).value

    def start(self) -> str:
        """Open the next bag."""
        root = Path(self.value('root_dir'))
        if root != self.recorder.root:
            self.recorder = self.make_recorder(root)
        self.recorder.start(json.loads(self.value('meta')), self.now_ns())
        return 'recording'

    def stop(self) -> str:
        """Close the bag, once the last tick has arrived."""
        if self.value('until_ns') > self.recorded_ns:
            return ''
        return str(
            self.recorder.stop(self.value('outcome'), self.value('termination'), self.now_ns())
        )

    def discard(self) -> str:
        """Close the bag and mark it discarded; nothing is deleted."""
        return str(self.recorder.discard(self.now_ns()))

    def label(self) -> str:
        """Give the last bag its outcome after the fact."""
        return str(self.recorder.label(self.value('outcome')))

    def on_time(self) -> None:
        """Tell rates and losses once a second."""
        self.recorder.tick(self.now_ns())
        if self.recorder.folder is None:
            self.inputs.look()
        statuses = self.recorder.live.statuses(self.now_ns())
        self.diagnostics.publish(wire.diagnostics_msg(self.now_ns(), statuses))


def main(args=None):
    """Run the node."""
    return run(RecorderNode, args)


if __name__ == '__main__':
    main()

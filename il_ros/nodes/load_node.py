"""The recorder's benchmark, from the robot's side: cameras and state, published when due."""

import json
import threading
from pathlib import Path
from time import sleep, time_ns

from rclpy.node import Node

from il_ros.nodes.client import Client, wait_until
from il_ros.nodes.meeting import introduce
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run, run_beside
from il_ros.nodes.topics import publisher
from il_ros.recorder.bench import IMAGES, STATE, load
from il_ros.robot.load import load_robot

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('seconds', 60.0, 'of recording [s]', low=0.1, high=3600.0, fixed=True),
    Param('root_dir', 'runs/bench', 'folder of the bag, and of published.json', fixed=True),
    Param('reliable', False, 'offer reliable images, as some camera drivers do', fixed=True),
)
FOUND_S = 20.0  # patience until the recorder has found every topic
AROUND_S = 1.0  # of load before the recorder is started, and after it was measured


class LoadNode(Node):
    """Publish the load, have it recorded, and tell what was published meanwhile."""

    def __init__(self):
        super().__init__('load_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.client = Client(self)
        self.ports = {topic: publisher(self, topic) for topic in STATE}
        for topic in IMAGES:
            self.ports[topic] = publisher(self, topic, reliable=self.p.reliable)
        self.sent: dict[str, list[int]] = {topic.name: [] for topic in self.ports}
        self.late_ns = 0
        run_beside(self, self.program)

    def program(self) -> None:
        """Wait for the recorder, load and record."""
        self.await_recorder()
        source = threading.Thread(target=self.publish, daemon=True)
        source.start()
        self.record()
        source.join()

    def await_recorder(self) -> None:
        """Wait until somebody listens to every topic."""
        what = 'the recorder: not every topic has a subscriber'
        ports = self.ports.values()
        wait_until(lambda: all(p.get_subscription_count() for p in ports), FOUND_S, what)
        introduce(self.client, ['recorder_node'])

    def publish(self) -> None:
        """Publish each message when it is due; one that is late is published all the same."""
        seconds = self.p.seconds + 3 * AROUND_S
        for stamp_ns, topic, data in load(self.spec, seconds, time_ns()):
            ahead_ns = stamp_ns - time_ns()
            if ahead_ns > 0:
                sleep(ahead_ns * 1e-9)
            self.late_ns = max(self.late_ns, -ahead_ns)
            self.ports[topic].publish(data)
            self.sent[topic.name].append(stamp_ns)

    def record(self) -> None:
        """Record for so many seconds in the midst of the load, and note what should be there."""
        sleep(AROUND_S)
        about = {'root_dir': self.p.root_dir, 'meta': json.dumps({'task': 'bench'})}
        self.client.set('recorder_node', about)
        self.client.trigger('recorder_node/start')
        first_ns = time_ns()
        sleep(self.p.seconds)
        last_ns = time_ns()
        sleep(AROUND_S / 2)  # what is on its way
        self.client.trigger('recorder_node/stop')
        self.note(first_ns, last_ns)

    def note(self, first_ns: int, last_ns: int) -> None:
        """Write down what was published with stamps between the two."""
        stamps = {
            name: [ns for ns in sent if first_ns <= ns <= last_ns]
            for name, sent in self.sent.items()
        }
        report = {'stamps': stamps, 'late_s': self.late_ns * 1e-9}
        (Path(self.p.root_dir) / 'published.json').write_text(json.dumps(report))


def main(args=None):
    """Run the node."""
    return run(LoadNode, args)


if __name__ == '__main__':
    main()

"""The benchmark of learning behind the loop: which ticks are missed, without it and with it."""

import csv
import json
from pathlib import Path
from time import sleep

import numpy as np
from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.client import Client, GraphError
from il_ros.nodes.graph_policy import GraphPolicy
from il_ros.nodes.meeting import introduce
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run, run_beside
from il_ros.nodes.topics import subscribe
from il_ros.robot.load import load_robot
from il_ros.rollout.ticks import missed
from il_ros.session.training import Training, train_command

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('checkpoint', '', 'of the policy that acts, and as which is trained', fixed=True),
    Param('data', '', 'folder of bags to learn from', fixed=True),
    Param('seconds', 60.0, 'of watching, without and with a training [s]', low=0.5, fixed=True),
    Param('root_dir', 'runs/bench', 'folder of training.json', fixed=True),
)
PARTS = ('sim_node', 'intervention_node', 'policy_node')
BEGIN_S = 60.0  # patience for a training to begin
STARVED = 'the training has not begun: other processes want all of the processor'
ENDLESS = ('steps=100000000', 'log_every=1')  # of training: more than is watched


class TrainingLoadNode(Node):
    """Let a policy act, listen to the commands, and have a training go on behind."""

    def __init__(self):
        super().__init__('training_load_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.client = Client(self)
        self.commands: list[bytes] = []
        subscribe(self, wire.COMMAND, self.commands.append, keep_all=True)
        run_beside(self, self.program)

    def program(self) -> None:
        """Watch the ticks, without and with a training; tell the figures."""
        introduce(self.client, PARTS)
        policy = GraphPolicy(self.client)
        policy.load(self.p.checkpoint)
        policy.act(True)
        self.client.wait_until(lambda: bool(self.commands), 'no command comes')
        before, ticks = self.watched()
        log = Path(self.p.root_dir) / 'learned' / 'checkpoint' / 'training' / 'log.csv'
        training = self.training(log.parents[1])
        try:
            self.await_step(log)
            first = steps(log)
            during, watched = self.watched()
            figures = {
                'ticks_missed_while_training': during,
                'ticks_missed_without': before,
                'ticks_watched': min(ticks, watched),
                'training_steps': steps(log) - first,
            }
        finally:
            training.stop()
        (Path(self.p.root_dir) / 'training.json').write_text(json.dumps(figures))

    def training(self, out: Path) -> Training:
        """Begin to train as a session does behind its collecting."""
        given = ([Path(self.p.data)], Path(self.p.checkpoint), out)
        command = train_command(*given, self.p.robot, 'demonstrations', 0.0)
        for difference in ENDLESS:
            command += ['--set', difference]
        return Training(command, out, one_thread=True)

    def await_step(self, log: Path) -> None:
        """Wait until it trains; on a machine that is too busy it is watched as it waits."""
        try:
            self.client.wait_until(lambda: steps(log) > 0, STARVED, BEGIN_S)
        except GraphError as error:
            self.get_logger().warning(str(error))

    def watched(self) -> tuple[int, int]:
        """Return how many ticks were missed in so many seconds, and how many there were."""
        self.commands.clear()
        sleep(self.p.seconds)
        stamps = [wire.stamp_ns_of(wire.COMMAND, data) or 0 for data in self.commands]
        none = missed(np.array(stamps), self.spec.dt_ns)
        return none, len(stamps) + none


def steps(log: Path) -> int:
    """Return how many steps a training has made."""
    if not log.is_file():
        return 0
    rows = list(csv.DictReader(log.open()))
    return round(float(rows[-1]['step'])) if rows else 0


def main(args=None):
    """Run the node."""
    return run(TrainingLoadNode, args)


if __name__ == '__main__':
    main()

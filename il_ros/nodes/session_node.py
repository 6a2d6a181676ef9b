"""The session as a node: episodes and rounds over the graph, told on `episode`."""

import json
import threading
from dataclasses import fields

from rclpy.node import Node

from il_ros import __version__, wire
from il_ros.nodes.client import PATIENCE_S, Client, Closed
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.graph_parts import GraphParts
from il_ros.nodes.graph_rig import GraphRig
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import finish, run
from il_ros.nodes.session_words import SessionWords
from il_ros.nodes.topics import publisher
from il_ros.robot.load import load_robot
from il_ros.session.bulletin import WRONG, put_up
from il_ros.session.phases import Standing
from il_ros.session.programs import PROGRAMS, Wanted, run_program
from il_ros.session.recordings import check_recordings
from il_ros.session.steering import Steering
from il_ros.teleop.mapping_file import load_mapping

PARAMS = (
    Param('kind', 'record', 'what to do', choices=tuple(PROGRAMS), fixed=True),
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('task', 'transfer', 'see `il-ros list tasks`', fixed=True),
    Param('parts', '', 'nodes of this session, comma-separated', fixed=True),
    Param('lockstep', False, 'whether the graph runs in lockstep', fixed=True),
    Param('mapping', '', 'config/pads/<name>, or a YAML; "": xbox', fixed=True),
    Param('hands', 'person', 'whose; none: nobody besides the policy', fixed=True),
    Param('root_dir', 'runs/session', 'folder of bags, checkpoints and results', fixed=True),
    Param('checkpoint', '', 'checkpoint that acts first', fixed=True),
    Param('episodes', 10, 'episodes, of a round where there are rounds', low=0, high=100000),
    Param('rounds', 2, 'rounds of HG-DAgger', low=1, high=1000),
    Param('demonstrators', 1, 'synthetic demonstrators that take turns', low=1, high=6),
    Param('seed', -1, 'first seed; -1 begins the range that the kind of session stands for'),
    Param('evaluation_episodes', 10, 'episodes of each evaluation', low=0, high=10000),
    Param('train_seconds', 0.0, 'wall-clock of each training [s]; 0 as before', low=0.0, high=1e6),
    Param('background', False, 'learn from a round while the next one is collected', fixed=True),
    Param('data', '', 'bags to learn from besides, comma-separated; empty: those of checkpoint'),
    Param('episode_limit_s', 600.0, 'wall-clock that ends an episode [s]', low=1.0, high=1e5),
    Param('patience_s', PATIENCE_S, 'for a node that is not there yet [s]', low=0.1, high=600.0),
)


class SessionNode(Node):
    """Tie the nodes into a session; the program runs beside the callbacks."""

    def __init__(self):
        super().__init__('session_node')
        self.p = declare(self, PARAMS)
        parts = names(self.p.parts)
        check_recordings(load_robot(self.p.robot), (self.p.root_dir, *names(self.p.data)))
        self.have_operator = 'operator_node' in parts
        self.episode = publisher(self, wire.EPISODE)
        self.standing = Standing(self.announce, self.now_ns)
        self.steering = Steering(self.standing)
        self.client = Client(self, self.p.patience_s)
        self.rig = GraphRig(
            GraphParts(self.client, parts, self.p.lockstep),
            self.steering,
            self.awaits_person(parts),
            self.p.episode_limit_s,
            self.about(),
        )
        Diagnostics(self, lambda: ('', {'phase': self.standing.phase.value}))
        mapping = None if self.p.lockstep else load_mapping(self.p.mapping)
        SessionWords(self, self.steering, mapping)  # in lockstep no person could keep up
        self.thread = threading.Thread(target=self.program, daemon=True)
        self.timer = self.create_timer(0.1, self.begin)

    def awaits_person(self, parts) -> bool:
        """Whether a person starts each episode: who demonstrates, or who sets a real scene."""
        return 'sim_node' not in parts or (self.p.kind == 'record' and not self.have_operator)

    def about(self) -> dict:
        """Return what every bag says besides its plan."""
        robot, lockstep = load_robot(self.p.robot).name, self.p.lockstep
        about = {'robot': robot, 'version': __version__, 'lockstep': lockstep}
        return {**about, 'configuration': vars(self.p)}

    def begin(self) -> None:
        """Run the program beside the callbacks, once these are served."""
        self.timer.cancel()
        self.thread.start()

    def announce(self, phase, values) -> None:
        """Tell the graph where the session stands."""
        self.episode.publish(wire.episode_msg(phase.value, values))
        if phase.value == 'ready':
            self.get_logger().info(f'episode {values["number"]}: start it when the scene is ready')

    def now_ns(self) -> int:
        """The clock; none in lockstep, whose bags are to be the same every time."""
        return 0 if self.p.lockstep else self.get_clock().now().nanoseconds

    def program(self) -> None:
        """Run the session to its end; its exit code is the node's."""
        try:
            result = run_program(self.p.kind, self.rig, self.wanted(), self.tell)
            self.standing.on('finish')
            self.tell('done', result)
            finish(self)
        except Closed:
            pass
        except (ValueError, RuntimeError, OSError) as error:
            self.get_logger().error(f'session ended: {error}')
            finish(self, 1)

    def wanted(self) -> Wanted:
        """Return what the parameters ask for."""
        person = 'off' if self.p.hands == 'none' else 'person'
        operator = 'always' if self.have_operator else person
        given = {**vars(self.p), 'data': names(self.p.data), 'operator': operator}
        return Wanted(**{field.name: given[field.name] for field in fields(Wanted)})

    def tell(self, event: str, values: dict) -> None:
        """Say it in the log, one line a thing."""
        put_up(self.standing, event, values)
        told = {k: v for k, v in values.items() if k not in ('bag', 'history')}
        log = self.get_logger()
        (log.error if event in WRONG else log.info)(f'{event} {json.dumps(told)}')

    def destroy_node(self):
        """End the program before what it uses is gone."""
        self.client.close()
        if self.thread.is_alive():
            self.thread.join(timeout=1.0)  # a training may go on; it ends with this process
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(SessionNode, args)


if __name__ == '__main__':
    main()

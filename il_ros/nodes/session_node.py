"""The session as a node: episodes and rounds over the graph, told on `episode`, steered by services."""

import json
import threading
from pathlib import Path

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import __version__, wire
from il_ros.nodes.graph_rig import GraphRig
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import finish, run
from il_ros.nodes.topics import publisher
from il_ros.robot.load import load_robot
from il_ros.session import seeds
from il_ros.session.collect import Collection, collect, summary
from il_ros.session.phases import NEXT, Standing
from il_ros.session.rounds import Rounds, run_rounds

PARAMS = (
    Param('kind', 'record', 'record, evaluate or hg_dagger', fixed=True),
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('task', 'transfer', 'see `il-ros list tasks`', fixed=True),
    Param('parts', '', 'nodes of this session, comma-separated', fixed=True),
    Param('lockstep', False, 'whether the graph runs in lockstep', fixed=True),
    Param('root_dir', 'runs/session', 'folder of bags, checkpoints and results', fixed=True),
    Param('checkpoint', '', 'checkpoint that acts first', fixed=True),
    Param('episodes', 10, 'episodes, of a round where there are rounds', low=0, high=100000),
    Param('rounds', 2, 'rounds of HG-DAgger', low=1, high=1000),
    Param('demonstrators', 1, 'synthetic demonstrators that take turns', low=1, high=100),
    Param('seed', -1, 'first seed; -1 begins the range that the kind of session stands for'),
    Param('evaluation_episodes', 10, 'episodes of each evaluation', low=0, high=10000),
    Param('train_seconds', 0.0, 'wall-clock of each training [s]; 0 as before', low=0.0, high=1e6),
    Param('data', '', 'bags to learn from besides, comma-separated; empty: those of checkpoint'),
    Param(
        'episode_limit_s', 600.0, 'wall-clock after which an episode ends [s]', low=1.0, high=1e5
    ),
)
PERSON_EVENTS = ('stop', 'success', 'failure', 'discard')


class SessionNode(Node):
    """Tie the nodes into a session; the program runs beside the callbacks."""

    def __init__(self):
        super().__init__('session_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.episode = publisher(self, wire.EPISODE)
        self.standing = Standing(self.announce)
        about = {
            'robot': self.spec.name,
            'version': __version__,
            'lockstep': self.p.lockstep,
            'configuration': {p.name: getattr(self.p, p.name) for p in PARAMS},
        }
        self.rig = GraphRig(
            self, names(self.p.parts), self.standing, self.p.episode_limit_s, about
        )
        self.timer = self.create_timer(0.1, self.begin)
        for event in PERSON_EVENTS:
            self.create_service(Trigger, f'~/{event}', lambda _, r, e=event: self.on_event(e, r))

    def begin(self) -> None:
        """Run the program beside the callbacks, once these are served."""
        self.timer.cancel()
        threading.Thread(target=self.program, daemon=True).start()

    def announce(self, phase, values) -> None:
        """Tell the graph where the session stands."""
        self.episode.publish(wire.episode_msg(phase.value, values))

    def on_event(self, event: str, response):
        """Pass on what a person says of the running episode; refuse it in other phases."""
        response.success = (self.standing.phase, event) in NEXT
        response.message = event if response.success else f'refused in {self.standing.phase.value}'
        if response.success:
            self.rig.events.put(event)
        return response

    # -- programs -----------------------------------------------------------------------------

    def program(self) -> None:
        """Run the session to its end; its exit code is the node's."""
        try:
            {'record': self.record, 'evaluate': self.evaluate, 'hg_dagger': self.rounds}[
                self.p.kind
            ]()
            finish(self)
        except (ValueError, RuntimeError, OSError) as error:
            self.get_logger().error(f'session ended: {error}')
            finish(self, 1)

    def record(self) -> None:
        """Collect demonstrations."""
        self.run_collection('always', seeds.TRAINING, with_policy=False)

    def evaluate(self) -> None:
        """Let the policy act alone, and count."""
        self.rig.load(self.p.checkpoint)
        self.run_collection('off', seeds.TEST, with_policy=True)

    def run_collection(self, operator: str, default: range, with_policy: bool) -> None:
        folder = Path(self.p.root_dir)
        first = default.start if self.p.seed < 0 else self.p.seed
        wanted = Collection(
            folder,
            self.p.task,
            self.p.episodes or 1_000_000,
            range(first, first + 1_000_000),
            operator,
            self.p.demonstrators,
            with_policy,
        )
        results = collect(self.rig, wanted, lambda result: self.tell('episode', result.row()))
        self.conclude(folder, summary(results))

    def rounds(self) -> None:
        """Rounds of HG-DAgger."""
        wanted = Rounds(
            root=Path(self.p.root_dir),
            checkpoint=Path(self.p.checkpoint),
            task=self.p.task,
            episodes=self.p.episodes,
            rounds=self.p.rounds,
            evaluation_episodes=self.p.evaluation_episodes,
            train_seconds=self.p.train_seconds,
            data=tuple(Path(path) for path in names(self.p.data)),
        )
        self.conclude(wanted.root, {'rounds': run_rounds(self.rig, wanted, self.tell)})

    def conclude(self, folder: Path, result: dict) -> None:
        (folder / 'results.json').write_text(json.dumps(result, indent=1))
        self.standing.on('finish')
        self.tell('done', result)

    def tell(self, event: str, values: dict) -> None:
        """Say it in the log, one line a thing."""
        if event in ('train', 'trained'):
            self.standing.on(event)
        told = {k: v for k, v in values.items() if k not in ('bag', 'history')}
        self.get_logger().info(f'{event} {json.dumps(told)}')


def main(args=None):
    """Run the node."""
    return run(SessionNode, args)


if __name__ == '__main__':
    main()

"""`il-ros dagger`: rounds of DAgger or HG-DAgger, in process or over the graph."""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from il_ros.sim.tasks import TASK_HELP

HELP = 'rounds of DAgger or HG-DAgger with the synthetic operator'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('checkpoint', help='policy that acts in the first round')
    parser.add_argument('--out', required=True, help='folder of the rounds; what exists is kept')
    parser.add_argument('--method', default='hg_dagger', choices=('hg_dagger', 'dagger'))
    parser.add_argument('--task', default='transfer', help=TASK_HELP)
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--episodes', type=int, default=20, help='episodes a round')
    parser.add_argument('--evaluate', type=int, default=20, help='evaluation episodes a round')
    parser.add_argument(
        '--train-seconds', type=float, default=0.0, help='of each training; 0 as before'
    )
    parser.add_argument(
        '--data', action='append', default=[], help='bags to learn from besides; repeatable'
    )
    parser.add_argument('--graph', action='store_true', help='over the ROS graph, in lockstep')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Run the rounds and print them."""
    began = perf_counter()
    if args.graph and args.method == 'dagger':
        raise ValueError('--graph: DAgger labels by branching the simulator, in process only')
    rows = (over_graph if args.graph else in_process)(args)
    result = {'rounds': rows, 'seconds': round(perf_counter() - began, 2)}
    print(json.dumps(result) if args.json else '\n'.join(text_of(row) for row in rows))
    return 0


def in_process(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the rounds at simulator speed."""
    from il_ros.policy.config import read_config
    from il_ros.robot.load import load_robot
    from il_ros.session.local import LocalRig
    from il_ros.session.rounds import Rounds, run_rounds

    cameras = read_config(args.checkpoint).cameras
    with_labels = args.method == 'dagger'
    rig = LocalRig(load_robot(args.robot), args.task, cameras, with_labels=with_labels)
    wanted = Rounds(
        root=Path(args.out),
        checkpoint=Path(args.checkpoint),
        task=args.task,
        robot=args.robot,
        method=args.method,
        episodes=args.episodes,
        rounds=args.rounds,
        evaluation_episodes=args.evaluate,
        train_seconds=args.train_seconds,
        data=tuple(Path(path) for path in args.data),
    )
    return run_rounds(rig, wanted, say)


def say(event: str, values: dict[str, Any]) -> None:
    """Tell of a step on stderr."""
    keys = ('round', 'number', 'outcome', 'interventions', 'success', 'seconds', 'checkpoint')
    told = ' '.join(f'{key}={values[key]}' for key in keys if key in values)
    print(f'{event} {told}', file=sys.stderr)


def over_graph(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the rounds through the nodes: the session hg_dagger, in lockstep."""
    from il_ros.bringup.processes import up_apart

    arguments = {
        'checkpoint': args.checkpoint,
        'root_dir': args.out,
        'task': args.task,
        'robot': args.robot,
        'episodes': str(args.episodes),
        'rounds': str(args.rounds),
        'evaluation_episodes': str(args.evaluate),
        'train_seconds': str(args.train_seconds),
        'data': ','.join(args.data),
        'lockstep': 'true',
    }
    code = up_apart('hg_dagger', arguments, out=sys.stderr)
    if code != 0:
        raise ValueError(f'the session hg_dagger ended with exit code {code}; its log says why')
    return json.loads((Path(args.out) / 'rounds.json').read_text())


def text_of(row: dict[str, Any]) -> str:
    """Return a round as a person reads it."""
    return (
        f'round {row["round"]}: success {row["success"]:.3f} '
        f'[{row["low"]:.3f}, {row["high"]:.3f}] of {row["n"]}, '
        f'{row["interventions_per_episode"]:.2f} interventions an episode, '
        f'{row["checkpoint"]}'
    )

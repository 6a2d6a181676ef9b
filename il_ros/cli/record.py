"""`il-ros record`: synthetic demonstrations, through the graph or in process."""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from il_ros.sim.tasks import TASK_HELP

HELP = 'record demonstrations into bags'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('--task', default='transfer', help=TASK_HELP)
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--episodes', type=int, default=10, help='episodes the folder shall have')
    parser.add_argument('--out', required=True, help='folder of the bags')
    parser.add_argument('--in-process', action='store_true', help='without the ROS graph')
    parser.add_argument(
        '--demonstrators', type=int, default=1, help='synthetic demonstrators that take turns'
    )
    parser.add_argument('--seeds', help='A: or A:B; by default the start of the training range')
    parser.add_argument('--cameras', default='', help='cameras to record, comma-separated')
    parser.add_argument('--transport', default='jpeg', help='jpeg, png or raw')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Record and print what there is."""
    from il_ros.session import seeds as ranges

    seeds = ranges.parse(args.seeds) if args.seeds else ranges.TRAINING
    if len(seeds) < args.episodes:
        raise ValueError(f'--seeds {args.seeds}: {len(seeds)} seeds for {args.episodes} episodes')
    began = perf_counter()
    result = (in_process if args.in_process else over_graph)(args, seeds)
    result.update(out=args.out, seconds=round(perf_counter() - began, 2))
    if args.json:
        print(json.dumps(result))
    else:
        print(f'{args.out}: {result["n"]} episodes, success {result["success"]:.2f}')
    return 0


def in_process(args: argparse.Namespace, seeds: range) -> dict[str, Any]:
    """Record at simulator speed, without the graph, into the same bags."""
    from tqdm import tqdm

    from il_ros.robot.load import load_robot
    from il_ros.session.collect import Collection, collect, summary
    from il_ros.session.local import LocalRig
    from il_ros.sim.demonstrators import turns

    cameras = tuple(name for name in args.cameras.split(',') if name)
    rig = LocalRig(load_robot(args.robot), args.task, cameras, args.transport)
    wanted = Collection(
        Path(args.out), args.task, args.episodes, seeds, 'always', turns(args.demonstrators)
    )
    with tqdm(total=args.episodes, unit='episode', file=sys.stderr) as bar:
        return summary(collect(rig, wanted, lambda result: bar.update()))


def over_graph(args: argparse.Namespace, seeds: range) -> dict[str, Any]:
    """Record through the nodes, in lockstep."""
    from il_ros.bringup.processes import up_apart

    arguments = {
        'task': args.task,
        'robot': args.robot,
        'root_dir': args.out,
        'episodes': str(args.episodes),
        'demonstrators': str(args.demonstrators),
        'seed': str(seeds.start),
        'cameras': args.cameras,
        'transport': args.transport,
        'lockstep': 'true',
    }
    code = up_apart('record', arguments, out=sys.stderr)
    if code != 0:
        raise ValueError(f'the session record ended with exit code {code}; its log says why')
    return json.loads((Path(args.out) / 'results.json').read_text())

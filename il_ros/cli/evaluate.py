"""`il-ros evaluate`: how often a checkpoint, or the expert, succeeds."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from il_ros.sim.tasks import TASK_HELP

HELP = 'success of a checkpoint or of the expert, with its interval'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('what', help="checkpoint folder, or 'expert'")
    parser.add_argument('--task', default='transfer', help=TASK_HELP)
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--seeds', help='A:B; by default the first 100 of the test range')
    parser.add_argument(
        '--after',
        default='',
        help='with expert: a checkpoint, which the expert takes over from at a random moment of '
        'the episodes in which that checkpoint fails',
    )
    parser.add_argument(
        '--imitate', type=int, default=0, help='demonstrator, for a policy that was told of them'
    )
    parser.add_argument('--processes', type=int, default=0, help='0 takes one a core')
    parser.add_argument('--graph', action='store_true', help='over the ROS graph, in lockstep')
    parser.add_argument('--videos', help='folder for videos of the failures')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Evaluate and print the figures."""
    from il_ros.session import seeds as ranges

    seeds = ranges.parse(args.seeds) if args.seeds else ranges.TEST[:100]
    began = perf_counter()
    run = over_graph if args.graph else in_process
    result = run(args, seeds)
    result.update(
        seconds=round(perf_counter() - began, 2), what=args.what, seeds=[seeds.start, seeds.stop]
    )
    if args.what != 'expert' and not args.graph:
        from il_ros.checkpoint import add_evaluation

        add_evaluation(Path(args.what), result)
    print(json.dumps(result) if args.json else text_of(result))
    return 0


def in_process(args: argparse.Namespace, seeds: Sequence[int]) -> dict[str, Any]:
    """Run the seeds in processes of this machine."""
    from tqdm import tqdm

    from il_ros.registry import make
    from il_ros.rollout.evaluate import Trial, evaluate
    from il_ros.rollout.statistics import wilson
    from il_ros.sim.tasks import TASKS

    def run(what: str, seeds: Sequence[int], after: str = '') -> list[Trial]:
        trials = evaluate(what, args.robot, args.task, seeds, args.processes, after, args.imitate)
        return list(tqdm(trials, total=len(seeds), unit='episode', file=sys.stderr))

    if args.after:
        seeds = [trial.seed for trial in run(args.after, seeds) if trial.state != 'success']
        if not seeds:
            raise ValueError(f'{args.after} failed in none of these seeds; nothing to take over')
    done = run(args.what, seeds, args.after)
    wins = sum(trial.state == 'success' for trial in done)
    low, high = wilson(wins, len(done))
    failed = [trial for trial in done if trial.state != 'success']
    if args.videos:
        from il_ros.report.failures import failure_videos

        failure_videos(args.what, args.robot, args.task, [t.seed for t in failed], args.videos)
    kinds = sorted({trial.reason for trial in failed})
    costs = [trial.cost for trial in done] if make(TASKS, args.task).has_cost else []
    return {
        'n': len(done),
        'success': wins / len(done),
        'low': low,
        'high': high,
        'failures': {kind: sum(t.reason == kind for t in failed) for kind in kinds},
        **({'cost': sum(costs) / len(costs)} if costs else {}),
    }


def over_graph(args: argparse.Namespace, seeds: range) -> dict[str, Any]:
    """Run the seeds over the ROS graph: the session bc_deployment, in lockstep."""
    from il_ros.bringup.processes import up_apart

    if args.what == 'expert':
        raise ValueError('--graph evaluates a checkpoint; the expert records: `il-ros record`')
    with tempfile.TemporaryDirectory() as folder:
        arguments = {
            'checkpoint': args.what,
            'task': args.task,
            'robot': args.robot,
            'root_dir': folder,
            'episodes': str(len(seeds)),
            'seed': str(seeds.start),
            'lockstep': 'true',
        }
        code = up_apart('bc_deployment', arguments, out=sys.stderr)
        if code != 0:
            raise ValueError(f'the session bc_deployment ended with exit code {code}')
        return json.loads((Path(folder) / 'results.json').read_text())


def text_of(result: dict[str, Any]) -> str:
    """Return the figures as a person reads them."""
    kinds = ', '.join(f'{kind} {n}' for kind, n in result['failures'].items()) or 'none'
    cost = f'; mean cost {result["cost"]:.2f}' if 'cost' in result else ''
    return (
        f'{result["what"]}: success {result["success"]:.3f} '
        f'[{result["low"]:.3f}, {result["high"]:.3f}] of {result["n"]} episodes, '
        f'seeds {result["seeds"][0]}:{result["seeds"][1]}, {result["seconds"]} s; '
        f'failures: {kinds}{cost}'
    )

"""`il-ros bench`: how fast the simulation, the graph and the recorder are on this machine."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

HELP = 'speed of the simulation and of the recorder on this machine'
CAMERAS = ('cam_high', 'cam_left_wrist', 'cam_right_wrist')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('what', choices=('sim', 'recorder'))
    parser.add_argument('--task', default='transfer', help='see `il-ros list tasks`')
    parser.add_argument('--episodes', type=int, default=3, help='of each measurement of the sim')
    parser.add_argument('--seconds', type=float, default=60.0, help='of the recorder bench')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Measure and print."""
    result = bench_sim(args) if args.what == 'sim' else bench_recorder(args)
    if args.json:
        print(json.dumps(result))
    else:
        print('\n'.join(f'{key:>12} {value}' for key, value in result.items()))
    return 0


def bench_sim(args: argparse.Namespace) -> dict[str, Any]:
    """Times real time: in process without and with cameras, and through the whole graph."""
    return {
        'state_x': round(in_process_x(args, ()), 2),
        'cameras_x': round(in_process_x(args, CAMERAS), 2),
        'graph_x': round(graph_x(args), 2),
    }


def in_process_x(args: argparse.Namespace, cameras: tuple[str, ...]) -> float:
    """Return sim time over wall-clock of the expert's episodes; the first one warms up."""
    from il_ros.robot.load import load_robot
    from il_ros.session.episode import EpisodePlan
    from il_ros.session.local import LocalRig

    spec = load_robot('sim')
    rig = LocalRig(spec, args.task, cameras)
    plans = [
        EpisodePlan(i, i, args.task, 'always', 0, with_policy=False, root='')
        for i in range(args.episodes + 1)
    ]
    results = [rig.episode(plan) for plan in plans][1:]
    return times_real(sum(r.ticks for r in results), sum(r.wall_s for r in results), spec.dt_s)


def graph_x(args: argparse.Namespace) -> float:
    """Return the same for sim, policy, intervention, recorder and session in lockstep."""
    from il_ros.bringup.processes import up
    from il_ros.robot.load import load_robot
    from il_ros.session.collect import read_results

    with tempfile.TemporaryDirectory() as folder:
        arguments = {
            'checkpoint': str(small_checkpoint(Path(folder), args.task)),
            'task': args.task,
            'root_dir': f'{folder}/graph',
            'episodes': str(args.episodes),
            'seed': '0',
            'lockstep': 'true',
        }
        code = up('bc_deployment', arguments, out=sys.stderr)
        if code != 0:
            raise ValueError(f'the session bc_deployment ended with exit code {code}')
        results = read_results(Path(folder) / 'graph')
    ticks, wall_s = sum(r.ticks for r in results), sum(r.wall_s for r in results)
    return times_real(ticks, wall_s, load_robot('sim').dt_s)


def small_checkpoint(folder: Path, task: str) -> Path:
    """Train for a moment on two demonstrations: fast to make, as slow to run as a good one."""
    from il_ros.dataset.cache import load_episodes
    from il_ros.policy.config import TrainConfig
    from il_ros.robot.load import load_robot
    from il_ros.session.collect import Collection, collect
    from il_ros.session.local import LocalRig
    from il_ros.trainer import train

    spec = load_robot('sim')
    wanted = Collection(folder / 'bags', task, 2, range(2), 'always')
    collect(LocalRig(spec, task), wanted, lambda result: None)
    config = TrainConfig(head='diffusion', steps=20, val_fraction=0.0)
    train(config, load_episodes(wanted.folder, spec), spec, folder / 'checkpoint')
    return folder / 'checkpoint'


def times_real(ticks: int, wall_s: float, dt_s: float) -> float:
    """Return how many times faster than real time the ticks went."""
    return ticks * dt_s / wall_s


def bench_recorder(args: argparse.Namespace) -> dict[str, Any]:
    """Three 640x480 raw streams at 30 Hz and 50 Hz of state through DDS into a bag."""
    from il_ros.bringup.bench import record_bench

    began = perf_counter()
    result = record_bench(args.seconds)
    return {**result, 'wall_s': round(perf_counter() - began, 2)}

"""`il-ros bench`: how fast the simulation, the graph and the recorder are on this machine."""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from il_ros.sim.tasks import TASK_HELP

HELP = 'speed of the simulation and of the recorder on this machine'
MEASURED = """\
what is measured:
  sim       state_x    sim time over wall-clock, one process, one thread: episodes of the scripted
                       expert; physics, observation, hands and arbiter of every tick, and resets;
                       no policy, nothing recorded. A first episode warms up and does not count.
            cameras_x  the same with three cameras, 128x128 at 25 Hz, rendered and made JPEG.
            graph_x    sim, policy, intervention, recorder and session nodes in lockstep over DDS:
                       a diffusion policy acts and bags are written; from the start of an episode
                       to its last tick. The policy is hardly trained, which costs as much time.
  recorder  a process publishes three raw 640x480 cameras at 30 Hz (noise, 83 MB/s) and joint
            states, commands and authority at 50 Hz; another is the recorder node, which writes a
            bag below TMPDIR. expected: messages published within --seconds, received: those of
            them in the bag, found by stamp; delay_p99_ms: from stamp to recorder; load_late_ms:
            the longest that the load itself was late: above 20, this machine was too busy.
            writer_*: what one process writes into a bag at most, to the page cache.
  hands     sim, policy and intervention nodes over DDS, and a person who takes one arm or both at
            random moments, with sticks or with leader arms that are not where the robot is; the
            table is empty, so that nothing but the command moves the joints.
            In real time, --presses times: button_to_command: from the dead-man button to the first
            command of the person, as it arrives, and in ticks, where 1 is the very next command;
            hand_back_to_fresh_chunk: from letting go to the first command of a plan made after it,
            median and p99; real_time_*: the worst velocity, acceleration and jerk of the commands,
            as parts of their limits.
            In lockstep, until --takeovers arms were taken from the policy: worst_*: the same of
            those commands; joints_*: of the sim's joints.
            In real time, for --watch s each: ticks_missed_without, ticks_missed_while_training:
            periods of ticks_watched in which no command was made, the second while a training of
            training_steps steps (0: the machine was too busy) goes on behind, as in a session with
            background:=true.
            In process: unsafe: how many of --commands commands, asked for by adversaries (leaps,
            arms led into each other and the table, NaN, what is old), were outside of any limit.
cores and load (processes that ran or waited, last minute) say what else the machine had to do."""
CAMERAS = ('cam_high', 'cam_left_wrist', 'cam_right_wrist')
MIN_SECONDS = 1.0
LOAD_MB_S = 84  # of the recorder's benchmark


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = MEASURED
    parser.add_argument('what', choices=('sim', 'recorder', 'hands'))
    parser.add_argument('--task', default='transfer', help=TASK_HELP)
    parser.add_argument('--episodes', type=int, default=3, help='of each measurement of the sim')
    parser.add_argument('--seconds', type=float, default=60.0, help='of the recorder bench')
    parser.add_argument('--watch', type=float, default=20.0, help='of ticks [s] (hands bench)')
    parser.add_argument('--presses', type=int, default=150, help='in real time (hands bench)')
    parser.add_argument('--takeovers', type=int, default=1000, help='in lockstep (hands bench)')
    parser.add_argument('--commands', type=int, default=10_000, help='hostile ones (hands bench)')
    parser.add_argument(
        '--reliable', action='store_true', help='cameras offer reliable images (recorder bench)'
    )
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Measure and print."""
    machine = {'cores': len(os.sched_getaffinity(0)), 'load': round(os.getloadavg()[0], 2)}
    bench = {'sim': bench_sim, 'recorder': bench_recorder, 'hands': bench_hands}[args.what]
    result = bench(args) | machine
    if args.json:
        print(json.dumps(result))
    else:
        print('\n'.join(f'{key:>17} {value}' for key, value in result.items()))
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
    from il_ros.bringup.processes import up_apart
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
        code = up_apart('bc_deployment', arguments, out=sys.stderr)
        if code != 0:
            raise ValueError(f'the session bc_deployment ended with exit code {code}')
        results = read_results(Path(folder) / 'graph')
    ticks, wall_s = sum(r.ticks for r in results), sum(r.wall_s for r in results)
    return times_real(ticks, wall_s, load_robot('sim').dt_s)


def small_checkpoint(folder: Path, task: str, inputs: tuple[str, ...] = ()) -> Path:
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
    config = replace(config, inputs=inputs or config.inputs)
    train(config, load_episodes(wanted.folder, spec), spec, folder / 'checkpoint')
    return folder / 'checkpoint'


def times_real(ticks: int, wall_s: float, dt_s: float) -> float:
    """Return how many times faster than real time the ticks went."""
    return ticks * dt_s / wall_s


def bench_recorder(args: argparse.Namespace) -> dict[str, Any]:
    """Three 640x480 raw streams at 30 Hz and 50 Hz of state through DDS into a bag."""
    from il_ros.bringup.bench import recorder_bench
    from il_ros.recorder.bench import CAMERAS, write_speed
    from il_ros.robot.load import load_robot

    if args.seconds < MIN_SECONDS:
        raise ValueError(f'--seconds {args.seconds}: at least {MIN_SECONDS}')
    with tempfile.TemporaryDirectory(prefix='il_ros_bench_') as folder:
        check_room(Path(folder), args.seconds)
        parts = recorder_bench(folder, args.seconds, CAMERAS, args.reliable)
        run_nodes(parts)
        figures = recorded(Path(folder), args.seconds)
        mb_s, messages_s = write_speed(Path(folder) / 'write_speed', load_robot('sim'))
    return {**figures, 'writer_mb_s': round(mb_s), 'writer_messages_s': round(messages_s)}


def bench_hands(args: argparse.Namespace) -> dict[str, Any]:
    """How soon a person has the arms, and how smoothly; whether anything unsafe is commanded."""
    from il_ros.bringup.bench import hands_limits, hands_timing, hands_training
    from il_ros.bringup.domains import stay_apart
    from il_ros.robot.load import load_robot
    from il_ros.rollout.adversary import unsafe

    stay_apart(os.environ)
    with tempfile.TemporaryDirectory(prefix='il_ros_bench_') as folder:
        checkpoint = str(small_checkpoint(Path(folder), 'transfer', ('position', 'velocity')))
        figures = over_graph(hands_timing(folder, checkpoint, args.presses), folder, 'timing')
        figures |= over_graph(hands_limits(folder, checkpoint, args.takeovers), folder, 'limits')
        learning = hands_training(folder, checkpoint, f'{folder}/bags', args.watch)
        figures |= over_graph(learning, folder, 'training')
    rounded = {key: round(value, 4) for key, value in figures.items()}
    wrong = unsafe(load_robot('sim'), args.commands, 0)
    return rounded | {'unsafe': wrong, 'commands': args.commands}


def over_graph(parts: list[Any], folder: str, name: str) -> dict[str, float]:
    """Run the nodes of a benchmark; return the figures that they leave in folder."""
    run_nodes(parts)
    return json.loads((Path(folder) / f'{name}.json').read_text())


def run_nodes(parts: list[Any]) -> None:
    """Run the nodes of a benchmark to its end; ValueError when one of them fails."""
    from il_ros.bringup.processes import run

    code = run(parts, out=sys.stderr)
    if code != 0:
        raise ValueError(f'the nodes of the benchmark ended with exit code {code}; see above')


def check_room(folder: Path, seconds: float) -> None:
    """Raise ValueError when the disk of a folder is too small for the bag."""
    from il_ros.recorder.config import RecorderConfig
    from il_ros.recorder.store import free_mb

    needed = LOAD_MB_S * seconds + RecorderConfig().disk_floor_mb
    if free_mb(folder) < needed:
        raise ValueError(
            f'{folder}: {free_mb(folder):.0f} MB free, {needed:.0f} MB are needed; set TMPDIR to '
            'a folder on the disk that you record to'
        )


def recorded(folder: Path, seconds: float) -> dict[str, Any]:
    """Return the figures of a bag: what was published, and which of it is there, by stamps."""
    from il_ros import wire
    from il_ros.recorder.read import find_bags, read_bag

    published = json.loads((folder / 'published.json').read_text())
    wanted = {(name, ns) for name, stamps in published['stamps'].items() for ns in stamps}
    found, size, delays_s = set(), 0, [0.0]
    for name, kind, log_ns, data in read_bag(find_bags(folder)[0]):
        stamp_ns = wire.stamp_ns_of(kind, data) or 0
        if (name, stamp_ns) in wanted:
            found.add((name, stamp_ns))
            size += len(data)
            delays_s.append((log_ns - stamp_ns) * 1e-9)
    return {
        'seconds': seconds,
        'mb_s': round(size / 1e6 / seconds, 2),
        'messages_s': round(len(found) / seconds, 1),
        'expected': len(wanted),
        'received': len(found),
        'lost': len(wanted - found),
        'delay_p99_ms': round(1e3 * float(np.quantile(delays_s, 0.99)), 1),
        'load_late_ms': round(1e3 * published['late_s'], 1),
    }

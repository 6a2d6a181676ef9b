"""`il-ros retarget`: demonstrations of one robot as another's, and how well its hands follow."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

HELP = "turn one robot's demonstrations into another's, and say how far its hands follow"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('data', nargs='+', help='bags, or folders of bags, of the first robot')
    parser.add_argument('--robot', default='sim', help='the first: a name, or a robot YAML')
    parser.add_argument('--to', required=True, help='the second: a name, or a robot YAML')
    parser.add_argument('--out', required=True, help='new folder for the bags of the second')
    parser.add_argument('--mm', type=float, default=5.0, help='a hand may be so far off [mm]')
    parser.add_argument('--deg', type=float, default=3.0, help='or so far turned [degrees]')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Retarget what the second robot can reach, and print the figures."""
    from tqdm import tqdm

    from il_ros.dataset.cache import load_episodes
    from il_ros.dataset.retarget import Retargeter, Tolerance
    from il_ros.dataset.to_bag import EpisodeBags
    from il_ros.robot.load import load_robot

    first, second = load_robot(args.robot), load_robot(args.to)
    turn, tolerance = Retargeter(first, second), Tolerance(args.mm, args.deg)
    bags = EpisodeBags(args.out, second)
    episodes = load_episodes(args.data, first, say=say)
    ticks: list[np.ndarray] = []  # (3, n) an episode: mm, degrees, whether reached
    left_out = {}
    for episode in tqdm(episodes, unit='episode', file=sys.stderr):
        moved = turn(episode)
        reached = moved.reached(tolerance)
        ticks.append(np.stack([moved.mm, moved.deg, reached]))
        if reached.all():
            bags.write(moved.episode, f'retargeted from {first.name}')
        else:
            left_out[str(episode.path)] = fault(moved, reached, tolerance)
            say(f'left out {episode.path}: {left_out[str(episode.path)]}')
    result = {'out': args.out, **figures(ticks, len(left_out)), 'left_out': left_out}
    print(json.dumps(result) if args.json else text_of(result))
    return 0


def say(line: str) -> None:
    """Tell a person at a terminal; stdout belongs to results."""
    print(line, file=sys.stderr)


def fault(moved: Any, reached: np.ndarray, tolerance: Any) -> str:
    """Return in words why an episode was not reached."""
    fast = float(moved.haste.max())
    return (
        f'not followed in {(~reached).sum()} of {len(reached)} ticks: off by up to '
        f'{moved.mm.max():.1f} mm (allowed {tolerance.mm:g}) and {moved.deg.max():.1f} degrees '
        f'(allowed {tolerance.deg:g})' + (f', and {fast:.1f} times too fast' if fast > 1.0 else '')
    )


def figures(ticks: Sequence[np.ndarray], left_out: int) -> dict[str, Any]:
    """Return error and reach over the ticks of all episodes, each (3, n)."""
    mm, deg, reached = np.concatenate(ticks, axis=1)
    return {
        'episodes': len(ticks) - left_out,
        'reach_episodes': 1 - left_out / len(ticks),
        'ticks': len(mm),
        'reach_ticks': float(reached.mean()),
        'mm': spread(mm),
        'deg': spread(deg),
    }


def spread(values: np.ndarray) -> dict[str, float]:
    """Return the middle, the 95th percentile and the worst of values (n,)."""
    median, p95, worst = np.quantile(values, [0.5, 0.95, 1.0])
    return {'median': float(median), 'p95': float(p95), 'worst': float(worst)}


def text_of(result: dict[str, Any]) -> str:
    """Return the figures as a person reads them."""
    mm, deg = result['mm'], result['deg']
    return (
        f'{result["out"]}: {result["episodes"]} episodes, {len(result["left_out"])} left out; '
        f'within reach {result["reach_episodes"]:.1%} of episodes and {result["reach_ticks"]:.2%} '
        f'of {result["ticks"]} ticks; off by {mm["median"]:.2f} mm in the median, '
        f'{mm["p95"]:.2f} in 95 %, {mm["worst"]:.2f} at worst; {deg["median"]:.2f}, '
        f'{deg["p95"]:.2f}, {deg["worst"]:.2f} degrees'
    )

"""`il-ros import`: bags that somebody else recorded become episodes like our own."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from il_ros.dataset.foreign import ImportConfig
    from il_ros.dataset.importing import Imported

HELP = 'make episodes of a rosbag2 (MCAP or sqlite3) of any robot whose topics a YAML names'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('bags', nargs='+', help='bags, or folders of bags')
    parser.add_argument('--config', required=True, help='YAML; see config/import_example.yaml')
    parser.add_argument('--robot', default='', help="instead of the YAML's")
    parser.add_argument('--out', required=True, help='new folder for the episodes')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Import every bag, and print what became of them."""
    from il_ros.config import load_config
    from il_ros.dataset.foreign import ImportConfig
    from il_ros.dataset.importing import import_bag
    from il_ros.dataset.to_bag import EpisodeBags
    from il_ros.recorder.read import find_bags
    from il_ros.robot.load import load_robot

    config = load_config(ImportConfig, args.config)
    spec = load_robot(args.robot or robot_of(config, Path(args.config)))
    folders = [bag for given in args.bags for bag in find_bags(folder_of(Path(given)))]
    out = EpisodeBags(args.out, spec)
    spans, uncommanded = [], set()
    for folder in folders:
        done, silent = import_bag(folder, config, spec, out)
        for span in done:
            if span.reason:
                print(f'left out of {span.bag}: {span.reason}', file=sys.stderr)
        spans += done
        uncommanded.update(silent)
    result = figures(args.out, len(folders), spans)
    result['uncommanded'] = [name for name in spec.joint_names if name in uncommanded]
    if not result['episodes']:
        raise ValueError(f'{len(folders)} bags have no episode; the reasons stand above')
    print(json.dumps(result) if args.json else text_of(result))
    return 0


def robot_of(config: 'ImportConfig', path: Path) -> str | Path:
    """Return the robot that a YAML names, a path in it being relative to the YAML."""
    if not config.robot:
        raise ValueError(f'{path}: no "robot"; name one of config/robots, or a robot YAML')
    is_path = config.robot.endswith(('.yaml', '.yml'))
    return path.parent / config.robot if is_path else config.robot


def folder_of(path: Path) -> Path:
    """Return the bag that a file in it stands for."""
    from il_ros.recorder.read import SUFFIXES

    return path.parent if path.is_file() and path.suffix in SUFFIXES else path


def figures(out: str, bags: int, spans: 'list[Imported]') -> dict[str, Any]:
    """Return what became of the spans of all bags."""
    kept = [span for span in spans if span.out]
    return {
        'out': out,
        'bags': bags,
        'episodes': len(kept),
        'seconds': sum(span.seconds for span in kept),
        'left_out': [[span.bag, span.reason] for span in spans if span.reason],
    }


def text_of(result: dict[str, Any]) -> str:
    """Return the figures as a person reads them."""
    silent = result['uncommanded']
    measured = f'; without a command, measured instead: {", ".join(silent)}' if silent else ''
    return (
        f'{result["out"]}: {result["episodes"]} episodes of {result["seconds"]:.1f} s from '
        f'{result["bags"]} bags, {len(result["left_out"])} left out{measured}'
    )

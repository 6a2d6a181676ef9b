"""`il-ros train`: bags to a checkpoint."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import yaml

HELP = 'fit a policy to bags'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        '--data', action='append', required=True, help='a bag or a folder of bags; repeatable'
    )
    parser.add_argument('--out', required=True, help='checkpoint folder to make')
    parser.add_argument('--head', help='policy head, see `il-ros list heads`')
    parser.add_argument('--config', help='YAML of differences; config/train/HEAD.yaml by default')
    parser.add_argument('--like', help='checkpoint whose configuration is taken over')
    parser.add_argument(
        '--set', action='append', default=[], metavar='KEY=VALUE', help='one difference more'
    )
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument(
        '--suspect', action='store_true', help='learn from episodes graded SUSPECT, too'
    )
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Train and say what came of it."""
    from tqdm import tqdm

    from il_ros.dataset.cache import load_episodes
    from il_ros.robot.load import load_robot
    from il_ros.trainer import train

    config = configuration(args)
    spec = load_robot(args.robot)
    left_out: list[str] = []

    def say(text: str) -> None:
        left_out.append(text)
        print(text, file=sys.stderr)

    episodes = load_episodes(
        args.data, spec, config.cameras, include_suspect=args.suspect, say=say
    )
    command = shlex.join(['il-ros', *sys.argv[1:]])
    with tqdm(total=config.steps, unit='step', file=sys.stderr, mininterval=1.0) as bar:
        result = train(
            config, episodes, spec, Path(args.out), progress=shown_on(bar), command=command
        )
    result['left_out'] = len(left_out)
    if args.json:
        print(json.dumps(result))
    else:
        print(f'{args.out}: ' + ', '.join(f'{k} {v}' for k, v in result.items()))
    return 0


def shown_on(bar: Any) -> Callable[[int, int, Mapping[str, float]], None]:
    """Return what moves a progress bar: called with step, steps and the last row of the log."""

    def show(step: int, steps: int, row: Mapping[str, float]) -> None:
        bar.update(step - bar.n)
        bar.set_postfix({key: f'{row[key]:.4f}' for key in ('loss', 'validation') if key in row})

    return show


def configuration(args: argparse.Namespace) -> Any:
    """Return the TrainConfig that the arguments describe; ValueError names what is wrong."""
    from il_ros.config import from_mapping
    from il_ros.policy.config import TrainConfig, read_config
    from il_ros.share import share

    differences = dict(pair(text, TrainConfig) for text in args.set)
    if args.like:
        return replace(read_config(args.like), **differences)
    head = args.head or 'diffusion'
    path = Path(args.config) if args.config else share('config', 'train', f'{head}.yaml')
    given: dict[str, Any] = {}
    if args.config or path.is_file():
        from il_ros.config import load_yaml

        given = load_yaml(path)
    if args.head:
        given['head'] = args.head
    return from_mapping(TrainConfig, {**given, **differences}, str(path))


def pair(text: str, cls: type) -> tuple[str, Any]:
    """Read KEY=VALUE as YAML would, checked against the fields of cls."""
    from il_ros.config import from_mapping

    key, equals, value = text.partition('=')
    if not equals:
        raise ValueError(f'--set {text!r}: expected KEY=VALUE')
    read = yaml.safe_load(value)
    if get_type_hints(cls).get(key) == tuple[str, ...] and isinstance(read, str):
        read = [part for part in read.split(',') if part]
    return key, getattr(from_mapping(cls, {key: read}, '--set'), key)

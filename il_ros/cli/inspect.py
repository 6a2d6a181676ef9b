"""`il-ros inspect`: what is in a bag, a folder of bags or a checkpoint."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

HELP = 'a bag, a folder of bags or a checkpoint: what is in it, rates, drops, who acted'

Figures = dict[str, Any]
Reader = Callable[[Path], Figures]
Words = Callable[[Figures], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('path', help='a bag, a folder of bags, or a checkpoint folder')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Inspect the path and print what is there."""
    path = Path(args.path)
    read, text_of = reader_and_words(path)
    result = read(path)
    print(json.dumps(result, allow_nan=False) if args.json else text_of(result))
    return 0


def reader_and_words(path: Path) -> tuple[Reader, Words]:
    """Return what reads the kind of thing that is at path, and what tells a person of it."""
    from il_ros.checkpoint import CONFIG, WEIGHTS
    from il_ros.recorder.read import is_bag
    from il_ros.report import inspected

    if (path / WEIGHTS).is_file() and (path / CONFIG).is_file():
        return checkpoint_figures, inspected.checkpoint_text
    if is_bag(path):
        return bag_figures, inspected.bag_text
    return folder_figures, inspected.folder_text


def bag_figures(path: Path) -> Figures:
    """Return a bag's figures, repaired before where that was needed."""
    from il_ros.recorder.inspect import inspect_bag
    from il_ros.recorder.repair import repair

    say(done for done in [repair(path)] if done is not None)
    return {'kind': 'bag', **inspect_bag(path)}


def folder_figures(path: Path) -> Figures:
    """Return the sums over a folder's bags, by topic too, and a row for each bag."""
    from il_ros.recorder.inspect import inspect_folder
    from il_ros.recorder.repair import repair_all

    say(repair_all(path))
    result = inspect_folder(path)
    kept = [row for row in result['rows'] if not row['discarded']]
    return {'kind': 'folder', **result, 'topics': topic_sums(kept)}


def say(lines: Iterable[object]) -> None:
    """Tell a person what was done; stdout is for the result."""
    for line in lines:
        print(line, file=sys.stderr)


def topic_sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, Figures]:
    """Return for each topic of the bags: type, messages, lost, and the rate while it was there."""
    sums: dict[str, Figures] = {}
    for row in rows:
        for name, topic in row['topics'].items():
            one = sums.setdefault(name, {'type': topic['type'], 'count': 0, 'hz': 0.0, 'lost': 0})
            total = one['count'] + topic['count']
            one['hz'] = (one['hz'] * one['count'] + topic['hz'] * topic['count']) / max(total, 1)
            one['count'] = total
            one['lost'] += topic['lost']
    return sums


def checkpoint_figures(path: Path) -> Figures:
    """Return what a checkpoint is, was made of and reached; CheckpointError for a damaged one."""
    from il_ros import checkpoint

    found = checkpoint.load(path)
    evaluation = path / checkpoint.EVALUATION
    return {
        'kind': 'checkpoint',
        'path': str(path),
        'version': found.version,
        'robot': found.robot,
        'policy': found.config,
        'parameters': sum(tensor.numel() for tensor in found.weights.values()),
        'bags': len(found.provenance.get('bags', ())),
        'training': {k: finite(v) for k, v in found.provenance.get('training', {}).items()},
        'evaluation': json.loads(evaluation.read_text()) if evaluation.is_file() else None,
    }


def finite(value: Any) -> Any:
    """Return None for a number that JSON has no word for: a validation that never was."""
    return None if isinstance(value, float) and not isfinite(value) else value

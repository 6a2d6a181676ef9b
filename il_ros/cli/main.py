"""The command line: one file a verb, imported only when it is asked for."""

import argparse
import sys
from importlib import import_module

from il_ros import __version__

VERBS = (
    'up',
    'status',
    'say',
    'teleop',
    'home',
    'calibrate',
    'overlay',
    'record',
    'train',
    'evaluate',
    'gate',
    'dagger',
    'study',
    'inspect',
    'replay',
    'import',
    'retarget',
    'doctor',
    'list',
    'bench',
    'demo',
)
MODULES = {'list': 'listing', 'import': 'importing'}  # a verb may be no name for a module
BAD_INPUT = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def main(words: list[str] | None = None) -> int:
    """Run one verb; what it was given and cannot work is one line on stderr and exit code 2."""
    words = sys.argv[1:] if words is None else words
    args = parser_for(words).parse_args(words)
    try:
        return module(args.verb).main(args)
    except (ValueError, FileNotFoundError) as error:
        print(f'il-ros {args.verb}: {error}', file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f'il-ros {args.verb}: interrupted', file=sys.stderr)
        return INTERRUPTED


def parser_for(words: list[str]) -> argparse.ArgumentParser:
    """Return the parser; only the verb asked for is imported, all of them for --help."""
    parser = argparse.ArgumentParser(
        prog='il-ros', description='Record, train, deploy, correct and retrain.'
    )
    parser.add_argument('--version', action='version', version=__version__)
    subparsers = parser.add_subparsers(dest='verb', metavar='VERB', required=True)
    asked = [word for word in words[:1] if word in VERBS]
    for verb in asked or VERBS:
        add_verb(subparsers, verb)
    return parser


def add_verb(subparsers, verb: str) -> None:
    """Add one verb with its arguments."""
    loaded = module(verb)
    about = {'help': loaded.HELP, 'description': loaded.HELP}
    loaded.add_arguments(subparsers.add_parser(verb, **about))


def module(verb: str):
    """Import and return the module of a verb: HELP, add_arguments(parser), main(args) -> int."""
    return import_module(f'il_ros.cli.{MODULES.get(verb, verb)}')


if __name__ == '__main__':
    sys.exit(main())

"""`il-ros say WORD`: a person's word to a session that is up, where no key or button says it."""

import argparse
import sys

from il_ros.teleop.mapping import EVENTS, SESSION_EVENTS

HELP = 'say a word to the session that is up: start, success, take_over, estop ...'
OPERATOR = 'operator'
FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('word', choices=(*EVENTS, OPERATOR), help='what docs say of its key')
    parser.add_argument('name', nargs='?', help='operator NAME: who is at the hands from now on')
    parser.add_argument('--namespace', default='', help='of the robot')


def main(args: argparse.Namespace) -> int:
    """Say it; exit code 1, with the reason, when it is refused."""
    from il_ros.nodes.client import GraphError
    from il_ros.nodes.visit import Visit

    if (args.word == OPERATOR) != (args.name is not None):
        raise ValueError('a name belongs to `operator` alone: il-ros say operator Grace')
    try:
        with Visit('say', args.namespace) as visit:
            if args.word == OPERATOR:
                visit.set('intervention_node', {OPERATOR: args.name})
            else:
                visit.trigger(f'{_who_hears(args.word)}/{args.word}')
    except GraphError as error:
        print(f'il-ros say: {error}', file=sys.stderr)
        return FAILED
    return 0


def _who_hears(word: str) -> str:
    return 'session_node' if word in SESSION_EVENTS else 'intervention_node'

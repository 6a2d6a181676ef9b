"""`il-ros list WHAT`: the names that a registry, or a folder, has."""

import argparse
import json
from collections.abc import Callable, Iterable

from il_ros.config import shipped

HELP = 'names: heads, encoders, tasks, studies, gates, robots, leaders, pads or sessions'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('what', choices=sorted(NAMES))
    parser.add_argument('--json', action='store_true', help='print one JSON array')


def main(args: argparse.Namespace) -> int:
    """Print the names, in alphabetical order."""
    names = sorted(NAMES[args.what]())
    print(json.dumps(names) if args.json else '\n'.join(names))
    return 0


def heads() -> Iterable[str]:
    """Return the policy heads."""
    from il_ros.policy.registry import HEADS

    return HEADS


def encoders() -> Iterable[str]:
    """Return the observation encoders."""
    from il_ros.policy.registry import ENCODERS

    return ENCODERS


def tasks() -> Iterable[str]:
    """Return the tasks of the sim."""
    from il_ros.sim.tasks import TASKS

    return TASKS


def studies() -> Iterable[str]:
    """Return the studies."""
    from il_ros.studies import STUDIES

    return STUDIES


def gates() -> Iterable[str]:
    """Return the scores that a gate can use."""
    from il_ros.policy.scores import SCORES

    return SCORES


def robots() -> Iterable[str]:
    """Return the robots that ship; a robot can also be given as the path of its YAML."""
    return shipped('robots')


def leaders() -> Iterable[str]:
    """Return the leader arms that ship; they can also be given as the path of a YAML."""
    return shipped('leaders')


def pads() -> Iterable[str]:
    """Return the joysticks and keyboards with a mapping; another is the path of a YAML."""
    return shipped('pads')


def sessions() -> Iterable[str]:
    """Return the sessions of `il-ros up`."""
    from il_ros.bringup.sessions import SESSIONS

    return SESSIONS


NAMES: dict[str, Callable[[], Iterable[str]]] = {
    'heads': heads,
    'encoders': encoders,
    'tasks': tasks,
    'studies': studies,
    'gates': gates,
    'robots': robots,
    'leaders': leaders,
    'pads': pads,
    'sessions': sessions,
}

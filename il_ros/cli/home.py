"""`il-ros home`: through the arbiter to the robot's home pose, gently, past everything."""

import argparse
import sys

HELP = 'bring the arms to their home pose, gently; needs a session that is up, such as teleop'
FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--namespace', default='', help='of the robot')


def main(args: argparse.Namespace) -> int:
    """Go home; exit code 1, with the reason, when something is in the way."""
    from il_ros.nodes.client import GraphError
    from il_ros.nodes.mover import Mover
    from il_ros.nodes.visit import Visit
    from il_ros.robot.load import load_robot
    from il_ros.robot.ways import NoWay

    spec = load_robot(args.robot)
    try:
        with Visit('home', args.namespace) as visit, Mover(visit, spec) as mover:
            mover.meet()
            left = mover.go(spec.home)
    except (GraphError, NoWay) as error:
        print(f'il-ros home: {error}', file=sys.stderr)
        return FAILED
    print(f'at home, within {left:.3f} rad')
    return 0

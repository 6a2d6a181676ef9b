"""`il-ros teleop name:=value ...`: the session `teleop`, hands on the robot and no recording."""

import argparse

from il_ros.cli import up

SESSION = 'teleop'
HELP = 'hands on the robot, nothing is recorded: as `il-ros up teleop`'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    up.add_of_session(parser)
    parser.set_defaults(session=SESSION)


main = up.main

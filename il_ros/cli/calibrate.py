"""`il-ros calibrate`: how this robot's driver, leader and sensors count, as a file of its own."""

import argparse
import sys
from datetime import datetime, timezone
from pathlib import Path

HELP = "measure the robot's joints, its leader, how late its sensors are, and what they see"
STEPS = ('joints', 'leader', 'latency', 'images')
FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        'step',
        nargs='?',
        choices=STEPS,
        help='joints: the driver alone is up, the arms can be moved by hand; the others: '
        'il-ros up teleop robot:=YAML is up',
    )
    parser.add_argument('--robot', required=True, help='robot YAML of your own')
    parser.add_argument('--pose', default='home', choices=('home', 'zero'), help='for joints')
    parser.add_argument('--leader', default='', help='leader YAML of your own, for leader')
    parser.add_argument('--poses', type=int, default=6, help='for leader (%(default)s)')
    parser.add_argument('--transport', default='jpeg', choices=('jpeg', 'png', 'raw'))
    parser.add_argument('--namespace', default='', help='of the robot')
    parser.add_argument(
        '--accept', metavar='HASH', help='take recordings of another calibration for as good'
    )


def main(args: argparse.Namespace) -> int:
    """Measure one thing and write it down; exit code 1, with the reason, where that fails."""
    from il_ros.cli import calibrate_steps
    from il_ros.nodes.client import GraphError
    from il_ros.robot.load import load_robot

    file = own_file(args.robot, '--robot')
    spec = load_robot(file)
    if args.accept:
        from il_ros.robot.calibration import accepting

        return write(file, accepting(spec.calibration, args.accept))
    if args.step is None:
        raise ValueError(f'which? one of {", ".join(STEPS)}, in this order; or --accept HASH')
    try:
        found = getattr(calibrate_steps, args.step)(args, spec)
    except GraphError as error:
        print(f'il-ros calibrate: {error}', file=sys.stderr)
        return FAILED
    return 0 if found is None else write(file, found)


def own_file(name: str, option: str) -> Path:
    """Return the YAML at a path; ValueError for the name of one that ships, or none."""
    path = Path(name)
    if path.suffix not in ('.yaml', '.yml') or not path.is_file():
        raise ValueError(
            f'{option} {name}: expected a YAML of your own; copy one of config, with what it names'
        )
    return path


def write(robot: Path, calibration) -> int:
    """Write a calibration beside a robot's YAML, which is let include it."""
    from il_ros.calibration import card
    from il_ros.robot.calibration import calibration_file, name_in, write_calibration
    from il_ros.robot.load import load_robot

    file = calibration_file(robot)
    write_calibration(file, calibration, f'{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC')
    name_in(robot, file)
    spec = load_robot(robot)
    print(f'{file}: calibration {card(spec)["hash"]}; restart what runs with {robot}')
    return 0

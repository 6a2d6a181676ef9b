"""`il-ros up SESSION name:=value ...`: start a session's nodes, stop them all on Ctrl-C."""

import argparse

from il_ros.bringup.session import Argument, Session, parse, text_of
from il_ros.bringup.sessions import SESSIONS, session_of

HELP = 'start the nodes of a session; Ctrl-C stops them all'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('session', nargs='?', help=f'one of: {", ".join(SESSIONS)}')
    add_of_session(parser)


def add_of_session(parser: argparse.ArgumentParser) -> None:
    """Declare what is said to one session."""
    parser.add_argument('arguments', nargs='*', metavar='name:=value', help='of the session')
    parser.add_argument(
        '--show-args', '-s', action='store_true', help='show the arguments, start nothing'
    )


def main(args: argparse.Namespace) -> int:
    """Run the session; a clean stop by Ctrl-C is exit code 0."""
    from il_ros.bringup.processes import Stopped, up
    from il_ros.bringup.session import values_of
    from il_ros.cli.up_live import log_with_status

    if args.session is None:
        print('\n'.join(f'{name:15} {session.help}' for name, session in SESSIONS.items()))
        return 0
    if args.show_args:
        print(described(session_of(args.session)))
        return 0
    given = parse(args.arguments)
    values = values_of(session_of(args.session), given)
    try:
        with log_with_status(str(values['namespace']), bool(values.get('lockstep'))) as log:
            return up(args.session, given, log)
    except Stopped as stopped:
        return stopped.code


def described(session: Session) -> str:
    """Return a session's arguments as a person reads them."""
    return '\n'.join([session.help, *(_line(argument) for argument in session.arguments)])


def _line(argument: Argument) -> str:
    """Return one argument: its default or that it is needed, and what it means."""
    choices = f' ({" | ".join(argument.choices)})' if argument.choices else ''
    value = f'{argument.name}:={"..." if argument.is_needed else text_of(argument.default)}'
    return f'  {value:30} {argument.help}{choices}'

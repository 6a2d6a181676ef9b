"""A session as a launch description: the only module that imports launch; launch/ calls it."""

from collections.abc import Mapping

import launch.logging
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from il_ros.bringup.group import CLOSING_S
from il_ros.bringup.session import Argument, Part, Session, parse, parts_of, text_of
from il_ros.bringup.sessions import session_of
from il_ros.registry import nearest


def description(name: str) -> LaunchDescription:
    """Return what `ros2 launch` starts for a session; the end of any node ends all."""
    session = session_of(name)
    return LaunchDescription(
        [
            *(_declared(argument) for argument in session.arguments),
            OpaqueFunction(function=lambda context: _nodes(session, context)),
        ]
    )


def _declared(argument: Argument) -> DeclareLaunchArgument:
    """Return an argument as launch knows it, for --show-args."""
    return DeclareLaunchArgument(
        argument.name,
        default_value=None if argument.is_needed else text_of(argument.default),
        description=argument.help,
        choices=list(argument.choices) or None,
    )


def _nodes(session: Session, context: LaunchContext) -> list[Node]:
    """Return the nodes, once the arguments are known; ValueError for ones that do not fit."""
    known = [argument.name for argument in session.arguments]
    _warn_of_typos(parse(list(context.argv)), known)
    given = {name: context.launch_configurations[name] for name in known}
    return [_node(part) for part in parts_of(session, given)]


def _warn_of_typos(typed: Mapping[str, str], known: list[str]) -> None:
    """Say which words look like an argument; who includes our file may have words of its own."""
    for name in typed:
        if name not in known and nearest(name, known):
            text = f'unknown argument {name!r}{nearest(name, known)}'
            launch.logging.get_logger('il_ros').warning(text)


def _node(part: Part) -> Node:
    """Return the launch action that starts one node."""
    parameters = {
        name: ParameterValue(value, value_type=type(value))
        for name, value in part.parameters.items()
    }
    return Node(
        package='il_ros',
        executable=part.node,
        name=part.node,
        namespace=part.namespace or None,
        parameters=[parameters],
        output='screen',
        sigterm_timeout=str(CLOSING_S),
        on_exit=Shutdown(reason=f'{part.node} has ended'),
    )

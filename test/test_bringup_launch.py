"""Launch files are lists: one a session, no logic, no values; where ROS is installed they run."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from il_ros.bringup.session import parts_of
from il_ros.bringup.sessions import SESSIONS

LAUNCH = Path(__file__).parents[1] / 'launch'
FILES = sorted(LAUNCH.glob('*.launch.py'))
needs_launch = pytest.mark.skipif(find_spec('launch_ros') is None, reason='launch has no wheel')


def test_every_session_has_a_launch_file():
    assert {path.name.removesuffix('.launch.py') for path in FILES} == set(SESSIONS)


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_a_launch_file_does_nothing_but_name_its_session(path):
    _, imported, function = ast.parse(path.read_text()).body
    assert ast.unparse(imported) == 'from il_ros.bringup.launch import description'
    assert function.name == 'generate_launch_description'
    name = path.name.removesuffix('.launch.py')
    assert ast.unparse(function.body[0]) == f"return description('{name}')"


@needs_launch
@pytest.mark.parametrize('name', SESSIONS)
def test_launch_declares_the_arguments_and_starts_the_nodes_of_the_session(name):
    from launch import LaunchContext
    from launch_ros.actions import Node

    from il_ros.bringup.launch import description

    session = SESSIONS[name]
    found = description(name)
    declared = {a.name: a for a in found.get_launch_arguments()}
    assert list(declared) == [argument.name for argument in session.arguments]
    needed = {a.name: 'given' for a in session.arguments if a.is_needed}
    assert {name for name, a in declared.items() if a.default_value is None} == set(needed)
    context = LaunchContext()
    context.launch_configurations.update(needed)
    actions = [a for entity in found.entities for a in entity.visit(context) or []]
    nodes = [action for action in actions if isinstance(action, Node)]
    assert [n.node_executable for n in nodes] == [p.node for p in parts_of(session, needed)]

"""Who may import whom: the table of the architecture, held by reading every file's imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'il_ros'
ROOT = PACKAGE.parent
FOR_ALL = {'spec', 'wire', 'config', 'registry', 'share', 'middleware', 'calibration', '__init__'}
VISITING = {'nodes.client', 'nodes.visit', 'nodes.mover', 'nodes.measuring', 'nodes.robot_look'}
LEARNING = {'observation', 'policy', 'checkpoint', 'dataset', 'trainer'}
ACTING = {'robot', 'sim', 'teleop', 'arbiter', 'recorder'}
BELOW_SESSION = {*LEARNING, *ACTING, 'rollout', 'report'}
MAY_IMPORT = {
    **{name: {'spec', 'registry'} for name in FOR_ALL},
    'robot': set(),
    'sim': {'robot'},
    'observation': {'robot'},
    'policy': {'observation', 'checkpoint'},
    'teleop': {'robot'},
    'arbiter': {'robot'},
    'recorder': set(),
    'rollout': {'observation', 'policy', 'checkpoint', *ACTING},
    'dataset': {'robot', 'observation', 'recorder'},
    'checkpoint': set(),
    'trainer': {'dataset', 'policy', 'checkpoint'},
    'report': {'dataset', 'rollout', 'sim'},
    'session': BELOW_SESSION,
    'studies': {*BELOW_SESSION, 'session'},
    'nodes': {*BELOW_SESSION, 'session', 'studies'},
    'bringup': set(),
    'cli': {*BELOW_SESSION, 'session', 'studies', 'bringup', *VISITING},
}
FILES = sorted(PACKAGE.rglob('*.py'))


def imports(path: Path) -> Iterator[str]:
    """Yield the names of all modules a file imports, read without running it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: imports are absolute'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix('').parts[0]


def own_imports(path: Path) -> Iterator[str]:
    """Yield what a file imports of this package, without its name: 'robot.load.load_robot'."""
    for name in imports(path):
        root, _, rest = name.partition('.')
        if root == 'il_ros' and not (rest.startswith('__') or rest == ''):
            yield rest


def refused(path: Path) -> list[str]:
    layer = layer_of(path)
    allowed = MAY_IMPORT[layer] | FOR_ALL | {layer}
    return [
        name
        for name in own_imports(path)
        if not any(name == ok or name.startswith(f'{ok}.') for ok in allowed)
    ]


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_layer_may(path):
    assert not refused(path), f'{layer_of(path)} may import {sorted(MAY_IMPORT[layer_of(path)])}'


def test_every_layer_is_in_the_table_and_says_what_comes_in_and_out():
    folders = {path.parent.name for path in PACKAGE.glob('*/__init__.py')}
    assert folders <= set(MAY_IMPORT)
    for folder in folders:
        text = ast.get_docstring(ast.parse((PACKAGE / folder / '__init__.py').read_text())) or ''
        assert 'In:' in text and 'Out:' in text and 'Next:' in text, folder


def test_only_nodes_import_ros():
    for path in FILES:
        roots = {name.split('.')[0] for name in imports(path)}
        ros = [
            r for r in roots if r in ('rclpy', 'rcl_interfaces') or r.endswith(('_msgs', '_srvs'))
        ]
        assert not ros or layer_of(path) == 'nodes', path


def test_only_bringup_and_launch_files_import_launch():
    for path in FILES:
        roots = {name.split('.')[0] for name in imports(path)}
        assert not roots & {'launch', 'launch_ros'} or path == PACKAGE / 'bringup' / 'launch.py'


def test_the_test_can_fail(tmp_path, monkeypatch):
    """A spec that imported the sim would be refused; so would a relative import."""
    path = PACKAGE / 'spec.py'
    monkeypatch.setattr(Path, 'read_text', lambda self: 'from il_ros.sim.world import World')
    assert refused(path) == ['sim.world.World']
    monkeypatch.setattr(Path, 'read_text', lambda self: 'from . import wire')
    with pytest.raises(AssertionError, match='absolute'):
        refused(path)

"""What pip installs on a prefix is what ros2 run, ros2 launch and il-ros look for."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import il_ros
from il_ros.bringup.sessions import SESSIONS

ROOT = Path(il_ros.__file__).parents[1]
NODES = sorted({spec.node for session in SESSIONS.values() for spec in session.nodes})
PINNED = ('jazzy', 'kilted')


@pytest.fixture(scope='session')
def prefix(tmp_path_factory):
    """Install a copy of the source tree on a prefix, from nothing but what is here already."""
    source, target = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('prefix')
    for name in ('il_ros', 'config', 'resource', 'launch'):
        subprocess.run(['cp', '-r', str(ROOT / name), str(source)], check=True)
    for name in ('setup.py', 'setup.cfg', 'pyproject.toml', 'package.xml'):
        subprocess.run(['cp', str(ROOT / name), str(source)], check=True)
    for path in ROOT.glob('requirements*.txt'):
        subprocess.run(['cp', str(path), str(source)], check=True)
    words = ['install', '--quiet', '--no-deps', '--no-build-isolation', '--no-index']
    words += ['--ignore-installed', '--no-compile', '--no-warn-script-location']
    words += ['--disable-pip-version-check', '--prefix', str(target), str(source)]
    subprocess.run([sys.executable, '-m', 'pip', *words], check=True)
    return target


def site(prefix):
    return next(path.parent for path in prefix.rglob('il_ros/__init__.py'))


def run_installed(prefix, *words):
    environment = {**os.environ, 'PYTHONPATH': str(site(prefix).parent)}
    return subprocess.run(
        words, env=environment, cwd=prefix, capture_output=True, text=True, timeout=60, check=False
    )


def test_shared_files_are_where_ros_looks_for_them(prefix):
    share = prefix / 'share'
    assert (share / 'ament_index/resource_index/packages/il_ros').is_file()
    for name in ('package.xml', 'config/fastdds.xml', 'config/robots/sim.yaml'):
        assert (share / 'il_ros' / name).read_bytes() == (ROOT / name).read_bytes()
    for session in SESSIONS:
        assert (share / 'il_ros/launch' / f'{session}.launch.py').is_file()


def test_every_shipped_file_is_installed(prefix):
    for folder in ('config', 'launch', 'resource/robots'):
        files = [p for p in (ROOT / folder).rglob('*') if p.is_file() and p.suffix != '.pyc']
        for path in files:
            assert (prefix / 'share/il_ros' / path.relative_to(ROOT)).is_file(), path


@pytest.mark.parametrize('node', NODES)
def test_every_node_of_a_session_is_an_executable_of_the_package(prefix, node):
    assert os.access(prefix / 'lib/il_ros' / node, os.X_OK)


def test_an_installed_executable_runs_its_node_from_the_installation(prefix):
    executable = str(prefix / 'lib/il_ros/sim_node')
    done = run_installed(prefix, sys.executable, executable, '--ros-args', '-p', 'tsk:=transfer')
    assert done.returncode == 2
    assert done.stderr == (
        "error: sim_node: unknown parameter 'tsk' (did you mean 'task'?); known: "
        + done.stderr.rpartition('known: ')[2]
    )


def test_an_installation_finds_its_files_without_the_source_tree(prefix):
    code = 'from il_ros.share import share; print(share("config", "fastdds.xml"))'
    done = run_installed(prefix, sys.executable, '-c', code)
    assert done.stdout.strip() == str(prefix / 'share/il_ros/config/fastdds.xml')


def test_the_installed_command_answers(prefix):
    done = run_installed(prefix, sys.executable, str(prefix / 'bin/il-ros'), 'list', 'robots')
    assert done.returncode == 0 and 'sim' in done.stdout.split()


def keyword_of_setup(name):
    """Return what setup.py gives setup() by that name, where it is written out."""
    for node in ast.walk(ast.parse((ROOT / 'setup.py').read_text())):
        if isinstance(node, ast.keyword) and node.arg == name:
            return ast.literal_eval(node.value)
    raise AssertionError(name)


def test_version_and_licence_are_said_once_the_same_everywhere():
    package = ElementTree.parse(ROOT / 'package.xml').getroot()
    assert package.findtext('version') == keyword_of_setup('version') == il_ros.__version__
    assert package.findtext('license') == keyword_of_setup('license') == 'Apache-2.0'
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()
    maintainer = package.find('maintainer')
    assert maintainer.get('email') == keyword_of_setup('maintainer_email')


def pins(path):
    """Return name -> version of a constraints file and of the files it names."""
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith('-c '):
            found |= pins(path.parent / line.removeprefix('-c '))
        elif line and not line.startswith('#'):
            name, _, version = line.partition('==')
            found[name.lower().replace('_', '-')] = version
    return found


@pytest.mark.parametrize('distribution', PINNED)
def test_every_requirement_is_pinned(distribution):
    found = pins(ROOT / 'constraints' / f'{distribution}.txt')
    text = (ROOT / 'setup.py').read_text()
    wheels = [f'ros-{name}' for name in re.findall(r"'([a-z]+-(?:msgs|srvs|interfaces))'", text)]
    assert len(wheels) == 9
    for name in [*(ROOT / 'requirements.txt').read_text().split(), *wheels, 'ros-rclpy']:
        assert re.fullmatch(r'[\d.]+', found[name]), name
    assert found['torch'] == '2.13.0'


def test_package_xml_names_the_message_packages_that_nodes_import():
    package = ElementTree.parse(ROOT / 'package.xml').getroot()
    named = {element.text for element in package.iter('exec_depend')}
    imported = set()
    for path in (ROOT / 'il_ros/nodes').glob('*.py'):
        imported |= set(
            re.findall(r'^(?:from|import) (\w+_(?:msgs|srvs|interfaces))', path.read_text(), re.M)
        )
    assert imported <= named
    assert {'rclpy', 'launch', 'launch_ros'} <= named


def test_every_library_that_is_imported_is_required():
    wheels = {
        'cv2': 'opencv-python-headless',
        'yaml': 'pyyaml',
        'pinocchio': 'pin',
        'eigenpy': 'pin',
        'coal': 'pin',
        'dynamixel_sdk': 'dynamixel-sdk',
        'serial': 'dynamixel-sdk',  # by which it speaks
    }
    of_ros = re.compile(r'rclpy|launch|launch_ros|\w+_(msgs|srvs|interfaces)|il_ros')
    required = set((ROOT / 'requirements.txt').read_text().split())
    found = re.compile(r'^ *(?:from|import) (\w+)', re.MULTILINE)
    for path in (ROOT / 'il_ros').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                (name,) = found.findall(ast.unparse(node).splitlines()[0])
                if name not in sys.stdlib_module_names and not of_ros.fullmatch(name):
                    assert wheels.get(name, name) in required, f'{path} imports {name}'

"""`il-ros doctor`: what of this machine, or of a robot, works, and what to do about the rest."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from il_ros.session.checklist import Finding

HELP = 'what of ROS, DDS, EGL and devices works here, and what to do about what does not'
MESSAGES = (
    'diagnostic_msgs',
    'geometry_msgs',
    'lifecycle_msgs',
    'rcl_interfaces',
    'rosgraph_msgs',
    'sensor_msgs',
    'std_msgs',
    'std_srvs',
    'trajectory_msgs',
)
NODES = 8  # of the largest session
SEGMENT_MIB = 17  # of /dev/shm a node, by config/fastdds.xml, with its bookkeeping
GL_RENDERER = 'GL_RENDERER='
SOFTWARE = ('nothing', 'llvmpipe', 'softpipe', 'swrast')
EGL_PROBE = """
import pybullet, pkgutil
client = pybullet.connect(pybullet.DIRECT)
egl = pkgutil.get_loader('eglRenderer')
assert pybullet.loadPlugin(egl.get_filename(), '_eglRendererPlugin') >= 0
pybullet.getCameraImage(64, 64, renderer=pybullet.ER_BULLET_HARDWARE_OPENGL)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('--seconds', type=float, default=2.0, help='of each measurement')
    parser.add_argument('--robot', help='check this robot instead, which is up: name or YAML')
    parser.add_argument('--namespace', default='', help='of the robot')
    parser.add_argument('--transport', default='jpeg', choices=('jpeg', 'png', 'raw'))
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Run all checks; exit code 1 when something is broken."""
    findings = []
    for finding in of_robot(args) if args.robot else of_machine(args.seconds):
        findings.append(finding)
        if not args.json:
            print(text_of(finding), flush=True)
    is_well = all(finding.state != 'broken' for finding in findings)
    if args.json:
        print(json.dumps({'ok': is_well, 'checks': [asdict(finding) for finding in findings]}))
    return 0 if is_well else 1


def of_machine(seconds: float) -> Iterator[Finding]:
    """Yield what this machine can do."""
    for check in CHECKS:
        yield check()
    yield images(seconds)


def of_robot(args: argparse.Namespace) -> Iterator[Finding]:
    """Yield what there is to say of a robot that is up."""
    from il_ros.nodes.robot_look import RobotLook
    from il_ros.nodes.visit import Visit
    from il_ros.robot.load import load_robot

    spec = load_robot(args.robot)
    with Visit('doctor', args.namespace) as visit:
        yield from RobotLook(visit, spec, args.transport).findings(args.seconds)


def text_of(finding: Finding) -> str:
    """Return a finding as a person reads it."""
    remedy = f'\n{"":29}-> {finding.remedy}' if finding.remedy else ''
    return f'{finding.state:7}{finding.name:22}{finding.says}{remedy}'


def python() -> Finding:
    """Ask whether the wheels are built for this Python."""
    says = f'{sys.version.split()[0]} at {sys.executable}'
    if (3, 10) <= sys.version_info[:2] <= (3, 12):
        return Finding('python', 'ok', says)
    return Finding('python', 'broken', says, 'make setup with Python 3.11 or 3.12')


def ros() -> Finding:
    """Look for rclpy and every message package."""
    try:
        found = version('rclpy')
    except PackageNotFoundError:
        return Finding('ros', 'broken', 'no rclpy', 'source a ROS 2 installation, or make setup')
    missing = [name for name in MESSAGES if find_spec(name) is None]
    where = f'ROS 2 {os.environ["ROS_DISTRO"]}' if 'ROS_DISTRO' in os.environ else 'wheels'
    if missing:
        names = ' '.join(f'ros-{name.replace("_", "-")}' for name in missing)
        return Finding('ros', 'broken', f'missing: {", ".join(missing)}', f'pip install {names}')
    return Finding('ros', 'ok', f'rclpy {found} from {where}')


def launch() -> Finding:
    """Look for `ros2 launch`, which has no wheel."""
    if find_spec('launch_ros') is not None:
        return Finding('launch', 'ok', 'ros2 launch il_ros record.launch.py works')
    return Finding('launch', 'note', 'no launch_ros here; il-ros up starts the same sessions')


def middleware() -> Finding:
    """Say whose profile is in force, of which middleware."""
    from il_ros.middleware import PROFILE_VARIABLES, profile, uses_fast_dds

    if not uses_fast_dds(os.environ):
        return Finding('middleware', 'note', f'{os.environ["RMW_IMPLEMENTATION"]}, as you chose')
    for name in PROFILE_VARIABLES:
        if os.environ.get(name):
            says = f'Fast DDS with your profile: {name}={os.environ[name]}'
            return Finding('middleware', 'note', says)
    return Finding('middleware', 'ok', f'Fast DDS with {profile()}')


def shared_memory() -> Finding:
    """Ask whether there is room for every node's segment."""
    needed = NODES * SEGMENT_MIB
    try:
        free = shutil.disk_usage('/dev/shm').free >> 20
    except FileNotFoundError:
        return Finding('memory', 'note', 'no /dev/shm: messages go by UDP')
    says = f'/dev/shm has {free} MiB free, {NODES} nodes take {needed}'
    if free >= needed:
        return Finding('memory', 'ok', says)
    remedy = 'in a container: docker run --shm-size=1g; else remove stale /dev/shm/fastrtps_*'
    return Finding('memory', 'broken', says, remedy)


def physics() -> Finding:
    """Ask whether PyBullet is there and speaks numpy."""
    from il_ros.sim.bullet import connect

    try:
        connect()
    except RuntimeError as error:
        return Finding('pybullet', 'broken', str(error), 'make setup')
    return Finding('pybullet', 'ok', f'{version("pybullet")}, numpy enabled')


def egl() -> Finding:
    """Ask who renders through EGL, in a process of its own: drivers have been seen to crash."""
    words = [sys.executable, '-c', EGL_PROBE]
    probe = subprocess.run(words, capture_output=True, text=True, check=False)
    marked = [line for line in probe.stdout.splitlines() if line.startswith(GL_RENDERER)]
    renderer = marked[0].removeprefix(GL_RENDERER) if marked else 'nothing'
    if probe.returncode == 0 and not renderer.startswith(SOFTWARE):
        return Finding('egl', 'ok', renderer)
    says = f"{renderer} renders through EGL: PyBullet's own renderer takes 2 ms at 128x128"
    return Finding('egl', 'note', says)


def joystick() -> Finding:
    """Look for a game controller that this user may read."""
    from il_ros.teleop.pad import NoPad, Pad

    try:
        return Finding('joystick', 'ok', Pad().name)
    except NoPad as error:
        return Finding('joystick', 'note', str(error))


def learning() -> Finding:
    """Say where torch computes."""
    import torch

    where = torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU'
    says = f'torch {torch.__version__}, {where}, {torch.get_num_threads()} threads'
    return Finding('torch', 'ok', says)


def images(seconds: float) -> Finding:
    """Measure whether images arrive: three cameras of 640x480 at 30 Hz, between processes."""
    words = [sys.executable, '-m', 'il_ros.nodes.image_loss', '--seconds', str(seconds)]
    probe = subprocess.run(words, capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        last = (probe.stderr.strip().splitlines() or ['nothing said'])[-1]
        return Finding('images', 'broken', f'not measured: {last}', 'ros and middleware, above')
    found = json.loads(probe.stdout.splitlines()[-1])
    says = f'{found["received"]} of {found["sent"]} arrived, {found["lost"]:.1%} lost'
    if found['lost'] == 0.0:
        return Finding('images', 'ok', says)
    remedy = 'unset your own profile, or give its shared-memory segment 16 MiB; free /dev/shm'
    return Finding('images', 'broken', says, remedy)


CHECKS: tuple[Callable[[], Finding], ...] = (
    python,
    ros,
    launch,
    middleware,
    shared_memory,
    physics,
    egl,
    joystick,
    learning,
)

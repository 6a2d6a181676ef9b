"""Install il_ros under colcon, or with pip on any prefix; pyproject.toml holds only the tools."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = 'il_ros'
HERE = Path(__file__).parent
NODES = ('sim_node', 'policy_node', 'intervention_node', 'recorder_node', 'session_node')
HANDS = ('operator_node', 'joystick_node', 'keyboard_node', 'leader_node')
# Where no ROS 2 is installed; constraints/<distribution>.txt says which versions belong together.
ROS_WHEELS = ['ros-rclpy[fastrtps]'] + [
    f'ros-{name}'
    for name in (
        'diagnostic-msgs',
        'geometry-msgs',
        'lifecycle-msgs',
        'rcl-interfaces',
        'rosgraph-msgs',
        'sensor-msgs',
        'std-msgs',
        'std-srvs',
        'trajectory-msgs',
    )
]
TESTS = (HERE / 'requirements-test.txt').read_text().split()
REQUIREMENTS = (HERE / 'requirements.txt').read_text().split()


def tree(folder):
    """Return data_files rows for a folder, so that share/il_ros looks like the source tree."""
    elsewhere = {'__pycache__', 'executables', NAME}
    return [
        (f'share/{NAME}/{path.parent.relative_to(HERE)}', [str(path.relative_to(HERE))])
        for path in sorted((HERE / folder).rglob('*'))
        if path.is_file() and not elsewhere & set(path.relative_to(HERE).parts)
    ]


setup(
    name=NAME,
    version='0.1.0',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        # pip ignores setup.cfg's script_dir; ros2 run and launch look here, not in bin/
        (f'lib/{NAME}', [f'resource/executables/{name}' for name in NODES + HANDS]),
        *tree('launch'),
        *tree('config'),
        *tree('resource'),
    ],
    install_requires=['setuptools', *REQUIREMENTS],
    tests_require=['pytest'],
    extras_require={'ros': ROS_WHEELS, 'test': TESTS},
    zip_safe=False,
    maintainer='il_ros maintainers',
    maintainer_email='maintainers@il-ros.org',
    description='Imitation learning for two-armed robots on ROS 2',
    license='Apache-2.0',
    entry_points={'console_scripts': ['il-ros = il_ros.cli.main:main']},
)

"""Graphs of tests stay on this machine, and out of the way of each other's and of a person's."""

import os

import pytest
import scratch

from il_ros.bringup.domains import reserve

if 'PYTEST_XDIST_WORKER' in os.environ:  # one of several, which inherited the first one's domain
    os.environ['ROS_DOMAIN_ID'] = str(reserve())
    os.environ['OMP_NUM_THREADS'] = '1'  # of torch: the other cores have tests of their own
os.environ.setdefault('ROS_DOMAIN_ID', str(reserve()))
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')


@pytest.fixture(scope='session', autouse=True)
def leave_nothing_behind():
    """What graphs made for logs and checkpoints goes with the last test."""
    yield
    scratch.remove()

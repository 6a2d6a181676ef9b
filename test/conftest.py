"""Graphs of tests stay on this machine, and out of the way of each other's and of a person's."""

import os

from il_ros.bringup.domains import reserve

os.environ.setdefault('ROS_DOMAIN_ID', str(reserve()))
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

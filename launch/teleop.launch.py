"""ros2 launch il_ros teleop.launch.py: see il_ros/bringup/sessions.py."""

from il_ros.bringup.launch import description


def generate_launch_description():
    return description('teleop')

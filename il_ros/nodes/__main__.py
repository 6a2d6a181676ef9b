"""`python -m il_ros.nodes NAME --ros-args ...` starts a node; what lib/il_ros/NAME does too."""

import sys

from il_ros.nodes.run import start

if __name__ == '__main__':
    start(sys.argv.pop(1))

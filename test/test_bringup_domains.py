"""A simulated session keeps out of the way of robots and of other sessions."""

import subprocess
import sys

from il_ros.bringup.domains import LAST, reserve, stay_apart


def test_a_simulated_session_stays_on_this_machine_in_a_domain_of_its_own():
    environ = {}
    stay_apart(environ)
    assert environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert 0 < int(environ['ROS_DOMAIN_ID']) <= LAST
    again = {}
    stay_apart(again)
    assert again == environ  # one process, one domain


def test_what_the_user_chose_stands():
    chosen = {'ROS_DOMAIN_ID': '7', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    environ = dict(chosen)
    stay_apart(environ)
    assert environ == chosen


def test_two_processes_never_share_a_domain():
    ours = reserve()
    program = 'from il_ros.bringup.domains import reserve; print(reserve())'
    theirs = subprocess.run([sys.executable, '-c', program], capture_output=True, check=True)
    assert int(theirs.stdout) != ours

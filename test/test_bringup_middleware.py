"""The shipped Fast DDS profile is in force unless the user chose; and it is needed."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from il_ros.middleware import PROFILE_VARIABLES, profile, profile_variables

JAZZY, KILTED = '7.1.6', '9.1.2'


def test_the_profile_is_named_as_the_installed_fast_dds_reads_it():
    assert profile_variables({}, JAZZY) == {'FASTRTPS_DEFAULT_PROFILES_FILE': profile()}
    assert profile_variables({}, KILTED) == {'FASTDDS_DEFAULT_PROFILES_FILE': profile()}
    assert profile_variables({'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp'}, JAZZY)


@pytest.mark.parametrize(
    'chosen',
    [{name: '/home/me/my.xml'} for name in PROFILE_VARIABLES]
    + [{'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp'}],
)
def test_what_the_user_chose_is_respected(chosen):
    assert profile_variables(chosen, JAZZY) == {}


def measured(tmp_path, segment_bytes):
    """Return the share of images lost with the shipped profile, but for its segment size."""
    tree = ElementTree.parse(profile())
    for element in tree.iter():
        if element.tag.endswith('segment_size'):
            element.text = str(segment_bytes or element.text)
    path = tmp_path / 'profile.xml'
    ElementTree.register_namespace('', 'http://www.eprosima.com')
    tree.write(path)
    words = [sys.executable, '-m', 'il_ros.nodes.image_loss', '--seconds', '0.7']
    chosen = dict.fromkeys(PROFILE_VARIABLES, str(path))
    done = subprocess.run(words, env={**os.environ, **chosen}, capture_output=True, check=True)
    return json.loads(done.stdout)['lost']


@pytest.mark.alone
def test_the_segment_is_what_keeps_bursts_of_images(tmp_path):
    small = 512 << 10  # Fast DDS's own default
    assert measured(tmp_path, None) < measured(tmp_path, small)

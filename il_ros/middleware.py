"""The Fast DDS profile of config/: in force however a node is started, unless the user chose."""

from collections.abc import Mapping

from il_ros.share import share

# Fast DDS 2 (Jazzy) and 3 (Kilted) read the first; a user may still set the older second one.
PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
FAST_DDS = ('rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp')


def profile() -> str:
    """Return the path of the profile this package ships."""
    return str(share('config', 'fastdds.xml'))


def profile_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return what to add to an environment before rclpy starts, so that the profile is in force.

    Nothing where the user has named a profile or another middleware: both are respected.
    """
    if environ.get('RMW_IMPLEMENTATION', FAST_DDS[0]) not in FAST_DDS:
        return {}
    if any(environ.get(name) for name in PROFILE_VARIABLES):
        return {}
    return {PROFILE_VARIABLES[0]: profile()}

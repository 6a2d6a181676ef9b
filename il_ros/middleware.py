"""The Fast DDS profile of config/: in force however a node is started, unless the user chose."""

from collections.abc import Mapping

from il_ros.share import share

# Fast DDS 2 (Jazzy) reads only the first, 3 (Kilted and later) warns of it.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
KILTED_RCLPY = 9
FAST_DDS = ('rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp')


def profile() -> str:
    """Return the path of the profile this package ships."""
    return str(share('config', 'fastdds.xml'))


def uses_fast_dds(environ: Mapping[str, str]) -> bool:
    """Whether the user has not chosen another middleware."""
    return (environ.get('RMW_IMPLEMENTATION') or FAST_DDS[0]) in FAST_DDS


def profile_variables(environ: Mapping[str, str], rclpy_version: str) -> dict[str, str]:
    """
    Return what to add to an environment before rclpy starts, so that the profile is in force.

    rclpy_version: '7.1.6'. Nothing where the user has named a profile or another middleware.
    """
    if not uses_fast_dds(environ):
        return {}
    if any(environ.get(name) for name in PROFILE_VARIABLES):
        return {}
    is_fast_dds_3 = int(rclpy_version.partition('.')[0]) >= KILTED_RCLPY
    return {PROFILE_VARIABLES[is_fast_dds_3]: profile()}

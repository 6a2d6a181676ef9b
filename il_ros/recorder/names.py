"""Topic names: relative in the package, `joint_states`; full in a bag, `/joint_states`."""

from il_ros import wire

_GLOBAL = frozenset(t.name for t in (wire.DIAGNOSTICS, wire.CLOCK))


def ros_name(name: str, namespace: str = '/') -> str:
    """Return the name that ROS tools show for a topic of the robot in a namespace."""
    return name if name.startswith('/') else f'/{namespace.strip("/")}/{name}'.replace('//', '/')


def wire_name(name: str, namespace: str = '/') -> str:
    """Return the wire's name of a topic in a bag; one outside the namespace keeps its own."""
    prefix = f'/{namespace.strip("/")}/'.replace('//', '/')
    if name in _GLOBAL or not name.startswith(prefix):
        return name
    return name[len(prefix) :]

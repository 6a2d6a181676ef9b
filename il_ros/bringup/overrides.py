"""A ROS parameters YAML, laid over what a session gives its nodes; an unread section is a typo."""

from collections.abc import Sequence

from il_ros.config import load_yaml
from il_ros.registry import nearest

Value = bool | int | float | str
EVERY_NODE = '**'
KEY = 'ros__parameters'


def read_overrides(path: str, nodes: Sequence[str]) -> dict[str, dict[str, Value]]:
    """
    Return the parameters that the file has for each node; none for path ''.

    A section is named as in ROS (`policy_node`, `/left/policy_node`, `/**`): its last part counts.
    Raises ValueError for a section that is no node of the session, or without ros__parameters.
    """
    changed: dict[str, dict[str, Value]] = {node: {} for node in nodes}
    for section, content in (load_yaml(path) if path else {}).items():
        if not isinstance(content, dict) or not isinstance(content.get(KEY), dict):
            raise ValueError(f'{path}: {section}: expected parameters below {KEY!r}')
        name = section.rsplit('/', 1)[-1]
        if name != EVERY_NODE and name not in nodes:
            raise ValueError(
                f'{path}: {section!r} is no node of this session{nearest(name, nodes)}; '
                f'its nodes: {", ".join(nodes)}'
            )
        for node in nodes if name == EVERY_NODE else [name]:
            changed[node].update(content[KEY])
    return changed

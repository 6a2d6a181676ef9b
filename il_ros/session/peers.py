"""Whether the nodes of a graph hear each other: a message sent before is lost to who came late."""

from collections.abc import Mapping
from typing import Any

# node -> {'reaches': {topic: listeners found by the node}, 'hears': [topic, ...]}
Peers = Mapping[str, Mapping[str, Any]]


def unreached(peers: Peers) -> list[str]:
    """Return, in words, each topic whose publisher has not found all of its listeners yet."""
    gaps = []
    for node, known in peers.items():
        for topic, found in known['reaches'].items():
            listeners = [other for other, its in peers.items() if topic in its['hears']]
            if found < len(listeners):
                gaps.append(f'{node} {topic}: {found} of {len(listeners)} listeners')
    return gaps

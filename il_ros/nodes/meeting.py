"""Before the first episode: a session knows every node, and the nodes all hear each other."""

import json
from collections.abc import Sequence

from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from std_srvs.srv import Trigger

from il_ros.nodes.client import Client
from il_ros.nodes.diagnostics import peers_of
from il_ros.session.peers import unreached

OWN = 'session_node'
SERVICES: dict[str, dict[str, type]] = {  # of each node, besides those that all have
    'sim_node': dict.fromkeys(('reset', 'start', 'stop', 'pause', 'go_on'), Trigger),
    'intervention_node': dict.fromkeys(('reset', 'dropped', 'drop_plan'), Trigger),
    'operator_node': {'reset': Trigger},
    'recorder_node': dict.fromkeys(('start', 'stop', 'discard', 'settled'), Trigger),
    'policy_node': {'loaded': Trigger, 'change_state': ChangeState, 'get_state': GetState},
}


def introduce(client: Client, names: Sequence[str]) -> None:
    """Make us known to every node, as a caller; GraphError names one that is not there."""
    for name in names:
        if name != OWN:
            services = {'set_parameters': SetParameters, 'peers': Trigger}
            client.introduce(name, {**services, **SERVICES.get(name, {})})


def meet(client: Client, names: Sequence[str]) -> None:
    """Wait until every topic has found its listeners: no message is lost from then on."""
    gaps = ['']

    def have_met() -> bool:
        peers = {OWN: peers_of(client.node)}
        for name in names:
            if name != OWN:
                peers[name] = json.loads(client.trigger(f'{name}/peers'))
        gaps.append('; '.join(unreached(peers)))
        return not gaps[-1]

    client.wait_until(have_met, lambda: f'the nodes do not hear each other: {gaps[-1]}')

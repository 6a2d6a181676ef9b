"""The policy node as a session sees it: a checkpoint to load, a lifecycle to bring it through."""

from std_srvs.srv import Trigger

from il_ros.nodes.client import Client

NAME = 'policy_node'
LOAD_PATIENCE_S = 120.0


class GraphPolicy:
    """The policy node of a graph."""

    def __init__(self, client: Client):
        self.client = client

    def load(self, checkpoint: str) -> None:
        """Let it load a checkpoint beside the one that acts, and wait for it; or ValueError."""
        self.client.set(NAME, {'checkpoint': checkpoint})
        if self.client.state_of(NAME) == 'unconfigured':
            self.client.change_state(NAME, 'configure')
        self.client.wait_until(self._is_loaded, f'{checkpoint}: not loaded', LOAD_PATIENCE_S)

    def act(self, is_wanted: bool) -> None:
        """Let it act, or not."""
        is_active = self.client.state_of(NAME) == 'active'
        if is_wanted != is_active:
            self.client.change_state(NAME, 'activate' if is_wanted else 'deactivate')

    def _is_loaded(self) -> bool:
        response = self.client.call(Trigger, f'{NAME}/loaded', Trigger.Request())
        if not response.success and response.message != 'loading':
            raise ValueError(response.message)
        return bool(response.success)

"""The parameter `checkpoint` of a running policy: checked at once, loaded beside, swapped in."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros.policy.deployment import Deployment


class Swap:
    """Loads in a thread of its own; `~/loaded` says what became of it."""

    def __init__(self, node: Node, deployment: Deployment):
        self.node, self.deployment = node, deployment
        self.refused = ''  # why the checkpoint asked for last does not act
        self._thread = ThreadPoolExecutor(1)
        self._loading: Future | None = None
        node.add_on_set_parameters_callback(self.on_parameters)
        node.create_service(Trigger, '~/loaded', self.on_loaded)

    def on_parameters(self, parameters):
        """Refuse what cannot take over; begin to load what can."""
        folders = [Path(p.value) for p in parameters if p.name == 'checkpoint']
        if folders and self.deployment.pilot is not None:
            try:
                self.deployment.check(folders[-1])
            except (ValueError, OSError) as error:
                return SetParametersResult(successful=False, reason=str(error))
            self._loading = self._thread.submit(self.load, folders[-1])
        return SetParametersResult(successful=True)

    def load(self, folder: Path) -> None:
        """Load beside the policy that acts, which goes on where this fails."""
        log, version = self.node.get_logger(), self.deployment.version
        try:
            self.deployment.load_beside(folder)
        except (ValueError, RuntimeError, OSError) as error:
            self.refused = f'checkpoint refused: {error}'
            log.error(f'{self.refused}; {version} goes on')
            return
        self.refused = ''
        log.info(f'{folder} ({self.deployment.newest_version}) acts from the next chunk on')

    def on_loaded(self, request, response):
        """Say whether the checkpoint asked for is the one that acts from the next chunk on."""
        is_loading = self._loading is not None and not self._loading.done()
        response.success = not is_loading and not self.refused
        response.message = 'loading' if is_loading else self.refused
        if response.success:
            response.message = self.deployment.newest_version
        return response

    def forget(self) -> None:
        """Start with what was configured: an older refusal is no matter."""
        self._loading, self.refused = None, ''

    def close(self) -> None:
        """Begin no further loading."""
        self._thread.shutdown(wait=False, cancel_futures=True)

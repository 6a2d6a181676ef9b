"""The policy's thread: planning never delays a callback, and nobody else touches the pilot."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from rclpy.node import Node

from il_ros.nodes.run import finish
from il_ros.policy.deployment import Deployment
from il_ros.spec import ActionChunk, Observation


class Thinker:
    """
    Thinks of the newest observations, a plan at a time; in lockstep of each, and is awaited.

    answer(stamp_ns, chunk) is told the plan; in lockstep also that there is None for a tick.
    """

    def __init__(
        self,
        node: Node,
        deployment: Deployment,
        is_lockstep: bool,
        answer: Callable[[int, ActionChunk | None], None],
    ):
        self.node, self.deployment = node, deployment
        self.is_lockstep, self.answer = is_lockstep, answer
        self.failure = ''  # why the policy is silent, '' while it is not
        self._thread = ThreadPoolExecutor(1)
        self._thinking: Future | None = None

    def take(self, observation: Observation) -> None:
        """Take what is observed, and begin to think of it unless that is going on."""
        self.deployment.take(observation)
        if self._thinking is None or self._thinking.done():
            self._thinking = self._thread.submit(self.think, observation.stamp_ns)
            self._thinking.add_done_callback(self.on_end)
        if self.is_lockstep:
            self._thinking.result()

    def think(self, stamp_ns: int) -> None:
        """Answer with a chunk if one is due."""
        chunk = None
        try:
            chunk = self.deployment.think()
            self.failure = ''
        except RuntimeError as error:  # a PolicyFailure, or what torch has to say
            self.failure = str(error)
            self.node.get_logger().error(self.failure, throttle_duration_sec=1.0)
        if chunk is not None or self.is_lockstep:
            self.answer(stamp_ns, chunk)

    def on_end(self, thinking: Future) -> None:
        """End the node for what no policy raises: a fault of ours, not to be hidden."""
        if not thinking.cancelled() and thinking.exception() is not None:
            self.node.get_logger().fatal(f'while thinking: {thinking.exception()!r}')
            finish(self.node, 1)

    def reset(self, seed: int) -> None:
        """Start an episode, once what is being thought of has come to an end."""
        self._thread.submit(self.deployment.reset, seed).result()

    def rest(self) -> None:
        """Wait until nothing is thought of any more."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

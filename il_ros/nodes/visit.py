"""A plain program's stay in a graph: what it hears, says and asks; a thread spins its node."""

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from std_srvs.srv import Trigger

from il_ros.nodes.client import Client
from il_ros.nodes.run import initialise
from il_ros.nodes.topics import publisher, subscribe
from il_ros.wire import Topic

PATIENCE_S = 10.0  # a person waits at the terminal


class Visit:
    """
    Used as a context: `with Visit('home', namespace) as visit`.

    What is listened to is handed on by the spinning thread; calls are for the program's own.
    """

    def __init__(self, name: str, namespace: str = ''):
        initialise()
        self.node = rclpy.create_node(f'il_ros_{name}', namespace=namespace or '/')
        self.client = Client(self.node, PATIENCE_S)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._asked: set[str] = set()

    def __enter__(self) -> 'Visit':
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        rclpy.try_shutdown()
        self._thread.join()
        self.node.destroy_node()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()

    def now_ns(self) -> int:
        """Return the clock that stamps are compared with."""
        return self.node.get_clock().now().nanoseconds

    def listen(self, topic: Topic, take: Callable[[bytes], None]) -> None:
        """Have take(data) called with each message of a topic."""
        subscribe(self.node, topic, take)

    def speaker(self, topic: Topic) -> Callable[[bytes], None]:
        """Return what publishes on a topic."""
        return publisher(self.node, topic).publish

    def has_service(self, name: str) -> bool:
        """Whether somebody offers a service."""
        full = self.node.resolve_service_name(name)
        return any(known == full for known, _ in self.node.get_service_names_and_types())

    def trigger(self, service: str) -> str:
        """Call a Trigger service of a node, 'node/name'; GraphError when refused, or not there."""
        if service not in self._asked:
            node, name = service.split('/', 1)
            self.client.introduce(node, {name: Trigger})
            self._asked.add(service)
        return self.client.trigger(service)

    def set(self, node: str, values: dict[str, Any]) -> None:
        """Set parameters of a node; GraphError when it refuses one, or is not there."""
        self.client.introduce(node, {'set_parameters': SetParameters})
        self.client.set(node, values)

    def wait_until(self, is_true: Callable[[], bool], what: str | Callable[[], str]) -> None:
        """Wait until something is true; GraphError says what it was."""
        self.client.wait_until(is_true, what)

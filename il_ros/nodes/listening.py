"""Subscriptions to what may be of no use: each message is counted, and a refused one says why."""

from collections.abc import Callable

from rclpy.node import Node

from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.topics import subscribe
from il_ros.wire import Topic


class Listener:
    """A node's ear: what it hears, and what it could not use, is in its /diagnostics."""

    def __init__(self, node: Node, diagnostics: Diagnostics):
        self.namespace = node.get_namespace()
        self.meter = diagnostics.meter
        self._node, self._diagnostics = node, diagnostics

    def listen(self, source: str, topic: Topic, read: Callable[[str, bytes], None]) -> None:
        """Subscribe to a topic; read(source, data) raises ValueError for what is of no use."""

        def on_message(data: bytes) -> None:
            self.meter.count(source)
            try:
                read(source, data)
            except ValueError as error:
                self._diagnostics.refuse(source, error)

        subscribe(self._node, topic, on_message)

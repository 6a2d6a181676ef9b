"""Images as reliable as they are offered: a driver may send them either way, and says which."""

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.subscription import Subscription

from il_ros.nodes.topics import IMAGES, offers_reliable, subscribe
from il_ros.wire import Topic


class OfferedSubscriptions:
    """
    Subscriptions that keep every message; those of images follow what their publishers offer.

    A reliable subscription is not heard by a publisher that offers less, and a best-effort one
    loses what a reliable publisher would send again.
    """

    def __init__(
        self,
        node: Node,
        topics: Sequence[Topic],
        callback: Callable[[Topic, bytes], Any],
        reliable: bool,
    ):
        """Subscribe; reliable: what to ask of images as long as nobody is known to send them."""
        self._node, self._callback = node, callback
        self._asked = {t: reliable if t.type in IMAGES else True for t in topics}
        self._subscriptions = {topic: self._subscribe(topic) for topic in topics}

    def look(self) -> None:
        """Ask of images what is offered by now; not in mid-episode: one may slip in between."""
        for topic in self._asked:
            offered = offers_reliable(self._node, topic) if topic.type in IMAGES else None
            if offered not in (None, self._asked[topic]):
                self._asked[topic] = offered
                self._node.destroy_subscription(self._subscriptions[topic])
                self._subscriptions[topic] = self._subscribe(topic)

    def _subscribe(self, topic: Topic) -> Subscription:
        def on_message(data: bytes) -> None:
            self._callback(topic, data)

        return subscribe(self._node, topic, on_message, self._asked[topic], keep_all=True)

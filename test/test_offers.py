"""Image subscriptions follow what their publishers offer, over the middleware."""

from time import monotonic

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.offers import OfferedSubscriptions
from il_ros.nodes.topics import publisher

IMAGE = wire.image_topic('cam_high', 'jpeg')
PATIENCE_S = 20.0


@pytest.fixture
def node():
    """A node of its own context, spun by hand."""
    context = Context()
    rclpy.init(context=context)
    node = Node('offers', namespace='/test_offers', context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def hears(node: Node, inputs: OfferedSubscriptions, heard: list, port, data: bytes) -> bool:
    """Whether what is published comes in, in the end."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    end = monotonic() + PATIENCE_S
    while data not in heard and monotonic() < end:
        inputs.look()
        port.publish(data)
        executor.spin_once(timeout_sec=0.05)
    executor.shutdown()
    return data in heard


@pytest.mark.parametrize('offered', [True, False])
@pytest.mark.parametrize('asked', [True, False])
def test_both_offers_are_heard(node, offered, asked):
    """Whatever was asked for before anybody was known, and whatever a camera then offers."""
    heard: list[bytes] = []
    inputs = OfferedSubscriptions(node, [IMAGE], lambda _, data: heard.append(data), asked)
    port = publisher(node, IMAGE, reliable=offered)
    image = wire.string_msg('an image')
    assert hears(node, inputs, heard, port, image)
    asks = node.get_subscriptions_info_by_topic(node.resolve_topic_name(IMAGE.name))
    kinds = {ask.qos_profile.reliability == rclpy.qos.ReliabilityPolicy.RELIABLE for ask in asks}
    assert kinds == {offered}

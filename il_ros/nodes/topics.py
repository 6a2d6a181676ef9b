"""
One table for names, types and quality of service: wire.Topic -> message class, QoS, endpoint.

Endpoints carry serialized bytes (made and read by il_ros.wire), so no message is built twice.
Relative names stay relative: a namespace moves a whole robot.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from il_ros.wire import Topic

IMAGES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
DEPTH = 100  # messages kept for a subscriber that is late; 2 s of a 50 Hz stream
IMAGE_DEPTH = 5  # an image that is five images old helps nobody


def message_class(topic: Topic) -> type:
    """Return the message class of a topic; ValueError names the package that is missing."""
    package, _, name = topic.type.split('/')
    try:
        return getattr(import_module(f'{package}.msg'), name)
    except ImportError as error:
        raise ValueError(f'{topic.name}: install the ROS package {package} ({error})') from error


def qos(topic: Topic, reliable: bool | None = None, keep_all: bool = False) -> QoSProfile:
    """
    Return how a topic is delivered.

    reliable: True or False; None is the table's choice: images best effort, all else reliable.
    keep_all: every message is kept until taken (lockstep); latched topics keep their last.
    """
    is_image = topic.type in IMAGES
    if topic.latched:
        return QoSProfile(
            depth=1,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
    wanted = not is_image if reliable is None else reliable
    return QoSProfile(
        depth=IMAGE_DEPTH if is_image else DEPTH,
        history=HistoryPolicy.KEEP_ALL if keep_all else HistoryPolicy.KEEP_LAST,
        reliability=ReliabilityPolicy.RELIABLE if wanted else ReliabilityPolicy.BEST_EFFORT,
    )


def publisher(
    node: Node, topic: Topic, reliable: bool | None = None, keep_all: bool = False
) -> Publisher:
    """Return a publisher of a topic; give its publish() the bytes that il_ros.wire makes."""
    return node.create_publisher(message_class(topic), topic.name, qos(topic, reliable, keep_all))


def subscribe(
    node: Node,
    topic: Topic,
    callback: Callable[[bytes], Any],
    reliable: bool | None = None,
    keep_all: bool = False,
) -> Subscription:
    """Call callback with the serialized bytes of each message of a topic."""
    profile = qos(topic, reliable, keep_all)
    return node.create_subscription(message_class(topic), topic.name, callback, profile, raw=True)


def offers_reliable(node: Node, topic: Topic) -> bool | None:
    """Whether every known publisher of a topic offers reliable delivery; None without any."""
    offers = node.get_publishers_info_by_topic(node.resolve_topic_name(topic.name))
    if not offers:
        return None
    return all(offer.qos_profile.reliability == ReliabilityPolicy.RELIABLE for offer in offers)

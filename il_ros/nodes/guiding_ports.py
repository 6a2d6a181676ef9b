"""Hand guiding on the graph: buttons at the arms come in, which arms shall be free goes out."""

from collections.abc import Callable, Sequence
from functools import partial

from rclpy.node import Node

from il_ros import wire
from il_ros.arbiter.sources import GUIDING, ArbiterConfig
from il_ros.nodes.topics import publisher, subscribe
from il_ros.spec import RobotSpec
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands
from il_ros.teleop.mapping import JoyMapping


class GuidingPorts:
    """
    Hear <topic>/<arm>, true while the button at an arm is held, and tell the robot which to free.

    Raises ValueError for a robot whose YAML names no guide_topics: its arms cannot be guided.
    """

    def __init__(
        self,
        node: Node,
        spec: RobotSpec,
        mapping: JoyMapping,
        others: Hands,
        sources: ArbiterConfig,
        now_ns: Callable[[], int],
    ):
        if not spec.guide_topics:
            raise ValueError(
                f'{spec.name}: its YAML has no guide_topics, the topics that free its arms for a '
                'hand; see docs/hand-guiding.md'
            )
        self.hands, self.now_ns = Guiding(spec, mapping, others), now_ns
        self.free = [
            publisher(node, wire.guide_topic(spec.guide_topics[arm.name])) for arm in spec.arms
        ]
        for i, arm in enumerate(spec.arms):
            button = wire.guide_topic(f'{sources.source(GUIDING).topic}/{arm.name}')
            subscribe(node, button, partial(self.on_button, i))

    def on_button(self, arm: int, data: bytes) -> None:
        """Take the button at an arm."""
        self.hands.press(arm, self.now_ns(), wire.read_bool(data))

    def publish(self, free: Sequence[bool]) -> None:
        """Say, each tick, which arms a hand may move."""
        for out, is_free in zip(self.free, free, strict=True):
            out.publish(wire.bool_msg(is_free))

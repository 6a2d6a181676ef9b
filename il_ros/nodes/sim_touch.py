"""Hands at the simulated robot: arms that it is told to free, and wrenches that push at links."""

from functools import partial

from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.topics import subscribe
from il_ros.robot.urdf import carriers, parse
from il_ros.sim.touch import Touch
from il_ros.sim.world import NOBODY
from il_ros.spec import RobotSpec, Wrench


class SimTouch:
    """
    The newest word of each topic, as long as it is not older than timeout_s.

    A driver frees an arm only while it is told to; nobody pushes longer than they say so.
    """

    def __init__(self, node: Node, spec: RobotSpec, diagnostics: Diagnostics, timeout_s: float):
        self.node, self.spec, self.diagnostics = node, spec, diagnostics
        self.timeout_ns = round(timeout_s * 1e9)
        self.links = carriers(parse(spec.urdf, spec.name))
        self.freed_ns: dict[str, int] = {}  # arm -> when true came last
        self.wrenches: dict[str, tuple[int, Wrench]] = {}  # link -> when it came, and what
        for arm, topic in spec.guide_topics.items():
            subscribe(node, wire.guide_topic(topic), partial(self.on_free, arm))
        subscribe(node, wire.HAND_WRENCH, self.on_wrench)

    def now_ns(self) -> int:
        """The clock."""
        return self.node.get_clock().now().nanoseconds

    def on_free(self, arm: str, data: bytes) -> None:
        """Free an arm, or take it back."""
        self.freed_ns.pop(arm, None)
        if wire.read_bool(data):
            self.freed_ns[arm] = self.now_ns()

    def on_wrench(self, data: bytes) -> None:
        """Take how a hand pushes at a link, until it says something else of it."""
        try:
            wrench = wire.read_wrench(data)
            if wrench.link not in self.links:
                raise ValueError(f'{self.spec.name}: the URDF has no link {wrench.link!r}')
        except ValueError as error:
            self.diagnostics.refuse(wire.HAND_WRENCH.name, error)
            return
        self.wrenches[wrench.link] = self.now_ns(), wrench

    def at(self, now_ns: int) -> Touch:
        """Return what hands do now."""
        since_ns = now_ns - self.timeout_ns
        free = frozenset(arm for arm, heard_ns in self.freed_ns.items() if heard_ns >= since_ns)
        pushes = tuple(w for heard_ns, w in self.wrenches.values() if heard_ns >= since_ns)
        return Touch(free, pushes) if free or pushes else NOBODY

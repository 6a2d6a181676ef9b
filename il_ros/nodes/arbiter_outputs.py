"""What the arbiter tells: the command and who is behind it, and why a person is wanted."""

from rclpy.node import Node

from il_ros import wire
from il_ros.arbiter.control import Turn
from il_ros.nodes.topics import publisher
from il_ros.spec import RobotSpec


class ArbiterOutputs:
    """The topics of a tick; in lockstep every message is kept until it is taken."""

    def __init__(self, node: Node, spec: RobotSpec, is_lockstep: bool):
        self._node, self._spec = node, spec
        self._commands = [
            (target, publisher(node, wire.command_topic(target), keep_all=is_lockstep))
            for target in spec.command_topics
        ]
        self._authority = publisher(node, wire.AUTHORITY, keep_all=is_lockstep)
        self._person = publisher(node, wire.PERSON, keep_all=is_lockstep)
        self._request = publisher(node, wire.REQUEST)
        self._told: str | None = None  # the last request

    def publish(self, turn: Turn) -> None:
        """Publish who decides, then what: the command sets the world in motion."""
        person = wire.person_msg(self._spec, turn.decision.stamp_ns, turn.proposal)
        if person is not None:
            self._person.publish(person)
        self._authority.publish(wire.authority_msg(self._spec, turn.decision))
        for target, out in self._commands if turn.is_sent else ():
            out.publish(wire.command_msg(self._spec, target, turn.decision))

    def plead(self, why: str) -> None:
        """Tell, once, why a person is wanted; '' that none is any more."""
        if why == self._told:
            return
        self._told = why
        self._request.publish(wire.string_msg(why))
        if why:
            self._node.get_logger().warning(why)

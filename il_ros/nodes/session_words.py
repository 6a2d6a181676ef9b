"""What a person says to a session: by service, and by the buttons of a game controller."""

from functools import partial
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.topics import subscribe
from il_ros.session.steering import SAYINGS, Steering
from il_ros.teleop.keys import Keys
from il_ros.teleop.mapping import JoyMapping


class SessionWords:
    """Pass words on to the steering of a session; without a mapping no buttons are listened to."""

    def __init__(self, node: Node, steering: Steering, mapping: JoyMapping | None):
        self.node, self.steering = node, steering
        for event in SAYINGS:
            node.create_service(Trigger, f'~/{event}', partial(self.on_event, event))
        if mapping is not None:
            self.keys = Keys(mapping)
            subscribe(node, wire.JOY, self.on_joy)

    def on_event(self, event: str, request: Any, response: Any) -> Any:
        """Take what a person says by service; a refusal names what is allowed now."""
        refusal = self.steering.refusal(event)
        response.success, response.message = not refusal, refusal
        return response

    def on_joy(self, data: bytes) -> None:
        """Take what a person says by buttons; the intervention node sees to the e-stop."""
        for event in self.keys.pressed(wire.read_joy(data)[2]):
            if event in SAYINGS and (refusal := self.steering.refusal(event)):
                self.node.get_logger().warning(refusal)

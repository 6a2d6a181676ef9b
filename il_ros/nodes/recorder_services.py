"""Services of the recorder node: start, stop, discard, label; whether the disk has them all."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros.recorder.episode import EpisodeRecorder, RecorderRefuses
from il_ros.recorder.settling import Settling

SERVICES = ('start', 'stop', 'discard', 'label', 'settled')


class RecorderServices:
    """
    Do what is asked, with what the node's parameters say of the episode.

    now_ns() is the recorder's time, 0 before it has begun; recorded_ns() the stamp up to which
    the authority was recorded; about is what every bag says of the robot.
    """

    def __init__(
        self,
        node: Node,
        recorder: EpisodeRecorder,
        settling: Settling,
        now_ns: Callable[[], int],
        recorded_ns: Callable[[], int],
        has_begun: Callable[[], bool],
        about: dict[str, Any],
    ):
        self.node, self.recorder, self.settling = node, recorder, settling
        self.now_ns, self.recorded_ns, self.has_begun = now_ns, recorded_ns, has_begun
        self.about = about
        for name in SERVICES:
            node.create_service(Trigger, f'~/{name}', partial(self.on_service, name))

    def on_service(self, name: str, request: Any, response: Any) -> Any:
        """Answer with what the action of this name says; a refusal is a message, not a crash."""
        try:
            response.message = str(getattr(self, name)())
            response.success = True
        except (ValueError, OSError) as error:
            response.message = str(error)
        return response

    def start(self) -> Path:
        """Open the next bag."""
        if not self.has_begun():
            raise RecorderRefuses('use_sim_time is set, and no /clock has come yet; start the sim')
        self.recorder.set_root(self.value('root_dir'))
        self.tell_repaired()
        return self.recorder.start({**self.json_of('meta'), **self.about}, self.now_ns())

    def stop(self) -> Path | str:
        """End the bag and return its folder; '' while the last tick has not arrived."""
        if self.value('until_ns') > self.recorded_ns():
            return ''
        how = self.value('outcome'), self.value('termination')
        return self.recorder.stop(*how, self.now_ns(), self.json_of('remarks'))

    def discard(self) -> Path:
        """End the bag, or take the last one, and mark it discarded; nothing is deleted."""
        if self.recorder.folder is None:
            self.settled()
        return self.recorder.discard(self.now_ns())

    def label(self) -> Path:
        """Give the last bag its outcome after the fact."""
        self.settled()
        return self.recorder.label(self.value('outcome'))

    def settled(self) -> str:
        """Say nothing once the disk has every episode that was stopped."""
        if unsettled := self.settling.unsettled():
            names = ', '.join(map(str, unsettled))
            raise RecorderRefuses(f'{names}: still being written out; ask again in a moment')
        return ''

    def tell_repaired(self) -> None:
        """Say, once, what a crash had left in the folder."""
        repaired, self.recorder.repaired = self.recorder.repaired, []
        for repair in repaired:
            self.node.get_logger().warning(str(repair))

    def value(self, name: str) -> Any:
        """Return a parameter as it is now."""
        return self.node.get_parameter(name).value

    def json_of(self, name: str) -> dict[str, Any]:
        """Return a parameter that holds a JSON object; ValueError for what is none."""
        try:
            given = json.loads(self.value(name))
        except json.JSONDecodeError as error:
            raise ValueError(f'parameter {name!r}: not JSON: {error}') from error
        if not isinstance(given, dict):
            raise ValueError(f'parameter {name!r}: expected a JSON object, got {given!r}')
        return given

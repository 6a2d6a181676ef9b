"""The robot's side of `command`: take what ros2_control takes, or say why not."""

from itertools import pairwise

import numpy as np

from il_ros import wire
from il_ros.spec import CommandTopic, RobotSpec


class Refused(ValueError):
    """A command that the controller does not execute."""


class Controller:
    """
    Hold the newest command while it is fresh; a command that stops coming means hold.

    It refuses what joint_trajectory_controller refuses with its own defaults: other joints, a
    final velocity that is not zero, a trajectory that ended in the past, numbers that are none.
    """

    def __init__(self, spec: RobotSpec, timeout_s: float):
        self.spec = spec
        self.timeout_s = timeout_s
        self._places = {
            target.topic: wire.joint_order(target.joints, spec.joint_names, target.topic)
            for target in spec.command_topics
        }
        self.forget()

    def forget(self) -> None:
        """Drop all commands: the robot holds."""
        self._wire_target = np.full(self.spec.size, np.nan)
        self._taken_ns = {topic: -(10**18) for topic in self._places}

    def take(self, target: CommandTopic, data: bytes, now_ns: int) -> int:
        """Take a command and return its stamp [ns]; Refused says what is wrong with it."""
        if target.type == wire.FLOATS:
            stamp_ns, values = now_ns, np.asarray(wire.from_bytes(target.type, data).data)
        else:
            stamp_ns, values = self._last_point(target, data, now_ns)
        if values.shape != (len(target.joints),):
            raise Refused(f'{target.topic}: {values.size} values for {len(target.joints)} joints')
        if not np.isfinite(values).all():
            raise Refused(f'{target.topic}: not a finite position: {values.tolist()}')
        self._wire_target[self._places[target.topic]] = values
        self._taken_ns[target.topic] = now_ns
        return stamp_ns

    def _last_point(
        self, target: CommandTopic, data: bytes, now_ns: int
    ) -> tuple[int, np.ndarray]:
        message = wire.from_bytes(target.type, data)
        if not message.points:
            raise Refused(f'{target.topic}: a trajectory without points')
        try:
            order = wire.joint_order(target.joints, message.joint_names, target.topic)
        except wire.WrongJoints as error:
            raise Refused(str(error)) from error
        if len(message.joint_names) != len(target.joints):
            raise Refused(
                f'{target.topic}: {len(message.joint_names)} joints, not these: {target.joints}'
            )
        point, stamp_ns = message.points[-1], wire.ns_of(message.header.stamp)
        if any(len(p.positions) != len(message.joint_names) for p in message.points):
            raise Refused(f'{target.topic}: not as many positions as joints in each point')
        times_ns = [wire.ns_of(p.time_from_start) for p in message.points]
        if any(later <= sooner for sooner, later in pairwise(times_ns)):
            raise Refused(f'{target.topic}: the times of the points do not increase')
        if np.any(np.asarray(point.velocities)):
            raise Refused(f'{target.topic}: final velocity is not zero')
        if stamp_ns and stamp_ns + times_ns[-1] < now_ns:
            raise Refused(f'{target.topic}: the trajectory ended in the past')
        return stamp_ns, np.asarray(point.positions)[order]

    def has_all(self, now_ns: int) -> bool:
        """Whether each command topic has brought a command at now_ns."""
        return min(self._taken_ns.values()) == now_ns

    def target(self, now_ns: int) -> np.ndarray | None:
        """Return the command (A,) in inside units, None when one stopped coming: hold."""
        oldest_ns = min(self._taken_ns.values())
        if (now_ns - oldest_ns) * 1e-9 > self.timeout_s:
            return None
        return self.spec.from_wire(self._wire_target)

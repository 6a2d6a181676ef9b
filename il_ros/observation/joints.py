"""Joint states as robots publish them, one topic or one per arm, merged by name."""

import numpy as np

from il_ros import wire
from il_ros.spec import JointSample, RobotSpec


class JointMerger:
    """
    Merge sensor_msgs/JointState messages until every joint of the robot is known.

    The merged sample has the stamp of its oldest part: no joint looks fresher than it is.
    """

    def __init__(self, spec: RobotSpec):
        self.spec = spec
        self._place = {name: i for i, name in enumerate(spec.joint_names)}
        self._rows = np.zeros((3, spec.size))  # position, velocity, effort, in joint units
        self._stamp_ns = np.full(spec.size, -1, dtype=np.int64)

    def add(self, data: bytes) -> JointSample | None:
        """
        Take a JointState; return the sample, or None while joints are still unknown.

        Raises WrongJoints when a message has none of the robot's joints.
        """
        message = wire.from_bytes(wire.JOINT_STATES, data)
        known = [i for i, name in enumerate(message.name) if name in self._place]
        if not known:
            raise wire.WrongJoints(
                f'joint_states: none of {list(message.name)} is a joint of robot '
                f'{self.spec.name!r}: {list(self.spec.joint_names)}'
            )
        places = [self._place[message.name[i]] for i in known]
        for row, values in zip(
            self._rows, (message.position, message.velocity, message.effort), strict=True
        ):
            row[places] = np.asarray(values)[known] if len(values) else 0.0
        self._stamp_ns[places] = wire.ns_of(message.header.stamp)
        return self._sample() if self._stamp_ns.min() >= 0 else None

    def missing(self) -> list[str]:
        """Return the joints that no message has carried yet."""
        names = self.spec.joint_names
        return [n for n, stamp in zip(names, self._stamp_ns, strict=True) if stamp < 0]

    def _sample(self) -> JointSample:
        position, velocity, effort = self._rows
        return JointSample(
            int(self._stamp_ns.min()),
            self.spec.from_wire(position),
            velocity / self.spec.wire_scale,
            effort.copy(),
        )

"""Joint states as robots publish them, on one topic or one per arm, merged by name."""

from typing import Any

import numpy as np

from il_ros import wire
from il_ros.spec import JointSample, RobotSpec

PARTS = ('position', 'velocity', 'effort')


class JointMerger:
    """
    Merge sensor_msgs/JointState messages until every joint of the robot is known.

    The sample has the stamp of its oldest part: no joint is made to look fresher than it is.
    """

    def __init__(self, spec: RobotSpec):
        self.spec = spec
        self._place = {name: i for i, name in enumerate(spec.joint_names)}
        self._rows = np.zeros((len(PARTS), spec.size))  # in joint units
        self._stamp_ns = np.full(spec.size, -1, dtype=np.int64)

    def add(self, data: bytes) -> JointSample | None:
        """
        Take a JointState; return the sample, or None while joints are still unknown.

        Raises WrongJoints for a message without any of the robot's joints, with another number of
        values than of names, or with a position that is not finite.
        """
        message = wire.from_bytes(wire.JOINT_STATES, data)
        known = [i for i, name in enumerate(message.name) if name in self._place]
        values = [_checked(message, part) for part in PARTS]
        if not known:
            raise wire.WrongJoints(
                f'joint_states: none of {list(message.name)} is a joint of robot '
                f'{self.spec.name!r}: {list(self.spec.joint_names)}'
            )
        bad = [message.name[i] for i in known if not np.isfinite(values[0][i])]
        if bad:
            raise wire.WrongJoints(f'joint_states: positions of {bad} are not finite')
        places = [self._place[message.name[i]] for i in known]
        for row, given in zip(self._rows, values, strict=True):
            row[places] = given[known]
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
            effort * self.spec.driver_sign,
        )


def _checked(message: Any, part: str) -> np.ndarray:
    """
    Return one array of a JointState; WrongJoints where it is not as long as its names.

    A velocity or effort that is not measured, left out or NaN as ros2_control has it, is zero.
    """
    values, count = np.asarray(getattr(message, part)), len(message.name)
    if part != 'position' and not len(values):
        return np.zeros(count)
    if len(values) != count:
        raise wire.WrongJoints(f'joint_states: {count} names, but {len(values)} of {part}')
    return values if part == 'position' else np.nan_to_num(values)

"""Leader arms: the follower goes where the leader is."""

import numpy as np

from il_ros.spec import JointSample, Proposal, RobotSpec


class Leader:
    """Two leader arms with the follower's kinematics, held by a person."""

    def __init__(self, spec: RobotSpec, source: str = 'leader'):
        self._spec = spec
        self._source = source  # its entry in config/arbiter.yaml

    def propose(self, leader: JointSample, engaged: tuple[bool, ...]) -> Proposal:
        """
        Propose the leader's pose, absolutely, inside the follower's limits.

        leader: the leader's joints in the follower's order. engaged: the dead-man, per arm.
        """
        spec = self._spec
        if len(engaged) != len(spec.arms):
            raise ValueError(
                f'{len(engaged)} dead-man states, {spec.name} has {len(spec.arms)} arms'
            )
        target = np.clip(leader.position, spec.lower, spec.upper)
        return Proposal(leader.stamp_ns, target, tuple(map(bool, engaged)), self._source)

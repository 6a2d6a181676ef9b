"""A velocity of the hand as velocities of its arm's joints, safe at singularities and limits."""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.spec import Arm, RobotSpec

REACH = 0.3  # [m] makes lengths angles: how far a hand is from the joints that turn it
LOST = 0.04  # least singular value that a motion along its direction leads to
DAMPING = 0.05  # below that keeps finite what is asked for; others may lead through a singularity
LEAST_DAMPING = 1e-3  # everywhere else
STUCK_DAMPING = 0.15  # where a joint at its limit leaves too few to go by
NUDGE = 1e-3  # [rad] how far is looked to see where the least singular value goes
SLOWS_S = 0.25  # a limit, or a singularity, is approached in so much time as is left for it
CRUISE = 0.9  # part of a joint's speed limit that is used
RESTS = 0.5  # [1/rad] a free elbow swings to where it rests, as a part of how fast the joints move
SCALE = np.diag([1 / REACH] * 3 + [1.0] * 3)


class ResolvedRate:
    """
    Differential inverse kinematics of each arm.

    Sources: resolved motion rate, Whitney 1969; damped least squares and the null space, Nakamura
    and Hanafusa 1986; the slowing down before limits is Faverjon and Tournassoud's damper, 1987.
    """

    def __init__(self, spec: RobotSpec):
        self._spec = spec
        self._kinematics = Kinematics(spec)

    def velocity(self, arm: Arm, position: np.ndarray, twist: np.ndarray) -> np.ndarray:
        """
        Return joint velocities (n,) [rad/s] for a twist (6,) of the grasp point, world axes.

        position (N,). Joints near a limit slow down and leave the motion to the others; too fast
        ones slow all down, so that the direction stays. The one direction of the hand that a
        singularity takes fades before it; all others lead past it, and away from it all do.
        """
        if not twist.any():
            return np.zeros(arm.joints.stop - arm.joints.start)
        jacobian = self._jacobian(arm, position)  # (6, n)
        wanted = self._past_singularity(arm, position, jacobian, SCALE @ twist)
        speed = self._within_limits(arm, position, jacobian, wanted)
        return self.slowed(arm, speed * straightness(jacobian @ speed, wanted))

    def slowed(self, arm: Arm, speed: np.ndarray) -> np.ndarray:
        """Return joint velocities (n,) so slow that none is too fast, in the same direction."""
        share = np.abs(speed) / (CRUISE * self._spec.velocity[arm.joints])
        return speed / max(1.0, share.max())

    def room(self, arm: Arm, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the greatest velocity (n,) that joints may have by their limits."""
        joints = position[arm.joints]
        down = np.minimum(self._spec.lower[arm.joints] - joints, 0.0) / SLOWS_S
        up = np.maximum(self._spec.upper[arm.joints] - joints, 0.0) / SLOWS_S
        return down, up

    def _jacobian(self, arm: Arm, position: np.ndarray) -> np.ndarray:
        """Return (6, n), lengths as angles."""
        return SCALE @ self._kinematics.jacobian(arm.name, position)

    def _past_singularity(
        self, arm: Arm, position: np.ndarray, jacobian: np.ndarray, twist: np.ndarray
    ) -> np.ndarray:
        """Return a scaled twist without what would bring the arm into a singularity."""
        left, values, right = np.linalg.svd(jacobian)
        last = len(values) - 1
        least, lost, joints = values[last], left[:, last], right[last]  # (), (6,), (n,)
        along = lost @ twist
        speed = along * least / (least**2 + damping(least) ** 2)  # of the joints [rad/s]
        ahead = position.copy()
        ahead[arm.joints] += NUDGE * np.sign(speed) * joints
        after = np.linalg.svd(self._jacobian(arm, ahead), compute_uv=False)[-1]
        nearing = abs(speed) * (least - after) / NUDGE  # [1/s]
        fastest = max(least - LOST, 0.0) / SLOWS_S
        if nearing <= fastest:
            return twist
        return twist - (1.0 - fastest / nearing) * along * lost

    def _within_limits(
        self, arm: Arm, position: np.ndarray, jacobian: np.ndarray, twist: np.ndarray
    ) -> np.ndarray:
        """Return joint velocities (n,) for a scaled twist, of which none is beyond room()."""
        down, up = self.room(arm, position)
        free = np.ones(jacobian.shape[1], dtype=bool)
        speed = np.zeros(len(free))
        for _ in range(len(free)):
            some, damped = jacobian[:, free], STUCK_DAMPING
            if free.all():
                damped = damping(np.linalg.svd(jacobian, compute_uv=False)[-1])
            inverse = some.T @ np.linalg.inv(some @ some.T + damped**2 * np.eye(6))
            speed[free] = inverse @ (twist - jacobian[:, ~free] @ speed[~free])
            pull = RESTS * np.abs(speed).max() * (self._spec.home - position)[arm.joints][free]
            speed[free] += pull - inverse @ (some @ pull)  # the hand stays
            over = free & ((speed < down) | (speed > up))
            if not over.any():
                break
            speed = np.where(over, np.clip(speed, down, up), speed)
            free &= ~over
        return speed


def damping(least: float) -> float:
    """Return how much is damped at a least singular value; Maciejewski and Klein 1988."""
    return LEAST_DAMPING + DAMPING * max(0.0, 1.0 - (least / LOST) ** 2) ** 0.5


def straightness(done: np.ndarray, wanted: np.ndarray) -> float:
    """Return 1 where a hand goes as it is wanted to (6,), 0 where it would go aside instead."""
    size = float(np.linalg.norm(done) * np.linalg.norm(wanted))
    return max(0.0, float(done @ wanted) / size) ** 4 if size > 0.0 else 0.0

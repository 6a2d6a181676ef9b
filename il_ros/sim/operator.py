"""A person who watches, takes over when a policy gets nowhere, and hands back when it goes on."""

import numpy as np

from il_ros.sim.tasks.base import Expert
from il_ros.spec import JointSample, RobotSpec

_NOTICED = 0.005  # of progress; less is not seen as getting on
_MOVING = 0.3  # [opening/s] a gripper about its business


class SyntheticOperator:
    """
    Proposes the expert's target each tick, and says when the hands are in control.

    It takes over reaction_s after progress has not improved for patience_s, or fell by `fall`. It
    hands back when the task is where it was lost and progress has grown by `gain`, and has not
    fallen for steady_s while no gripper moved. Trust shrinks: each further take-over of an episode
    asks for one more gain. While not in control its hands rest on the robot: targets start at the
    measured pose.
    """

    def __init__(
        self,
        spec: RobotSpec,
        expert: Expert,
        reaction_s: float = 0.3,
        patience_s: float = 2.0,
        fall: float = 0.1,
        gain: float = 0.15,
        steady_s: float = 0.4,
        always: bool = False,
    ):
        """Wrap an expert; always: never let go, which is how demonstrations are recorded."""
        self._spec, self._expert, self._always = spec, expert, always
        self._reaction_ns, self._patience_ns = int(1e9 * reaction_s), int(1e9 * patience_s)
        self._fall, self._gain, self._steady_ns = fall, gain, int(1e9 * steady_s)
        self.reset()

    def reset(self) -> None:
        """Begin a new episode, hands off."""
        self._expert.reset()
        self._engaged = self._always
        self._is_new = True
        self._take_overs = 0
        self._best = self._goal = 0.0
        self._since_ns = 0
        self._alarm_ns: int | None = None

    def act(self, joints: JointSample, objects: np.ndarray) -> tuple[np.ndarray, bool]:
        """Return (target (A,), engaged) for one period later, from objects (K, 7)."""
        if not self._always:
            self._watch(joints, self._expert.progress(joints, objects))
        if not self._engaged:
            self._expert.reset()
        return self._expert.act(joints, objects), self._engaged

    def _watch(self, joints: JointSample, progress: float) -> None:
        now_ns = joints.stamp_ns
        if self._is_new:
            self._begin(progress, now_ns)
        if self._engaged:
            self._maybe_hand_back(joints, progress)
        else:
            self._maybe_take_over(now_ns, progress)

    def _begin(self, progress: float, now_ns: int) -> None:
        """Measure progress from here on."""
        self._is_new = False
        self._best = self._goal = progress
        self._since_ns, self._alarm_ns = now_ns, None

    def _maybe_take_over(self, now_ns: int, progress: float) -> None:
        if progress > self._best + _NOTICED:
            self._best, self._since_ns = progress, now_ns
        fell = progress < self._best - self._fall
        if self._alarm_ns is None and (fell or now_ns - self._since_ns >= self._patience_ns):
            self._alarm_ns = now_ns
        if self._alarm_ns is not None and now_ns - self._alarm_ns >= self._reaction_ns:
            lost_at = self._best
            self._engaged = True
            self._take_overs += 1
            self._begin(progress, now_ns)
            self._goal = max(lost_at, progress + self._take_overs * self._gain)

    def _maybe_hand_back(self, joints: JointSample, progress: float) -> None:
        grips = [joints.velocity[arm.gripper] for arm in self._spec.arms]
        if progress < self._best - _NOTICED or np.abs(grips).max() > _MOVING:
            self._since_ns = joints.stamp_ns  # not steady: begin to wait again
        self._best = progress
        is_steady = joints.stamp_ns - self._since_ns >= self._steady_ns
        if progress >= self._goal and is_steady:
            self._engaged = False
            self._begin(progress, joints.stamp_ns)

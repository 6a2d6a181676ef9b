"""A person who takes over when a policy gets nowhere, or calls, and hands back when it goes on."""

import numpy as np

from il_ros.sim.attention import WATCHER, Look, Meter, Person, Spent
from il_ros.sim.tasks.base import Expert
from il_ros.spec import JointSample, RobotSpec

_NOTICED = 0.005  # of progress; less is not seen as getting on
_MOVING = 0.3  # [opening/s] a gripper about its business


class SyntheticOperator:
    """
    Proposes the expert's target each tick, and says when the hands are in control.

    When it looks is the person's; what it does not see, it does not know. It takes over reaction_s
    after it saw that progress has not improved for patience_s, or fell by `fall`, or after it was
    called. It hands back when the task is where it was lost and progress has grown by `gain`, and
    has not fallen for steady_s while no gripper moved, and who came at a call, when nobody calls
    any more. Trust shrinks: each further take-over of an episode asks for one more gain. While not
    in control its hands rest on the robot: targets start at the measured pose.
    """

    def __init__(
        self,
        spec: RobotSpec,
        expert: Expert,
        person: Person = WATCHER,
        seed: int = 0,
        patience_s: float = 2.0,
        fall: float = 0.1,
        gain: float = 0.15,
        steady_s: float = 0.4,
        always: bool = False,
    ):
        """
        Wrap an expert; seed: of when the person looks.

        always: never let go, which is how demonstrations are recorded.
        """
        self._spec, self._expert, self._always = spec, expert, always
        self._person, self._seed = person, seed
        self._reaction_ns, self._patience_ns = int(1e9 * person.reaction_s), int(1e9 * patience_s)
        self._fall, self._gain, self._steady_ns = fall, gain, int(1e9 * steady_s)
        self.reset()

    def reset(self) -> None:
        """Begin a new episode, hands off."""
        self._expert.reset()
        self._eyes, self._meter = self._person.eyes(self._seed), Meter(self._spec.dt_s)
        self._engaged = self._always
        self._is_new = True
        self._take_overs = 0
        self._best = self._goal = 0.0
        self._since_ns = 0
        self._alarm_ns: int | None = None

    @property
    def spent(self) -> Spent:
        """The attention that the episode has taken so far."""
        return self._meter.spent

    def act(
        self, joints: JointSample, objects: np.ndarray, is_called: bool = False
    ) -> tuple[np.ndarray, bool]:
        """
        Return (target (A,), engaged) for one period later, from objects (K, 7).

        is_called: the gate asks for a person.
        """
        if self._always:
            self._meter.tick(is_at_it=True, has_been_called=False)
        else:
            self._attend(joints, self._expert.progress(joints, objects), is_called)
        if not self._engaged:
            self._expert.reset()
        return self._expert.act(joints, objects), self._engaged

    def _attend(self, joints: JointSample, progress: float, is_called: bool) -> None:
        """Look or not, and do what follows from it; count the attention."""
        now_ns = joints.stamp_ns
        if self._is_new:
            self._begin(progress, now_ns)
        look = self._eyes.look(now_ns, is_called)
        was_busy = self._engaged or self._alarm_ns is not None
        if self._engaged:
            self._maybe_hand_back(joints, progress, is_called and self._eyes.heeds)
        elif was_busy or look is not Look.AWAY:
            self._maybe_take_over(now_ns, progress, look is Look.COMES)
        is_at_it = was_busy or look is not Look.AWAY or self._eyes.is_there
        self._meter.tick(is_at_it, not was_busy and look is Look.COMES)

    def _begin(self, progress: float, now_ns: int) -> None:
        """Measure progress from here on."""
        self._is_new = False
        self._best = self._goal = progress
        self._since_ns, self._alarm_ns = now_ns, None

    def _maybe_take_over(self, now_ns: int, progress: float, has_come: bool) -> None:
        if progress > self._best + _NOTICED:
            self._best, self._since_ns = progress, now_ns
        fell = progress < self._best - self._fall
        is_wrong = has_come or fell or now_ns - self._since_ns >= self._patience_ns
        if self._alarm_ns is None and is_wrong:
            self._alarm_ns = now_ns
        if self._alarm_ns is not None and now_ns - self._alarm_ns >= self._reaction_ns:
            lost_at = self._best
            self._engaged = True
            self._take_overs += 1
            self._begin(progress, now_ns)
            self._goal = max(lost_at, progress + self._take_overs * self._gain)

    def _maybe_hand_back(self, joints: JointSample, progress: float, is_wanted: bool) -> None:
        grips = [joints.velocity[arm.gripper] for arm in self._spec.arms]
        if progress < self._best - _NOTICED or np.abs(grips).max() > _MOVING:
            self._since_ns = joints.stamp_ns  # not steady: begin to wait again
        self._best = progress
        is_steady = joints.stamp_ns - self._since_ns >= self._steady_ns
        if progress >= self._goal and is_steady and not is_wanted:
            self._engaged = False
            self._begin(progress, joints.stamp_ns)

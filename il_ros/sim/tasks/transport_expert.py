"""
The transport expert: a policy over the present state, whatever that is.

Each arm's job follows from the state; the item is passed on as in transfer, and what lies on the
table is taken and put down from above.
"""

from dataclasses import replace

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.from_above import FromAbove
from il_ros.sim.geometry import UP
from il_ros.sim.grasping import Hand
from il_ros.sim.hands import Goal, Hands
from il_ros.sim.reach import Reach
from il_ros.sim.tasks import transport
from il_ros.sim.tasks.passing import Passing
from il_ros.sim.tasks.transfer_sight import Stage
from il_ros.sim.tasks.transport_jobs import WAYS, Job, jobs
from il_ros.sim.tasks.transport_progress import progress
from il_ros.sim.tasks.transport_sight import GIVER, LID_CLEAR, RECEIVER, Sight, Thing, look
from il_ros.spec import JointSample, RobotSpec

_LID_AT = np.array([0.26, 0.31, 2 * transport.PLATE[2] + transport.HANDLE[2]])  # [m] its handle
_DROP = 0.09  # [m] above the floor of its bin, where the litter is let go
_FUNNEL = 0.022  # [m] how far off a hand may be that comes down into the box
_LOWER = 0.02  # [m] than in transfer: out of a box the item is held lower in the fingers
_FASTER = 1.3  # times the speed of transfer, which is not half as long
_RIM = 0.05  # [m] over which the item is lifted
_SHORT = 0.12  # [m] of the hand-over, where the giver waits for a receiver that had other work


class TransportExpert:
    """The scripted expert of `transport`; see the module."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._way = WAYS[style.number % len(WAYS)]
        style = replace(
            style,
            hand_over_height_m=style.hand_over_height_m - _LOWER,
            speed=style.speed * _FASTER,
        )
        self._hands, self._reach = Hands(spec, style, seed), Reach(spec, self._kinematics)
        self._passing = Passing(spec, self._kinematics, self._reach, style, _RIM, _FUNNEL, _SHORT)
        self._above = FromAbove(spec, self._kinematics, self._reach)

    def reset(self) -> None:
        """Forget the motion under way."""
        self._hands.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (6, 7)."""
        sight, now = self._look(joints, objects), joints.position
        work = jobs(sight, self._way)
        goals = {}
        for arm in work:
            goal = self._goal(arm, work, sight, now)
            hand = sight.lid.hands[arm].pose
            goals[arm] = Goal(self._reach.by_air(arm, hand, goal.joints, now), goal.opening)
        return self._hands.act(joints, goals, (sight.stage, *work.values()))

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: lid, litter and item, each as far as it is."""
        sight = self._look(joints, objects)
        return progress(sight, jobs(sight, self._way), self._passing.meeting, self._passing.side)

    def _look(self, joints: JointSample, objects: np.ndarray) -> Sight:
        return look(self._kinematics, self._spec, joints, objects)

    # -- where the hands go -------------------------------------------------------------------

    def _goal(self, arm: str, work: dict[str, Job], sight: Sight, now: np.ndarray) -> Goal:
        job = work[arm]
        if job in (Job.OPEN, Job.LAY):
            return self._move_lid(arm, job, sight.lid)
        goal = (
            self._pass(arm, work, sight, now) if job is Job.PASS else self._tidy(arm, job, sight)
        )
        return self._off_the_lid(arm, sight.lid.hands[arm], goal, now)

    def _pass(self, arm: str, work: dict[str, Job], sight: Sight, now: np.ndarray) -> Goal:
        """The arm's part in passing the item on, as far as the other's work allows."""
        if arm == RECEIVER and sight.stage is Stage.PICK and work[GIVER] in (Job.PICK, Job.TIDY):
            return self._passing.rest(RECEIVER)
        return self._passing.goal(arm, sight.passing, now)

    def _move_lid(self, arm: str, job: Job, lid: Thing) -> Goal:
        """Take the lid by its handle; lay it down on the arm's own side."""
        hand, side = lid.hands[arm], self._above.side[arm]
        if job is Job.OPEN:
            return self._above.pick(arm, hand, lid.at, lid.along(side))
        place = _LID_AT * (side[0], self._way.lid_to, 1.0)
        clear = (LID_CLEAR + 0.01, LID_CLEAR + 0.04)
        return self._above.bring(arm, hand, lid.at, place, clear, 0.012)

    def _tidy(self, arm: str, job: Job, sight: Sight) -> Goal:
        """Take the litter; drop it into its bin."""
        litter, side = sight.litter, self._above.side[arm]
        hand = litter.hands[arm]
        if job is Job.PICK:
            at = np.array([*litter.at[:2], max(litter.at[2], 0.025)])
            return self._above.pick(arm, hand, at, litter.along(side, is_cube=True))
        place = sight.litter_bin + _DROP * UP
        return self._above.bring(arm, hand, litter.at, place, (0.04, 0.09), 0.02)

    def _off_the_lid(self, arm: str, hand: Hand, goal: Goal, now: np.ndarray) -> Goal:
        """First off the lid's handle, then where the arm is to go."""
        if hand.clearance == 1.0:
            return goal
        away = self._passing.withdraw(arm, hand, now).joints
        return Goal(away + hand.clearance * (goal.joints - away), goal.opening)

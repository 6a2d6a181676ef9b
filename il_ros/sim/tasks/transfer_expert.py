"""The transfer expert: a policy over the present state, whatever that is."""

import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim.demonstrators import Style
from il_ros.sim.hands import Goal, Hands
from il_ros.sim.reach import Reach
from il_ros.sim.tasks import transfer
from il_ros.sim.tasks.passing import Passing
from il_ros.sim.tasks.transfer_progress import progress
from il_ros.sim.tasks.transfer_sight import Sight, look
from il_ros.spec import JointSample, RobotSpec

_GIVER, _RECEIVER = transfer.Transfer.giver, transfer.Transfer.receiver


class TransferExpert:
    """Every tick it reads the stage off the state and says where each hand should go."""

    def __init__(self, spec: RobotSpec, style: Style, seed: int):
        self._spec, self._kinematics = spec, Kinematics(spec)
        self._hands, self._reach = Hands(spec, style, seed), Reach(spec, self._kinematics)
        self._passing = Passing(spec, self._kinematics, self._reach, style)

    def reset(self) -> None:
        """Forget the motion under way."""
        self._hands.reset()

    def act(self, joints: JointSample, objects: np.ndarray) -> np.ndarray:
        """Return joint targets (A,) for one period later, from objects (2, 7)."""
        sight, now = self._look(joints, objects), joints.position
        goals = {}
        for arm, hand in ((_GIVER, sight.giver), (_RECEIVER, sight.receiver)):
            goal = self._passing.goal(arm, sight, now)
            goals[arm] = Goal(self._reach.by_air(arm, hand.pose, goal.joints, now), goal.opening)
        return self._hands.act(joints, goals, sight.stage)

    def progress(self, joints: JointSample, objects: np.ndarray) -> float:
        """Return how far the task is, 0..1: the stage, and the distance left within it."""
        return progress(self._look(joints, objects), self._passing.meeting, self._passing.side)

    def _look(self, joints: JointSample, objects: np.ndarray) -> Sight:
        return look(self._kinematics, self._spec, joints, objects)

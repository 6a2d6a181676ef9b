"""Leader arms: the follower goes where the leader is, from where it was when they were engaged."""

import numpy as np

from il_ros.spec import Arm, Proposal, RobotSpec, Told
from il_ros.teleop.leader_config import MATCHED, LeaderConfig
from il_ros.teleop.leader_grip import LeaderGrip
from il_ros.teleop.leader_map import LeaderReading

LONGEST_S = 0.1  # between two readings; after a longer silence nothing is caught up at once


class Leader:
    """
    Leader arms in a person's hands.

    At engagement what lies between leader and follower is put aside as an offset, so the target
    begins at the measured pose. Where they match, the offset goes away at `blend`: absolute.
    Where they do not, it stays: clutched. `mode` makes it always the one or the other.
    """

    def __init__(self, spec: RobotSpec, config: LeaderConfig = MATCHED, source: str = 'leader'):
        self._spec = spec
        self._config = config
        self._source = source  # its entry in config/arbiter.yaml
        self.reset()

    def reset(self) -> None:
        """Nobody has an arm."""
        self._offset = np.zeros(self._spec.size)  # [rad] target less leader
        self._is_absolute = [True for _ in self._spec.arms]
        self._grips = [LeaderGrip(self._config) for _ in self._spec.arms]
        self._stamp_ns: int | None = None
        self._was_label = False

    def propose(
        self,
        reading: LeaderReading,
        held: tuple[bool, ...],
        in_control: tuple[bool, ...],
        measured: np.ndarray,
        command: np.ndarray,
        is_label: bool = False,
    ) -> Proposal:
        """
        Propose where the leader leads, inside the follower's limits.

        held: the dead-man, per arm. in_control: per arm, whether this leader had it at the tick
        before; an arm is engaged anew until it did. measured, command: (N,) of the follower.
        is_label: arms that are not held are led in thought, from where they are at the first such.
        """
        arms = self._spec.arms
        if len(held) != len(arms):
            name, count = self._spec.name, len(held)
            raise ValueError(f'{count} dead-man states, {name} has {len(arms)} arms')
        passed_s = self._passed_s(reading.stamp_ns)
        target = np.array(command, dtype=np.float64)
        for index, arm in enumerate(arms):
            if not reading.has[index]:
                continue
            leads = reading.position[arm.joints]
            if in_control[index] or (is_label and self._was_label):
                self._blend(arm, index, passed_s)
            else:
                self._engage(arm, index, leads, measured[arm.joints])
                self._grips[index].rest(float(command[arm.gripper].item()))
            target[arm.joints] = leads + self._offset[arm.joints]
            opening = reading.position[arm.gripper].item()
            if np.isfinite(opening):
                target[arm.gripper] = self._grips[index].follow(opening)
        needs_button = self._config.engage == 'button'
        engaged = tuple(
            has and (bool(button) or not needs_button)
            for has, button in zip(reading.has, held, strict=True)
        )
        self._was_label = is_label
        labels = tuple(
            Told.WHERE if is_label and has and not (led or mine) else Told.NOTHING
            for has, led, mine in zip(reading.has, engaged, in_control, strict=True)
        )
        target = np.clip(target, self._spec.lower, self._spec.upper)
        return Proposal(reading.stamp_ns, target, engaged, self._source, labels=labels)

    def _engage(self, arm: Arm, index: int, leads: np.ndarray, measured: np.ndarray) -> None:
        """Put the mismatch of an arm aside, and decide whether it is to stay."""
        apart = measured - leads
        self._is_absolute[index] = self._config.is_absolute(apart)
        at_once = self._is_absolute[index] and not np.isfinite(self._config.blend)
        self._offset[arm.joints] = 0.0 if at_once else apart

    def _blend(self, arm: Arm, index: int, passed_s: float) -> None:
        """Let the mismatch of an absolute arm go, all joints of it in the same time."""
        offset = self._offset[arm.joints]
        furthest = np.abs(offset).max()
        if self._is_absolute[index] and furthest > 0.0:
            self._offset[arm.joints] = offset * max(
                0.0, 1.0 - self._config.blend * passed_s / furthest
            )

    def _passed_s(self, stamp_ns: int) -> float:
        """Return how long the reading before is ago."""
        before, self._stamp_ns = self._stamp_ns, stamp_ns
        passed_s = 0.0 if before is None else (stamp_ns - before) * 1e-9
        return min(max(passed_s, 0.0), LONGEST_S)

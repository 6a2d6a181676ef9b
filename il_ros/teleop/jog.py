"""Jogging: a stick's deflection is end-effector or joint velocity, from where the command is."""

from collections import deque
from collections.abc import Collection

import numpy as np

from il_ros.spec import Arm, Proposal, RobotSpec, Told
from il_ros.teleop.mapping import DIRECTIONS, HAND, TWIST, JoyMapping
from il_ros.teleop.resolved_rate import ResolvedRate

RAMP_TICKS = 5  # a stick's velocity is reached in: joints that start gently start together
LEASH = 0.15  # [rad, opening] how far the hands may run ahead of an arm that cannot follow


class Jog:
    """
    A joystick or keyboard that moves the selected arms' grasp points, or joints, while held.

    The clutch's zero is the command at the tick the dead-man is pressed: nothing moves by it.
    """

    def __init__(self, spec: RobotSpec, mapping: JoyMapping, source: str = 'joystick'):
        for name in mapping.arms:
            spec.arm(name)  # raises for an arm that there is not
        self._spec = spec
        self._mapping = mapping
        self._source = source  # its entry in config/arbiter.yaml
        self._rate = ResolvedRate(spec)
        self.reset()

    def reset(self) -> None:
        """Let go of everything; the first arm of the robot is selected."""
        self._selected: tuple[str, ...] = (self._spec.arms[0].name,)
        self._engaged: tuple[bool, ...] = (False,) * len(self._spec.arms)
        self._target = np.zeros(self._spec.size)
        self._still()

    def propose(
        self,
        stamp_ns: int,
        axes: np.ndarray,
        buttons: np.ndarray,
        command: np.ndarray,
        held: bool,
        is_label: bool = False,
        kept: Collection[int] = (),
    ) -> Proposal:
        """
        Return where the sticks move the arms from the present command (A,).

        axes in -1..1 and buttons, 0 or 1, in the order of the mapping's layout. held: whether the
        person has the selected arms. is_label: they are moved in thought, from the command of
        this tick, wherever the one before has led; sticks at rest say nothing. kept: arms that the
        person has besides, which move while they are selected.
        """
        self._selected = self._mapping.selected(buttons) or self._selected
        wanted = self._mapping.velocity(axes, buttons)  # (14,)
        is_label = is_label and bool(wanted.any())
        selected = tuple(arm.name in self._selected for arm in self._spec.arms)
        engaged = tuple(i in kept or (held and mine) for i, mine in enumerate(selected))
        labels = tuple(
            Told.HOW_FAST if is_label and mine and not has else Told.NOTHING
            for mine, has in zip(selected, engaged, strict=True)
        )
        if any(engaged) and not any(self._engaged):
            self._still()  # the arms do not have the velocity that was told of
        velocity = self._ramp(wanted, any(engaged) or is_label)
        target = np.array(command, dtype=np.float64)
        for i, arm in enumerate(self._spec.arms):
            if engaged[i] and self._engaged[i]:
                ahead = np.clip(self._target - command, -LEASH, LEASH)
                target[arm.all] = (command + ahead)[arm.all]
            if selected[i] and (engaged[i] or labels[i]):
                target = self._moved(arm, target, velocity)
        self._engaged, self._target = engaged, target
        return Proposal(stamp_ns, target, engaged, self._source, labels=labels)

    def rest(self) -> None:
        """Let go; what is selected stays."""
        self._engaged = (False,) * len(self._spec.arms)
        self._still()

    def _still(self) -> None:
        """Begin from standing."""
        self._wanted = deque([np.zeros(len(DIRECTIONS))] * RAMP_TICKS, maxlen=RAMP_TICKS)

    def _ramp(self, wanted: np.ndarray, counts: bool) -> np.ndarray:
        """Return the velocity (14,) on its way to the wanted one; none where that is no word."""
        if not counts:
            self._still()
        else:
            self._wanted.append(wanted)
        return np.mean(self._wanted, axis=0)

    def _moved(self, arm: Arm, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Return position (N,) after one period at a velocity (14,) in the order of DIRECTIONS."""
        spec, moved = self._spec, position.copy()
        half = self._joint_velocity(arm, position, velocity) * spec.dt_s / 2
        moved[arm.joints] += half
        middle = self._joint_velocity(arm, moved, velocity) * spec.dt_s  # straight, not a tangent
        moved[arm.joints] = position[arm.joints] + middle
        moved[arm.gripper] += velocity[len(TWIST)] * spec.dt_s
        return np.clip(moved, spec.lower, spec.upper)

    def _joint_velocity(self, arm: Arm, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Return the arm's joint velocities (n,) for a velocity (14,) of its hand and joints."""
        speed = self._rate.velocity(arm, position, velocity[: len(TWIST)])  # (n,)
        own = velocity[len(HAND) :]  # (7,)
        count = min(len(own), len(speed))  # a mapping may name more joints than the arm has
        if not own[:count].any():
            return speed
        speed[:count] += own[:count]
        return self._rate.slowed(arm, speed.clip(*self._rate.room(arm, position)))

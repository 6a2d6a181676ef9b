"""Hand guiding: a person moves the robot's own arms, and what was measured of it is the action."""

from collections.abc import Sequence

import numpy as np

from il_ros.spec import UNTOLD, JointSample, Proposal, RobotSpec
from il_ros.teleop.dead_man import DeadMan
from il_ros.teleop.hands import JOYSTICK, TIME_TO_LIVE_S, Hands
from il_ros.teleop.leader_map import LeaderReading
from il_ros.teleop.mapping import DIRECTIONS, JoyMapping
from il_ros.teleop.vigil import Vigil

GUIDING = 'guiding'  # its entry in config/arbiter.yaml
LONGEST = 5  # periods between two measurements of one motion


class Guiding:
    """
    A hand at the arms, besides what other hands there are.

    The dead-man is a button at the arm, or a pad's; the pad's gripper keys move the grippers,
    which are not let go of. The measured pose is the action of the tick before: it is where that
    tick should have led, and it is recorded for it.
    """

    def __init__(self, spec: RobotSpec, mapping: JoyMapping, others: Hands):
        self._spec, self._mapping, self._others = spec, mapping, others
        self._dead_man = DeadMan(mapping)
        self._vigil = Vigil(JOYSTICK, 'joy', TIME_TO_LIVE_S)
        self._time_to_live_ns = round(TIME_TO_LIVE_S * 1e9)
        self.forget()

    def forget(self) -> None:
        """Drop all readings: a new episode."""
        self._others.forget()
        self._dead_man.reset()
        self._vigil.forget()
        self._pressed_ns: list[int | None] = [None for _ in self._spec.arms]  # None: let go
        self._joy: tuple[np.ndarray, np.ndarray] | None = None
        self._is_by_pad = False  # whether the pad's dead-man was held
        self._why_stale = ''
        self._selected: tuple[str, ...] = (self._spec.arms[0].name,)
        self._before: JointSample | None = None
        self._opening = np.full(self._spec.size, np.nan)  # (N,) where the grippers shall be

    def press(self, arm: int, stamp_ns: int, is_held: bool) -> None:
        """Take the button at an arm."""
        self._pressed_ns[arm] = stamp_ns if is_held else None

    def take_joy(self, stamp_ns: int, axes: np.ndarray, buttons: np.ndarray) -> None:
        """Take a reading of joystick or keyboard; ValueError for one that cannot be its."""
        self._mapping.check(axes, buttons)
        self._vigil.hear(stamp_ns)
        self._joy = axes, buttons
        self._selected = self._mapping.selected(buttons) or self._selected

    def take_over(self) -> None:
        """Keep the arms that are selected, by the person's word."""
        self._dead_man.take_over()

    def hand_back(self) -> None:
        """Let go of them, by the person's word."""
        self._dead_man.hand_back()

    def keep(self, arm: int) -> None:
        """Keep an arm, of which the arbiter knows that it is to be freed."""
        self._others.keep(arm)

    def let_go(self, arm: int) -> None:
        """Keep it no longer."""
        self._others.let_go(arm)

    def label(self) -> str:
        """Return why a hand at the arms cannot only tell."""
        return 'a hand that moves the arms has them; tell by leader arms or sticks'

    def take_leader(self, reading: LeaderReading) -> None:
        """Take where leader arms are."""
        self._others.take_leader(reading)

    def leave_leader(self) -> None:
        """Nobody is at the leader arms any more."""
        self._others.leave_leader()

    def propose(
        self, joints: JointSample, command: np.ndarray, sources: Sequence[str]
    ) -> list[Proposal]:
        """
        Return what the hands ask for at joints.stamp_ns.

        command (A,) is the last; sources, per arm, whose it was. Nothing new where no joints were
        measured since.
        """
        others = self._others.propose(joints, command, sources)
        engaged = self._engaged(joints.stamp_ns)
        before, self._before = self._before, joints
        if before is None or joints.position is before.position:
            return others
        if joints.stamp_ns - before.stamp_ns > LONGEST * self._spec.dt_ns:
            return others
        guided = [source == GUIDING for source in sources]
        target = joints.position.copy()
        self._grip(guided, command, joints.stamp_ns)
        for arm in self._spec.arms:
            target[arm.gripper] = self._opening[arm.gripper]
        told_ns = before.stamp_ns if any(guided) else UNTOLD
        return [Proposal(before.stamp_ns, target, engaged, GUIDING, told_ns), *others]

    def stale(self) -> dict[str, str]:
        """Return which devices said nothing of the tick last proposed for, and why."""
        mine = {GUIDING: self._why_stale} if self._why_stale else {}
        return {**self._others.stale(), **mine}

    def _engaged(self, now_ns: int) -> tuple[bool, ...]:
        """Return the arms whose dead-man is held, at the arm or by the pad that selects it."""
        why, joy = self._vigil.why_stale(now_ns), self._joy
        self._why_stale = why if self._is_by_pad else ''
        if not why and joy is not None:
            self._is_by_pad = self._dead_man.is_held(joy[1])
        is_by_pad = self._is_by_pad and not why
        engaged = []
        for arm, pressed_ns in zip(self._spec.arms, self._pressed_ns, strict=True):
            is_pressed = pressed_ns is not None and now_ns - pressed_ns <= self._time_to_live_ns
            if pressed_ns is not None and not is_pressed:
                self._why_stale = f'the button at the {arm.name} arm is silent'
            engaged.append(is_pressed or (is_by_pad and arm.name in self._selected))
        return tuple(engaged)

    def _grip(self, guided: Sequence[bool], command: np.ndarray, now_ns: int) -> None:
        """Move the guided arms' grippers as the pad says; those of others are where they are."""
        speed = 0.0
        if self._joy is not None and self._vigil.is_moving(now_ns):
            speed = float(self._mapping.velocity(*self._joy)[DIRECTIONS.index('gripper')])
        for arm, is_guided in zip(self._spec.arms, guided, strict=True):
            place = arm.gripper
            if not is_guided or np.isnan(self._opening[place]).any():
                self._opening[place] = command[place]
            elif arm.name in self._selected:
                moved = self._opening[place] + speed * self._spec.dt_s
                self._opening[place] = moved.clip(self._spec.lower[place], self._spec.upper[place])

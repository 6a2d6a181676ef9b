"""A person's devices, the newest reading of each, as proposals for a tick."""

from collections.abc import Collection, Sequence

import numpy as np

from il_ros.spec import JointSample, Proposal, RobotSpec
from il_ros.teleop.dead_man import DeadMan
from il_ros.teleop.jog import Jog
from il_ros.teleop.leader import Leader
from il_ros.teleop.leader_config import MATCHED, LeaderConfig
from il_ros.teleop.leader_map import LeaderReading
from il_ros.teleop.mapping import JoyMapping
from il_ros.teleop.vigil import Vigil

TIME_TO_LIVE_S = 0.2  # as config/arbiter.yaml has it
LEADER, JOYSTICK = 'leader', 'joystick'  # their entries there


class Hands:
    """
    Leader arms with a dead-man button, or a joystick or keyboard that jogs the end effectors.

    Leader arms win while they send; without them the sticks move the arms. A device whose newest
    reading is older than time_to_live_s says nothing: who had arms by it holds them, see stale().
    """

    def __init__(
        self,
        spec: RobotSpec,
        mapping: JoyMapping,
        leader: LeaderConfig = MATCHED,
        time_to_live_s: float = TIME_TO_LIVE_S,
    ):
        self._spec = spec
        self._time_to_live_ns = round(time_to_live_s * 1e9)
        self._mapping = mapping
        self._leader_arms = Leader(spec, leader, LEADER)
        self._dead_man = DeadMan(mapping)
        self._vigil = Vigil(JOYSTICK, 'joy', time_to_live_s)
        self._jog = Jog(spec, mapping, JOYSTICK)
        self.forget()

    def forget(self) -> None:
        """Drop all readings: a new episode."""
        self._leader: LeaderReading | None = None
        self._proposed: LeaderReading | None = None  # the one that was passed on
        self._joy: tuple[np.ndarray, np.ndarray] | None = None
        self._why_stale = ''
        self._said = (False, False)  # dead-man and label, with the reading that was passed on
        self._vigil.forget()
        self._is_jogging = self._has_left = self._was_held = False
        self._kept: set[int] = set()  # arms that are the person's without a dead-man
        self._dead_man.reset()
        self._jog.reset()
        self._leader_arms.reset()

    def take_leader(self, reading: LeaderReading) -> None:
        """Take where the leader arms are."""
        self._leader = reading

    def leave_leader(self) -> None:
        """Nobody is at the leader arms any more."""
        self._has_left = self._has_left or self._proposed is not None  # twice between two ticks
        self._leader = self._proposed = None

    def take_joy(self, stamp_ns: int, axes: np.ndarray, buttons: np.ndarray) -> None:
        """Take a reading of joystick or keyboard; ValueError for one that cannot be its."""
        self._mapping.check(axes, buttons)
        self._vigil.hear(stamp_ns)
        self._joy = axes, buttons

    def take_over(self) -> None:
        """Keep the arms that are selected, by the person's word."""
        self._dead_man.take_over()

    def hand_back(self) -> None:
        """Let go of all arms, by the person's word."""
        self._dead_man.hand_back()
        self._kept.clear()

    def keep(self, arm: int) -> None:
        """Keep an arm, selected or not, which sticks move while it is selected."""
        self._kept.add(arm)

    def let_go(self, arm: int) -> None:
        """Keep it no longer."""
        self._kept.discard(arm)

    def label(self) -> str:
        """Only tell what to learn, by the person's word, until another; '': it is done."""
        self._dead_man.label()
        return ''

    def propose(
        self, joints: JointSample, command: np.ndarray, sources: Sequence[str]
    ) -> list[Proposal]:
        """
        Return what the hands ask for at joints.stamp_ns.

        command (A,) is the last; sources, per arm, whose it was. Nothing where there are no hands,
        or where reading and dead-man of the leader arms were passed on before.
        """
        now_ns = joints.stamp_ns
        self._why_stale = self._vigil.why_stale(now_ns)
        if self._has_left:
            self._has_left = False
            nobody = (False,) * len(self._spec.arms)
            return [Proposal(now_ns, command, nobody)]
        joy = self._joy if not self._why_stale else None
        if self._leader is not None and self._is_fresh(self._leader.stamp_ns, now_ns):
            if self._why_stale and self._was_held:
                return self._let_go(now_ns, command)
            buttons = joy[1] if joy is not None else np.zeros(0)
            is_held = joy is not None and self._dead_man.is_held(buttons)
            in_control = tuple(source == LEADER for source in sources)
            is_label = self._dead_man.is_label(buttons)  # by a word, where there is no pad
            followed = self._followed(is_held, is_label, in_control, joints, command)
            return followed + self._let_go(now_ns, command)
        if joy is None:
            self._jog.rest()
            return []
        axes, buttons = joy
        is_held = self._dead_man.is_held(buttons)
        return self._jogged(now_ns, axes, buttons, command, is_held, self._kept)

    def stale(self) -> dict[str, str]:
        """Return which devices said nothing of the tick last proposed for, and why."""
        sources = (JOYSTICK, LEADER) if self._was_held else (JOYSTICK,)  # whose dead-man it has
        return dict.fromkeys(sources, self._why_stale) if self._why_stale else {}

    def _followed(
        self,
        is_held: bool,
        is_label: bool,
        in_control: tuple[bool, ...],
        joints: JointSample,
        command: np.ndarray,
    ) -> list[Proposal]:
        """Return what the leader arms ask for, if that or the dead-man is new."""
        leader, said = self._leader, (is_held, is_label)
        if leader is None or (leader is self._proposed and said == self._said):
            return []
        self._proposed, self._said, self._was_held = leader, said, is_held
        held = (is_held,) * len(self._spec.arms)
        arms = self._leader_arms
        return [arms.propose(leader, held, in_control, joints.position, command, is_label)]

    def _jogged(
        self,
        now_ns: int,
        axes: np.ndarray,
        buttons: np.ndarray,
        command: np.ndarray,
        is_held: bool,
        kept: Collection[int] = (),
    ) -> list[Proposal]:
        """Return what the sticks ask for, or tell, and that the dead-man is let go."""
        was_jogging, nothing = self._is_jogging, np.zeros(0)
        is_label = self._dead_man.is_label(buttons)
        if not self._vigil.is_moving(now_ns):
            axes, buttons = nothing, nothing
        proposal = self._jog.propose(now_ns, axes, buttons, command, is_held, is_label, kept)
        self._is_jogging = any(proposal.engaged)
        is_new = was_jogging or self._is_jogging or any(proposal.labels)
        return [proposal] if is_new else []

    def _let_go(self, now_ns: int, command: np.ndarray) -> list[Proposal]:
        """Take back what the sticks asked for before the leader arms began to send."""
        if not self._is_jogging:
            return []
        nothing = np.zeros(0)
        return self._jogged(now_ns, nothing, nothing, command, is_held=False)

    def _is_fresh(self, stamp_ns: int, now_ns: int) -> bool:
        return now_ns - stamp_ns <= self._time_to_live_ns

"""Random take-overs and hand-backs over a graph: how soon they are done, and how smoothly."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from il_ros import wire
from il_ros.spec import RobotSpec, Who
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.leader_config import MATCHED
from il_ros.teleop.leader_map import LeaderMap

Window = tuple[int, int]  # from, to [ns]

DISAGREE = 0.4  # [rad, opening] deviation of leader arms from where the robot is
TREMOR = 0.002  # [rad, opening] a tick: a hand is never quite still
LONGEST_TICKS = 20  # that an arm is held, or let alone
ARMS = {(True, True): 'dpad_up', (True, False): 'dpad_left', (False, True): 'dpad_right'}


@dataclass(frozen=True, eq=False)
class Tick:
    """One command, and who was behind it, arm by arm."""

    stamp_ns: int
    arrived_ns: int  # by the same clock as the button
    command: np.ndarray  # (A,)
    who: tuple[Who, ...]


def worst(spec: RobotSpec, positions: np.ndarray) -> tuple[float, float, float]:
    """Return the worst velocity, acceleration, jerk of positions (n, N), as parts of limits."""
    lead = np.repeat(positions[:1], 3, axis=0)  # from rest
    rows = np.concatenate([lead, positions])
    limits = (spec.velocity, spec.acceleration, spec.jerk)
    parts = [
        float((np.abs(np.diff(rows, order, axis=0)) / spec.dt_s**order / limit).max())
        for order, limit in enumerate(limits, start=1)
    ]
    return parts[0], parts[1], parts[2]


def waits(ticks: Sequence[Tick], windows: Sequence[Window], who: Who) -> np.ndarray:
    """
    Return (n, 2): how long after a window's beginning the first command of who came in it.

    In ms, and as its number among the commands since then: 1 is the next. Windows without are
    left out.
    """
    arrived = np.array([tick.arrived_ns for tick in ticks])
    found = []
    for begin_ns, end_ns in windows:
        first, last = np.searchsorted(arrived, (begin_ns, end_ns))
        its = (i for i in range(first, last) if who in ticks[i].who)
        for i in islice(its, 1):
            found.append([(ticks[i].arrived_ns - begin_ns) * 1e-6, i - first + 1])
    return np.array(found).reshape(-1, 2)


class PressedHands:
    """Sticks, leader arms and a dead-man, held by somebody who wants something at random."""

    def __init__(self, spec: RobotSpec, rng: np.random.Generator):
        self._spec, self._rng = spec, rng
        self._map = LeaderMap(spec, MATCHED)
        self._pose: np.ndarray | None = None  # of the leader arms; None: nobody is at them
        self._arms = (True, True)  # that are wanted
        self._axes = np.zeros(len(AXES))
        self._ticks_left = LONGEST_TICKS
        self.is_held = False

    def moment_s(self) -> float:
        """Return how long to wait [s]."""
        return float(self._rng.uniform(0.05, 0.3))

    def tick(self, position: np.ndarray) -> None:
        """Let a tick pass, after some of which arms are taken over, or handed back."""
        self._ticks_left -= 1
        if self._ticks_left > 0:
            return
        self._ticks_left = int(self._rng.integers(2, LONGEST_TICKS + 1))
        if not self.is_held:
            self.reach_out(position)
        self.is_held = not self.is_held

    def reach_out(self, position: np.ndarray) -> None:
        """Take sticks or leader arms, these somewhere else than the robot's (N,); one or both."""
        away = self._rng.normal(0, DISAGREE, self._spec.size)
        pose = np.clip(position + away, self._spec.lower, self._spec.upper)
        self._pose = pose if self._rng.random() < 0.5 else None
        self._arms = list(ARMS)[self._rng.integers(len(ARMS))]
        self._axes = self._rng.uniform(-1, 1, len(AXES))
        self._axes[AXES.index('triggerleft') :] = 0.0

    def leader_msg(self, stamp_ns: int) -> bytes:
        """Return where the leader arms are; without any joints, that nobody is at them."""
        if self._pose is None:
            return wire.nobody_msg(stamp_ns)
        self._pose = self._pose + self._rng.normal(0, TREMOR, self._spec.size)
        joints = self._map.to_leader(self._pose)
        return self._map.message(stamp_ns, joints, self._map.leads(self._arms))

    def joy_msg(self, stamp_ns: int) -> bytes:
        """Return the sticks, the dead-man, and which arms are selected."""
        buttons = np.zeros(len(BUTTONS))
        buttons[BUTTONS.index('leftshoulder')] = self.is_held
        buttons[BUTTONS.index(ARMS[self._arms])] = 1.0
        return wire.joy_msg(stamp_ns, self._axes, buttons)


def take_overs(before: Sequence[Who], now: Sequence[Who]) -> int:
    """Return how many arms a person took from the policy between two ticks."""
    pairs = zip(before, now, strict=False)
    return sum(pair == (Who.POLICY, Who.HUMAN) for pair in pairs)


def timing_figures(
    ticks: Sequence[Tick], events: Sequence[tuple[int, bool]]
) -> dict[str, float | int]:
    """Return what a person waits for [ms], of presses and releases, (when [ns], which)."""
    ends_ns = [ns for ns, _ in events[1:]] + [ticks[-1].arrived_ns + 1]
    windows = [(ns, end) for (ns, _), end in zip(events, ends_ns, strict=True)]
    taken = [w for w, (_, is_held) in zip(windows, events, strict=True) if is_held]
    given = [w for w, (_, is_held) in zip(windows, events, strict=True) if not is_held]
    begun, fresh = waits(ticks, taken, Who.HUMAN), waits(ticks, given, Who.POLICY)
    return {
        'presses': len(taken),
        'presses_answered': len(begun),
        'button_to_command_p50_ms': _quantile(begun[:, 0], 0.5),
        'button_to_command_p99_ms': _quantile(begun[:, 0], 0.99),
        'button_to_command_p50_ticks': _quantile(begun[:, 1], 0.5),
        'button_to_command_p99_ticks': _quantile(begun[:, 1], 0.99),
        'hand_back_to_fresh_chunk_ms': _quantile(fresh[:, 0], 0.5),
        'hand_back_to_fresh_chunk_p99_ms': _quantile(fresh[:, 0], 0.99),
    }


def motion_figures(spec: RobotSpec, positions: np.ndarray, prefix: str) -> dict[str, float]:
    """Return the worst of positions (n, N), as parts of limits, as prefix_velocity and so on."""
    names = ('velocity', 'acceleration', 'jerk')
    found = zip(names, worst(spec, positions), strict=True)
    return {f'{prefix}_{name}': value for name, value in found}


def _quantile(delays: np.ndarray, part: float) -> float:
    return float(np.quantile(delays, part)) if len(delays) else float('nan')

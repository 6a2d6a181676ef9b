"""Random take-overs and hand-backs, over a graph and in the sim: what becomes of the command."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.rollout.loop import as_received, through_wire
from il_ros.sim.world import World
from il_ros.spec import ActionChunk, JointSample, Proposal, RobotSpec, Who
from il_ros.teleop.mapping import AXES, BUTTONS

Window = tuple[int, int]  # from, to [ns]

PLAN = 40  # ticks of a chunk


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


def delays_ms(ticks: Sequence[Tick], windows: Sequence[Window], who: Who) -> np.ndarray:
    """Return how long after each window's beginning the first command of who came in it [ms]."""
    arrived = np.array([tick.arrived_ns for tick in ticks])
    delays = []
    for begin_ns, end_ns in windows:
        first, last = np.searchsorted(arrived, (begin_ns, end_ns))
        its = (tick.arrived_ns for tick in ticks[first:last] if who in tick.who)
        delays += [(ns - begin_ns) * 1e-6 for ns in islice(its, 1)]
    return np.array(delays)


# -- over the graph -------------------------------------------------------------------------------


class PressedHands:
    """Sticks, leader arms and a dead-man, held by somebody who wants something at random."""

    def __init__(self, spec: RobotSpec, rng: np.random.Generator):
        self._spec, self._rng = spec, rng
        self._pose: np.ndarray | None = None  # of the leader arms; None: nobody is at them
        self._axes = np.zeros(len(AXES))
        self.is_held = False

    def moment_s(self) -> float:
        """Return how long to wait [s]."""
        return float(self._rng.uniform(0.05, 0.4))

    def reach_out(self, command: np.ndarray) -> None:
        """Take sticks or leader arms, these somewhere else than the robot's (A,)."""
        away = self._rng.normal(0, 0.4, self._spec.size)
        pose = np.clip(command + away, self._spec.lower, self._spec.upper)
        self._pose = pose if self._rng.random() < 0.5 else None
        self._axes = self._rng.uniform(-1, 1, len(AXES))
        self._axes[AXES.index('triggerleft') :] = 0.0

    def leader(self) -> np.ndarray | None:
        """Return where the leader arms are now (N,), a hand being never quite still."""
        if self._pose is not None:
            self._pose = self._pose + self._rng.normal(0, 0.002, self._spec.size)
        return self._pose

    def pad(self) -> tuple[np.ndarray, np.ndarray]:
        """Return axes and buttons of the pad, both arms selected."""
        buttons = np.zeros(len(BUTTONS))
        buttons[BUTTONS.index('leftshoulder')] = self.is_held
        buttons[BUTTONS.index('dpad_up')] = 1.0
        return self._axes, buttons


def graph_figures(
    spec: RobotSpec, ticks: Sequence[Tick], events: Sequence[tuple[int, bool]]
) -> dict[str, float]:
    """Return what a person waits for [ms], and the worst of the command, as parts of limits."""
    ends_ns = [ns for ns, _ in events[1:]] + [ticks[-1].arrived_ns + 1]
    windows = [(ns, end) for (ns, _), end in zip(events, ends_ns, strict=True)]
    taken = [w for w, (_, is_held) in zip(windows, events, strict=True) if is_held]
    given = [w for w, (_, is_held) in zip(windows, events, strict=True) if not is_held]
    begun, fresh = delays_ms(ticks, taken, Who.HUMAN), delays_ms(ticks, given, Who.POLICY)
    velocity, acceleration, jerk = worst(spec, np.array([tick.command for tick in ticks]))
    return {
        'takeovers': len(taken),
        'button_to_command_p50_ms': _quantile(begun, 0.5),
        'button_to_command_p99_ms': _quantile(begun, 0.99),
        'hand_back_to_fresh_chunk_ms': _quantile(fresh, 0.5),
        'worst_velocity': velocity,
        'worst_acceleration': acceleration,
        'worst_jerk': jerk,
    }


def _quantile(delays: np.ndarray, part: float) -> float:
    return float(np.quantile(delays, part)) if len(delays) else float('nan')


# -- in the sim -----------------------------------------------------------------------------------


class Quarrel:
    """A policy and a person who want different things, and take turns at random moments."""

    def __init__(self, spec: RobotSpec, rng: np.random.Generator):
        self._spec, self._rng = spec, rng
        self._goal, self._wish = spec.home, spec.home
        self._engaged = (False,) * len(spec.arms)
        self.takeovers = 0

    def propose(self, arbiter: Arbiter, joints: JointSample) -> None:
        """Let both say what they want at a tick."""
        rng, spec, now_ns = self._rng, self._spec, joints.stamp_ns
        if rng.random() < 0.12:
            far = rng.normal(0, 0.5, spec.size)
            self._goal = np.clip(spec.home + far, spec.lower, spec.upper)
            way = np.clip(self._goal - joints.position, -0.4, 0.4) / PLAN
            targets = joints.position + np.arange(1, PLAN + 1)[:, None] * way
            arbiter.offer_chunk(ActionChunk(now_ns, targets))
        if rng.random() < 0.07:
            self._change_hands(joints)
        self._wish = self._wish + rng.normal(0, 0.002, spec.size)
        arbiter.offer(Proposal(now_ns, self._wish, self._engaged), 'synthetic')

    def _change_hands(self, joints: JointSample) -> None:
        """Take some arms over, or give them back; the person's hands are somewhere else."""
        before = self._engaged
        self._engaged = tuple(bool(x) for x in self._rng.random(len(before)) < 0.5)
        self.takeovers += sum(
            now and not was for now, was in zip(self._engaged, before, strict=True)
        )
        self._wish = joints.position + self._rng.normal(0, 0.4, self._spec.size)


def quarrel(world: World, takeovers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return commands and joints (n, N) of as many take-overs in the sim, a tick a row."""
    spec = world.spec
    arbiter, both = Arbiter(spec, load_sources()), Quarrel(spec, np.random.default_rng(seed))
    world.reset(seed)
    commands, measured = [], []
    while both.takeovers < takeovers:
        joints = as_received(spec, world.joints())
        both.propose(arbiter, joints)
        commands.append(arbiter.tick(joints).command)
        measured.append(joints.position)
        world.step(through_wire(spec, commands[-1]))
    return np.array(commands), np.array(measured)

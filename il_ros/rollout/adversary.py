"""Hostile wishes by the thousand: how many of the commands that follow are outside of a limit."""

import numpy as np

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.robot.clearance import Clearance
from il_ros.spec import ActionChunk, JointSample, Proposal, RobotSpec, Who

LEG = 100  # ticks of an attack, which starts at home
KINDS = ('leaps', 'lean', 'noise', 'nan', 'stale', 'chunks')
PLAN = 40  # ticks of a chunk
ROUNDING = 1e-6  # of a limit


class Adversary:
    """Somebody who holds the dead-man and asks for what must not be."""

    def __init__(self, spec: RobotSpec, rng: np.random.Generator, kind: str):
        self._spec, self._rng, self.kind = spec, rng, kind
        self._wish = spec.home.copy()

    def propose(self, arbiter: Arbiter, now_ns: int) -> None:
        """Ask for something at a tick."""
        self._wander()
        late_ns = 10**9 if self.kind == 'stale' else 0
        held = (True,) * len(self._spec.arms)
        if self.kind == 'chunks':
            noise = self._rng.normal(0, 0.1, (PLAN, self._spec.size)).cumsum(axis=0)
            arbiter.plans.offer(ActionChunk(now_ns, self._wish + noise))
        else:
            arbiter.persons.offer(Proposal(now_ns - late_ns, self._wish, held), 'adversary')

    def _wander(self) -> None:
        spec, rng = self._spec, self._rng
        if self.kind == 'noise':
            self._wish = self._wish + rng.normal(0, 0.1, spec.size)
        elif self.kind == 'lean' and rng.random() < 0.1:  # both arms towards each other and down
            self._wish = spec.home.copy()
            for arm in spec.arms:
                bend = rng.uniform([-0.3, 0.0, -0.8], [0.3, 1.5, 0.5])
                self._wish[arm.joints][:3] += bend
        elif self.kind not in ('noise', 'lean') and rng.random() < 0.2:
            self._wish = rng.uniform(spec.lower - 0.5, spec.upper + 0.5)
        if self.kind == 'nan':
            where = rng.integers(spec.size)
            self._wish = self._wish.copy()
            self._wish[where] = rng.choice([np.nan, np.inf, 0.0])

    def may_move(self, who: tuple[Who, ...]) -> bool:
        """Whether those may be behind the command: what is old has no say."""
        return self.kind != 'stale' or Who.HUMAN not in who


def unsafe(spec: RobotSpec, commands: int, seed: int) -> int:
    """Return how many of so many commands, asked for by adversaries, were outside of any limit."""
    rng, count = np.random.default_rng(seed), 0
    for leg in range(-(-commands // LEG)):
        adversary = Adversary(spec, rng, KINDS[leg % len(KINDS)])
        count += _attack(spec, adversary, min(LEG, commands - leg * LEG))
    return count


def _attack(spec: RobotSpec, adversary: Adversary, ticks: int) -> int:
    """Return how many commands of an attack were outside."""
    arbiter, rows, wrong = Arbiter(spec, load_sources()), [spec.home], 0
    clearance = Clearance(spec, spec.safety) if spec.safety is not None else None
    for k in range(ticks):
        joints = JointSample(k * spec.dt_ns, rows[-1], 0 * spec.home, 0 * spec.home)
        adversary.propose(arbiter, joints.stamp_ns)
        decision = arbiter.tick(joints)
        rows.append(decision.command)
        is_inside = adversary.may_move(tuple(a.who for a in decision.authority))
        is_inside = is_inside and _keeps(spec, np.array(rows[-4:]))
        wrong += not (is_inside and _is_clear(clearance, decision.command))
    return wrong


def _keeps(spec: RobotSpec, rows: np.ndarray) -> bool:
    """Whether the last of some commands (n, N) keeps every limit of the joints."""
    is_in = (rows[-1] >= spec.lower).all() and (rows[-1] <= spec.upper).all()
    lead = np.repeat(rows[:1], 4 - len(rows), axis=0)
    moves = np.concatenate([lead, rows])
    limits = (spec.velocity, spec.acceleration, spec.jerk)
    return bool(is_in) and all(
        (
            np.abs(np.diff(moves, order, axis=0)[-1]) / spec.dt_s**order <= limit * (1 + ROUNDING)
        ).all()
        for order, limit in enumerate(limits, start=1)
    )


def _is_clear(clearance: Clearance | None, pose: np.ndarray) -> bool:
    return clearance is None or bool((clearance.at(pose) >= 0).all())

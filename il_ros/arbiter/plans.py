"""The policy's side of the arbiter: what it planned for each arm, or why that is not executed."""

from collections.abc import Sequence

import numpy as np

from il_ros.arbiter.chunks import ChunkExecutor, Plan, plan_of
from il_ros.arbiter.policy_word import PolicyWord
from il_ros.arbiter.verdict import Verdict
from il_ros.spec import ActionChunk, Authority, RobotSpec, Who


class Plans:
    """
    The policy's newest plan, arm by arm, each dropped when somebody else has the arm.

    When the policy may have an arm again, only what is planned from then on counts.
    """

    def __init__(self, spec: RobotSpec, lasts_s: float):
        self._spec = spec
        self._executors = [ChunkExecutor(spec.dt_ns, lasts_s) for _ in spec.arms]
        self.word = PolicyWord()
        self._pending: Plan | None = None  # offered since the last tick
        self.forget(0)

    def forget(self, now_ns: int) -> None:
        """Begin anew: only plans from observations not before now_ns count."""
        self._newest: Plan | None = None
        if self._pending is not None and self._pending.chunk.stamp_ns < now_ns:
            self._pending = None
        self._is_withheld = [False for _ in self._spec.arms]
        for executor in self._executors:
            executor.forget(now_ns)

    # -- what it says -------------------------------------------------------------------------

    def offer(self, chunk: ActionChunk) -> None:
        """Take a plan; an empty one says nothing, an impossible one stops the arms."""
        shape = np.shape(chunk.targets)
        if shape[0] == 0:
            return
        if len(shape) != 2 or shape[1] != self._spec.size:
            self.refuse(f'policy proposed targets {shape} for {self._spec.size} joints')
        elif not np.isfinite(chunk.targets).all():
            self.refuse('policy proposed NaN')
        else:
            self._pending = plan_of(chunk, self._spec.dt_ns)

    def refuse(self, why: str) -> None:
        """Stop executing what was planned, because why."""
        self._pending = None
        for executor in self._executors:
            executor.refuse(why)

    # -- who has an arm -----------------------------------------------------------------------

    def begin_tick(self, now_ns: int, authority: Sequence[Authority]) -> None:
        """Hand the newest plan to each arm; authority: as it was at the tick before."""
        plan, self._pending = self._pending, None
        if plan is None:
            return
        self._newest = plan
        for executor, before in zip(self._executors, authority, strict=True):
            held_since_ns = before.since_ns if before.who is Who.HOLD else None
            executor.offer(plan, now_ns, held_since_ns)

    def withhold(self, arm: int) -> None:
        """Note that somebody else has the arm."""
        self._is_withheld[arm] = True

    def withhold_all(self) -> None:
        """Note that nobody has any arm, and that nothing offered till now is to be executed."""
        self._pending = None
        self._is_withheld = [True for _ in self._spec.arms]

    def verdict(self, arm: int, now_ns: int) -> Verdict:
        """Return what becomes of an arm that nobody else has."""
        executor = self._executors[arm]
        if self._is_withheld[arm]:
            self._is_withheld[arm] = False
            executor.forget(now_ns + 1)
        why = executor.why_not(now_ns)
        if why:
            why, is_plea = self.word.explains(why, now_ns), self._newest is not None
            return Verdict(Who.HOLD, why, is_plea=is_plea, awaits_ns=executor.awaits_ns)
        return Verdict(Who.POLICY, 'chunk', executor.target(now_ns))

    # -- what is known of it ------------------------------------------------------------------

    @property
    def newest_ns(self) -> int | None:
        """The stamp of the newest plan, executed or not."""
        return self._newest.chunk.stamp_ns if self._newest is not None else None

    def version(self, arm: int) -> str:
        """Return which policy planned for an arm, executed or not, '' without a plan."""
        plan = self._executors[arm].plan or self._newest
        return plan.chunk.version if plan is not None else ''

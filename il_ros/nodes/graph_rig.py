"""The rig over ROS: an episode is run by the nodes of a graph, in lockstep or in real time."""

from dataclasses import asdict
from queue import Empty, Queue
from time import monotonic
from typing import Any

from il_ros import wire
from il_ros.nodes.graph_parts import GraphParts
from il_ros.nodes.topics import subscribe
from il_ros.session.episode import REDO, Ending, EpisodePlan, EpisodeResult, Tally
from il_ros.session.phases import Phase
from il_ros.session.steering import Steering
from il_ros.spec import Outcome

LAST_TICK_S = 10.0  # patience for the authority of the tick at which the task was over
LOOK_EVERY_S = 0.02


class GraphRig:
    """
    Run episodes over a graph, and hear how they go.

    awaits_person: each episode starts when a person says so. about is what every bag says besides
    its plan: robot, package version, configuration.
    """

    def __init__(
        self,
        parts: GraphParts,
        steering: Steering,
        awaits_person: bool,
        episode_limit_s: float,
        about: dict[str, Any],
    ):
        self.parts, self.steering, self.standing = parts, steering, steering.standing
        self.awaits_person = awaits_person
        self.episode_limit_s = episode_limit_s
        self.about = about
        self.tally = Tally()
        self.stamp_ns = self.began_ns = 0
        self.outcomes: Queue[Outcome] = Queue()
        node = parts.client.node
        subscribe(node, wire.AUTHORITY, self.on_authority, keep_all=True)
        subscribe(node, wire.TASK_OUTCOME, self.on_outcome)

    def on_authority(self, data: bytes) -> None:
        """Count who acts."""
        self.stamp_ns, arms = wire.read_authority(data)
        if self.standing.phase is not Phase.PAUSED or self.parts.is_lockstep:
            self.tally.add(arms)  # in lockstep a tick is one, when else it is heard of

    def on_outcome(self, data: bytes) -> None:
        """Keep how the task has ended."""
        outcome = wire.read_outcome(data)
        if outcome.is_over:
            self.outcomes.put(outcome)

    def load(self, checkpoint: str) -> None:
        """Act with another checkpoint from now on; ValueError leaves the old one in place."""
        self.parts.load(checkpoint)

    def is_asked(self, wish: str) -> bool:
        """Whether a person has asked for something that is done between episodes; once each."""
        return self.steering.is_asked(wish)

    def settle(self) -> None:
        """Wait until the disk has every episode."""
        self.parts.settle()

    def episode(self, plan: EpisodePlan) -> EpisodeResult:
        """Reset, run, record and judge one episode."""
        self.standing.on('reset', plan.told())
        self.parts.prepare(plan)
        said = self._started(plan) if self.awaits_person else 'start'
        if said != 'start':
            self.standing.on(said)
            how = REDO if said == REDO else 'discarded'
            return EpisodeResult(plan.number, plan.seed, 'unlabeled', '', how, 0, 0, 0, 0.0)
        if plan.root:
            self.parts.record(plan, self.about)
        self.parts.seat()  # before it is told that the episode runs: what is said then counts
        self.steering.enter('start')
        self.tally = Tally()
        self.began_ns = self.parts.start(plan)
        began_s = monotonic()
        ending = self._ending(plan)
        wall_s = monotonic() - began_s
        return self._finish(plan, ending, wall_s)

    def _started(self, plan: EpisodePlan) -> str:
        """Wait until a person says start, redo, or what is done before; reset sets the scene."""
        self.steering.enter('wait')
        while (said := self._heard()) not in ('start', REDO):
            if self.steering.has_wish():
                return 'rollback'
            if said == 'reset':
                self.steering.enter('reset')
                self.parts.prepare(plan)
                self.steering.enter('wait')
        return said

    def _heard(self) -> str:
        """Return what a person said by now, '' for nothing."""
        self.parts.client.check_open()
        return self.steering.heard(LOOK_EVERY_S)

    def _ending(self, plan: EpisodePlan) -> Ending:
        """Wait for the task, a person or the clock to end the episode."""
        deadline = monotonic() + self.episode_limit_s
        while monotonic() < deadline:
            try:
                outcome = self.outcomes.get_nowait()
            except Empty:
                outcome = None
            if outcome is not None and outcome.stamp_ns >= self.began_ns:
                self._await_tick(outcome.stamp_ns)
                return Ending('judged', outcome)
            said = self._heard()
            if said == 'pause':
                said, waited_s = self._pause(plan)
                deadline += waited_s
            if said:
                return Ending(said, Outcome(self.stamp_ns, 'running'))
        return Ending('limit', Outcome(self.stamp_ns, 'failure', 'time out'))

    def _pause(self, plan: EpisodePlan) -> tuple[str, float]:
        """Let nothing act until a person speaks; return what ends the episode and the time [s]."""
        began_s = monotonic()
        self.parts.pause(plan)
        self.steering.enter('pause')
        while not (said := self._heard()):
            pass
        if said == 'start':
            said = ''
            self.parts.go_on(plan)
            self.steering.enter('start')
        return said, monotonic() - began_s

    def _await_tick(self, stamp_ns: int) -> None:
        """Wait for the authority of a tick: all that was decided is counted then."""
        what = f'no authority for the tick {stamp_ns}'
        self.parts.client.wait_until(lambda: self.stamp_ns >= stamp_ns, what, LAST_TICK_S)

    def _finish(self, plan: EpisodePlan, ending: Ending, wall_s: float) -> EpisodeResult:
        """Bring the graph to rest, close the bag, and sum up."""
        tally, dropped = self.tally, self.parts.dropped()
        self.parts.stop(plan)
        self.standing.on(ending.transition)
        until_ns, reason = ending.outcome.stamp_ns, ending.outcome.reason
        bag = self.parts.end(plan, ending, until_ns, dropped) if plan.root else ''
        went = [ending.label] * (ending.event != 'discard')
        self.standing.on('keep', {'outcome': ending.label, 'reason': reason, **plan.told(*went)})
        return EpisodeResult(
            plan.number,
            plan.seed,
            ending.label,
            reason,
            ending.termination,
            tally.ticks,
            tally.interventions,
            tally.human_ticks,
            wall_s,
            bag,
            is_repeatable=not dropped,
            **asdict(self.parts.spent),
        )

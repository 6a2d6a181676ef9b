"""The rig over ROS: an episode is run by the nodes, through the services a person could call."""

import json
from queue import Empty, Queue
from time import monotonic
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.client import Client, wait_until
from il_ros.nodes.topics import subscribe
from il_ros.session.episode import EpisodePlan, EpisodeResult, Tally, termination_of
from il_ros.session.phases import Standing
from il_ros.spec import Outcome

LOAD_PATIENCE_S = 120.0


class GraphRig:
    """
    Run episodes over the graph, in lockstep or in real time.

    parts are the node names that are there: of 'sim_node', 'policy_node', 'operator_node',
    'recorder_node'. events are what a person says: 'stop', 'success', 'failure', 'discard'.
    """

    def __init__(
        self,
        node: Node,
        parts: tuple[str, ...],
        standing: Standing,
        episode_limit_s: float,
        about: dict[str, Any],
    ):
        self.client = Client(node)
        self.parts = parts
        self.standing = standing
        self.about = about  # what every bag says: robot, package version, configuration
        self.episode_limit_s = episode_limit_s
        self.events: Queue[str] = Queue()
        self.tally = Tally()
        self.stamp_ns = 0
        self.outcomes: Queue[Outcome] = Queue()
        subscribe(node, wire.AUTHORITY, self.on_authority, keep_all=True)
        subscribe(node, wire.TASK_OUTCOME, self.on_outcome)

    # -- what the graph says ------------------------------------------------------------------

    def on_authority(self, data: bytes) -> None:
        self.stamp_ns, arms = wire.read_authority(data)
        self.tally.add(arms)

    def on_outcome(self, data: bytes) -> None:
        outcome = wire.read_outcome(data)
        if outcome.is_over:
            self.outcomes.put(outcome)

    # -- the rig ------------------------------------------------------------------------------

    def load(self, checkpoint: str) -> None:
        """Let the policy node load a checkpoint beside the one that acts, and wait for it."""
        self.client.set('policy_node', {'checkpoint': checkpoint})
        if self.client.state_of('policy_node') == 'unconfigured':
            self.client.change_state('policy_node', 'configure')
        wait_until(self._is_loaded, LOAD_PATIENCE_S, f'{checkpoint}: not loaded')

    def _is_loaded(self) -> bool:
        response = self.client.call(Trigger, 'policy_node/loaded', Trigger.Request())
        if not response.success and response.message != 'loading':
            raise ValueError(response.message)
        return bool(response.success)

    def episode(self, plan: EpisodePlan) -> EpisodeResult:
        """Reset, run, record and judge one episode."""
        self.standing.on('reset', {'number': plan.number, 'seed': plan.seed, 'round': plan.round})
        self._prepare(plan)
        self.standing.on('start')
        self._start(plan)
        began = monotonic()
        event, outcome = self._wait()
        wait_until(lambda: self.stamp_ns >= outcome.stamp_ns, 10.0, 'the last tick: no authority')
        wall_s = monotonic() - began
        self._stop(plan)
        self.standing.on(event)
        state = {'success': 'success', 'failure': 'failure'}.get(event, outcome.state)
        termination = 'discarded' if event == 'discard' else self._termination(event, outcome)
        label = state if state != 'running' else 'unlabeled'
        bag = self._close(plan, label, termination, outcome.stamp_ns) if plan.root else ''
        self.standing.on('keep', {'outcome': label, 'reason': outcome.reason})
        return EpisodeResult(
            plan.number,
            plan.seed,
            label,
            outcome.reason,
            termination,
            self.tally.ticks,
            self.tally.interventions,
            self.tally.human_ticks,
            wall_s,
            bag,
            not self.client.trigger('intervention_node/dropped'),
        )

    def _prepare(self, plan: EpisodePlan) -> None:
        """Put every part at the start of the episode; nothing moves yet."""
        if 'sim_node' in self.parts:
            self.client.set('sim_node', {'seed': plan.seed})
            self.client.trigger('sim_node/reset')
        if 'operator_node' in self.parts:
            self.client.set(
                'operator_node',
                {'seed': plan.seed, 'mode': plan.operator, 'demonstrator': plan.demonstrator},
            )
            self.client.trigger('operator_node/reset')
        if 'policy_node' in self.parts:
            self.client.set('policy_node', {'seed': plan.seed})
            self.client.trigger('policy_node/reset')
            self._activate(plan.with_policy)
        self.client.trigger('intervention_node/reset')

    def _activate(self, is_wanted: bool) -> None:
        is_active = self.client.state_of('policy_node') == 'active'
        if is_wanted != is_active:
            self.client.change_state('policy_node', 'activate' if is_wanted else 'deactivate')

    def _start(self, plan: EpisodePlan) -> None:
        """Record first, then let the world move."""
        self.tally = Tally()
        while not self.outcomes.empty():
            self.outcomes.get()
        if plan.root:
            meta = json.dumps({**plan.meta(), **self.about})
            self.client.set('recorder_node', {'root_dir': plan.root, 'meta': meta})
            self.client.trigger('recorder_node/start')
        if 'sim_node' in self.parts:
            self.client.trigger('sim_node/start')

    def _wait(self) -> tuple[str, Outcome]:
        """Wait for the task, a person or the clock to end the episode."""
        deadline = monotonic() + self.episode_limit_s
        while monotonic() < deadline:
            try:
                return 'stop', self.outcomes.get(timeout=0.02)
            except Empty:
                pass
            if not self.events.empty():
                return self.events.get(), Outcome(self.stamp_ns, 'running')
        return 'stop', Outcome(self.stamp_ns, 'failure', 'time out')

    def _stop(self, plan: EpisodePlan) -> None:
        """Let the arms come to rest: the policy first, then the world."""
        if 'policy_node' in self.parts and plan.with_policy and not self.about['lockstep']:
            self._activate(False)
        if 'sim_node' in self.parts:
            self.client.trigger('sim_node/stop')

    def _close(self, plan: EpisodePlan, outcome: str, termination: str, until_ns: int) -> str:
        """Close the bag when its last tick has arrived, and return its folder."""
        values = {'outcome': outcome, 'termination': termination, 'until_ns': until_ns}
        self.client.set('recorder_node', values)
        service = 'discard' if termination == 'discarded' else 'stop'
        bags: list[str] = []

        def is_closed() -> bool:
            bags.append(self.client.trigger(f'recorder_node/{service}'))
            return bool(bags[-1])

        wait_until(is_closed, 10.0, f'{plan.root}: bag not closed')
        return bags[-1]

    def _termination(self, event: str, outcome: Outcome) -> str:
        return 'stopped' if event != 'stop' else termination_of(outcome.state, outcome.reason)

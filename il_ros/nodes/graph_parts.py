"""What a session asks of the nodes that are there, through services that a person could call."""

import json
from collections.abc import Sequence
from typing import Any

from std_srvs.srv import Trigger

from il_ros.nodes.client import Client
from il_ros.nodes.graph_policy import GraphPolicy
from il_ros.nodes.meeting import introduce, meet
from il_ros.session.episode import Ending, EpisodePlan
from il_ros.sim.attention import Spent

START_PATIENCE_S = 5.0  # until the recorder has heard all that it needs
END_PATIENCE_S = 30.0  # for the last messages
DISK_PATIENCE_S = 600.0  # for a slow disk


class GraphParts:
    """
    The nodes of a session, by their names relative to its namespace.

    A robot has no sim_node and a policy alone no operator_node: what is not there is not asked.
    """

    def __init__(self, client: Client, names: Sequence[str], is_lockstep: bool):
        self.client, self.names, self.is_lockstep = client, tuple(names), is_lockstep
        self.have_sim = 'sim_node' in names
        self._have_operator = 'operator_node' in names
        self._have_policy = 'policy_node' in names
        self._policy = GraphPolicy(client)
        self._are_known = self._are_met = False
        self.spent = Spent()  # of the operator's attention, in the episode by now

    def load(self, checkpoint: str) -> None:
        """Act with another checkpoint from now on; ValueError leaves the old one in place."""
        self._introduce()
        self._policy.load(checkpoint)
        self._are_met = False  # it listens since it is configured

    # -- an episode, in this order ------------------------------------------------------------

    def prepare(self, plan: EpisodePlan) -> None:
        """Build the scene; the arms hold there. Once all parts hear each other."""
        self._introduce()
        self.spent = Spent()
        if not self._are_met:
            meet(self.client, self.names)
            self._end_left_over()
            self._are_met = True
        if self.have_sim:
            self.client.set('sim_node', {'seed': plan.seed})
            self.client.trigger('sim_node/reset')
            self.seat()

    def record(self, plan: EpisodePlan, about: dict[str, Any]) -> None:
        """Open a bag; what the recorder misses may yet be on its way."""
        said = ['']

        def is_recording() -> bool:
            response = self.client.call(Trigger, 'recorder_node/start', Trigger.Request())
            said.append(response.message)
            return bool(response.success)

        meta = json.dumps({**plan.meta(), **about})
        self.client.set('recorder_node', {'root_dir': plan.root, 'meta': meta})
        self.client.wait_until(
            is_recording, lambda: f'recorder_node/start: {said[-1]}', START_PATIENCE_S
        )

    def seat(self) -> None:
        """Forget what persons and policy said till now; the command begins where the arms are."""
        if self.have_sim:
            self.client.trigger('intervention_node/reset')

    def start(self, plan: EpisodePlan) -> int:
        """Let policy and operator act, then the world move; return from when on [ns]."""
        if self._have_operator:
            self.client.set('intervention_node', {'operator': 'synthetic'})
            self._set_operator(plan, plan.operator)
        if self._have_policy:
            self.client.set('policy_node', {'seed': plan.seed})
            self.client.set('intervention_node', {'is_gated': plan.is_gated})
            self._policy.act(plan.with_policy)
        return int(self.client.trigger('sim_node/start')) if self.have_sim else 0

    def dropped(self) -> str:
        """Return who had to be dropped from lockstep, '' for nobody."""
        return self.client.trigger('intervention_node/dropped')

    def stop(self, plan: EpisodePlan) -> None:
        """Let the arms come to rest: policy and operator first, then the world."""
        if self._have_policy:
            self._policy.act(False)
        if self._have_operator:
            self._set_operator(plan, 'off')
        self.client.trigger('intervention_node/drop_plan')
        if not plan.is_gated:
            self.client.set('intervention_node', {'is_gated': True})
        if self.have_sim:
            self.client.trigger('sim_node/stop')
        if self.is_lockstep:
            self.client.trigger('intervention_node/reset')  # a tick may be half answered

    def pause(self, plan: EpisodePlan) -> None:
        """Let nothing act; in lockstep the world waits, and with it everybody, as they are."""
        if self.is_lockstep:
            self.client.trigger('sim_node/pause')
        else:
            self.stop(plan)

    def go_on(self, plan: EpisodePlan) -> None:
        """End a pause."""
        if self.is_lockstep:
            self.client.trigger('sim_node/go_on')
        else:
            self.seat()
            self.start(plan)

    def end(self, plan: EpisodePlan, ending: Ending, until_ns: int, dropped: str) -> str:
        """End the bag when its last tick has arrived; return its folder, the disk may lag."""
        values = {
            'outcome': ending.label,
            'termination': ending.termination,
            'until_ns': until_ns,
            'remarks': json.dumps({'is_repeatable': False, 'dropped': dropped} if dropped else {}),
        }
        self.client.set('recorder_node', values)
        service = 'discard' if ending.event == 'discard' else 'stop'
        bags = ['']

        def has_ended() -> bool:
            bags.append(self.client.trigger(f'recorder_node/{service}'))
            return bool(bags[-1])

        self.client.wait_until(has_ended, f'{plan.root}: bag not ended', END_PATIENCE_S)
        return bags[-1]

    def settle(self) -> None:
        """Wait until the disk has every episode that was recorded."""
        self._introduce()
        said = ['']

        def is_settled() -> bool:
            response = self.client.call(Trigger, 'recorder_node/settled', Trigger.Request())
            said.append(response.message)
            return bool(response.success)

        if 'recorder_node' in self.names:
            self.client.wait_until(is_settled, lambda: said[-1], DISK_PATIENCE_S)

    # -- the rest -----------------------------------------------------------------------------

    def _set_operator(self, plan: EpisodePlan, mode: str) -> None:
        style = {'seed': plan.seed, 'demonstrator': plan.demonstrator, 'mode': mode}
        self.client.set('operator_node', style)
        told = self.client.trigger('operator_node/reset')
        if mode == 'off':  # what it spent till now; otherwise, before the episode
            self.spent += Spent(**json.loads(told))

    def _introduce(self) -> None:
        """Get to know every node, once; GraphError names one that is not there."""
        if not self._are_known:
            introduce(self.client, self.names)
            self._are_known = True

    def _end_left_over(self) -> None:
        """End what a session that crashed has left going on."""
        if self._have_policy:
            self._policy.act(False)
        if 'recorder_node' in self.names:
            left = {'outcome': 'unlabeled', 'termination': 'error', 'until_ns': 0}
            self.client.set('recorder_node', left)
            self.client.call(Trigger, 'recorder_node/stop', Trigger.Request())  # or is refused

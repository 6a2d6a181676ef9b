"""The rig in one process: no ROS, simulator speed, the same parts."""

from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.gate import Gate
from il_ros.arbiter.sources import load_sources
from il_ros.policy.pilot import Pilot, load_pilot
from il_ros.recorder.config import load_recorder_config
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.registry import make
from il_ros.rollout.hands import BranchLabeller, OperatorHands
from il_ros.rollout.loop import Loop, cameras_of
from il_ros.rollout.recording import BagSubscriber
from il_ros.session.episode import EpisodePlan, EpisodeResult, Tally, termination_of
from il_ros.sim.attention import WATCHER, Person, Spent
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import RobotSpec


class LocalRig:
    """
    Run episodes in this process.

    with_labels lets the expert label what a policy visits; person corrects it, and gate, if any,
    calls that person.
    """

    def __init__(
        self,
        spec: RobotSpec,
        task: str,
        cameras: tuple[str, ...] = (),
        transport: str = 'jpeg',
        with_labels: bool = False,
        person: Person = WATCHER,
        gate: Gate | None = None,
    ):
        self.spec = spec
        self.task = task
        self.transport = transport
        self.with_labels = with_labels
        self.person = person
        self.gate = gate or Gate()
        self.world = World(spec, make(TASKS, task), cameras_of(spec, cameras))
        self.loop = Loop(self.world, Arbiter(spec, load_sources(), self.gate), transport=transport)
        self.pilot: Pilot | None = None

    def is_asked(self, wish: str) -> bool:
        """No: there is nobody here to ask."""
        return False

    def settle(self) -> None:
        """Do nothing: each bag is closed when its episode ends."""

    def load(self, checkpoint: str) -> None:
        """Act with another checkpoint from now on."""
        self.pilot = load_pilot(Path(checkpoint), self.spec, 'cpu')

    def episode(self, plan: EpisodePlan) -> EpisodeResult:
        """Reset, run, record and judge one episode."""
        tally = Tally()
        self.loop.set_policy(self.pilot if plan.with_policy else None)
        self.loop.hands = hands = self._hands(plan)
        self.loop.labeller = self._labeller(plan)
        self.loop.arbiter.gate = self.gate if plan.is_gated else Gate()
        self.loop.subscribers = [lambda step: tally.add(step.decision.authority)]
        recording = self._recording(plan) if plan.root else None
        if recording is not None:
            self.loop.subscribers.append(recording)
        began = perf_counter()
        outcome = self.loop.run(plan.seed)
        wall_s = perf_counter() - began
        termination = termination_of(outcome.state, outcome.reason)
        bag = recording.stop(outcome.state, termination) if recording is not None else ''
        return EpisodeResult(
            plan.number,
            plan.seed,
            outcome.state,
            outcome.reason,
            termination,
            tally.ticks,
            tally.interventions,
            tally.human_ticks,
            wall_s,
            str(bag),
            **asdict(hands.spent if hands is not None else Spent()),
        )

    def _hands(self, plan: EpisodePlan) -> OperatorHands | None:
        if plan.operator == 'off':
            return None
        return OperatorHands(
            self.spec,
            plan.task,
            plan.demonstrator,
            plan.operator == 'always',
            self.person,
            is_called=lambda: bool(self.loop.arbiter.request),
        )

    def _labeller(self, plan: EpisodePlan) -> BranchLabeller | None:
        if not self.with_labels or self.pilot is None:
            return None
        return BranchLabeller(self.world, plan.task, self.pilot.config.T)

    def _recording(self, plan: EpisodePlan) -> BagSubscriber:
        config = replace(load_recorder_config(), transport=self.transport)
        recorder = EpisodeRecorder(plan.root, config)
        recording = BagSubscriber(self.spec, recorder, self.transport)
        meta = {**plan.meta(), 'robot': self.spec.name}
        recording.start(meta, self.world.now_ns)
        return recording

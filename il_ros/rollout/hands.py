"""The simulated operator in one process: the same hands, without the topics between."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from il_ros.registry import make
from il_ros.rollout.loop import through_wire
from il_ros.sim.attention import WATCHER, Person, Spent
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.operator import SyntheticOperator
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import ActionChunk, JointSample, Proposal, RobotSpec
from il_ros.teleop.leader import Leader
from il_ros.teleop.leader_map import LeaderReading


class OperatorHands:
    """A synthetic operator who holds leader arms; demonstrator selects the style of moving."""

    def __init__(
        self,
        spec: RobotSpec,
        task: str,
        demonstrator: int = 0,
        always: bool = True,
        person: Person = WATCHER,
        is_called: Callable[[], bool] = lambda: False,
    ):
        """
        Take hold of the leader arms; is_called: says whether the gate asks for a person.

        always: demonstrating all the time, and not only taking over where needed.
        """
        self.spec = spec
        self.task = make(TASKS, task)
        self.demonstrator = demonstrator
        self.always = always
        self.person = person
        self.is_called = is_called
        self.leader = Leader(spec)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode as the person that demonstrator and seed stand for."""
        given = (self.spec, self.task, self.demonstrator, seed, self.always, self.person)
        self.operator = operator_for(*given)
        self.leader.reset()
        self._had = tuple(False for _ in self.spec.arms)

    @property
    def spent(self) -> Spent:
        """The attention that the episode has taken so far."""
        return self.operator.spent

    def propose(self, joints: JointSample, objects: np.ndarray) -> Proposal:
        """Return where the leader arms are held at this tick, and whether the dead-man is."""
        target, engaged = self.operator.act(joints, objects, self.is_called())
        arms = tuple(True for _ in self.spec.arms)
        reading = LeaderReading(joints.stamp_ns, through_wire(self.spec, target), arms)
        held = tuple(engaged for _ in arms)
        had, self._had = self._had, held
        return self.leader.propose(reading, held, had, joints.position, joints.position)


class LateHands:
    """An operator who takes over at a random moment of the policy's roll-out, for good."""

    def __init__(self, spec: RobotSpec, task: str, between_s: tuple[float, float]):
        self.spec = spec
        self.between_s = between_s
        self.hands = OperatorHands(spec, task)

    def reset(self, seed: int) -> None:
        """Draw the moment that seed stands for."""
        self.hands.reset(seed)
        self.at_s = np.random.default_rng(seed).uniform(*self.between_s)
        self.began_ns: int | None = None

    def propose(self, joints: JointSample, objects: np.ndarray) -> Proposal | None:
        """Return nothing before that moment, and the expert's wish from then on."""
        if self.began_ns is None:
            self.began_ns = joints.stamp_ns
        if (joints.stamp_ns - self.began_ns) * 1e-9 < self.at_s:
            return None
        return self.hands.propose(joints, objects)


class BranchLabeller:
    """
    Label a state with the expert's chunk: branch the world, let the expert drive, come back.

    With chunks the label must be a whole plan: single actions along the *policy's* path are
    no plan that anyone has. Source: Ross et al. 2011, arXiv:1011.0686 (DAgger), for chunks.
    """

    def __init__(self, world: World, task: str, T: int):
        self.world = world
        self.task = make(TASKS, task)
        self.T = T

    def label(self, joints: JointSample) -> ActionChunk:
        """Return the T targets (T, A) of the expert from the world's present state."""
        expert = self.task.expert(self.world.spec, DEMONSTRATORS[0], 0)
        here = self.world.save()
        targets = []
        for _ in range(self.T):
            targets.append(expert.act(self.world.joints(), self.world.objects()))
            self.world.step(targets[-1])
        self.world.restore(here)
        return ActionChunk(joints.stamp_ns, np.stack(targets))


def operator_for(
    spec: RobotSpec, task, demonstrator: int, seed: int, always: bool, person: Person
) -> SyntheticOperator:
    """Return the synthetic operator of an episode; ValueError for a demonstrator there is not."""
    if not 0 <= demonstrator < len(DEMONSTRATORS):
        raise ValueError(f'demonstrator {demonstrator}: there are 0 to {len(DEMONSTRATORS) - 1}')
    style = DEMONSTRATORS[demonstrator]
    style = replace(style, noise_rad=max(style.noise_rad, person.imprecision_rad))
    expert = task.expert(spec, style, seed)
    return SyntheticOperator(spec, expert, person, seed, always=always)

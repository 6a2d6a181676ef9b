"""Demonstrations by hand guiding, with a synthetic hand: it pulls, and the arms give way."""

import numpy as np

from il_ros.registry import make
from il_ros.rollout.loop import Loop, through_wire
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.guide import GuidingHand
from il_ros.sim.tasks import TASKS
from il_ros.sim.touch import Touch
from il_ros.spec import JointSample, Outcome, Proposal, RobotSpec
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands
from il_ros.teleop.mapping import JoyMapping

PLAY = 0.03  # [opening] a grip key is not pressed for less


class GuidingPerson:
    """
    Hands on both arms, going where a task's expert would go, and a foot on the gripper keys.

    It is asked first what it proposes, which is what was measured, then how it pushes.
    """

    def __init__(self, spec: RobotSpec, task: str, mapping: JoyMapping):
        self.spec, self.task, self.mapping = spec, make(TASKS, task), mapping
        self.guiding = Guiding(spec, mapping, Hands(spec, mapping))
        self.hand = GuidingHand(spec)
        self._keys = _grip_keys(mapping)
        self.loop: Loop | None = None  # whose arbiter is listened to
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self.expert = self.task.expert(self.spec, DEMONSTRATORS[0], seed)
        self.guiding.forget()
        self.hand.reset()
        self.touch = Touch()

    def propose(self, joints: JointSample, objects: np.ndarray) -> Proposal | None:
        """Return what was measured as the action of the tick before, and push on."""
        assert self.loop is not None
        arbiter, spec = self.loop.arbiter, self.spec
        wish = self.expert.act(joints, objects)
        for i in range(len(spec.arms)):
            self.guiding.press(i, joints.stamp_ns, True)
        self.guiding.take_joy(joints.stamp_ns, *self._pad(wish, joints.position))
        said = self.guiding.propose(joints, arbiter.command, arbiter.sources)
        names = (arm.name for arm, is_free in zip(spec.arms, arbiter.free, strict=True) if is_free)
        self.touch = Touch(frozenset(names), self.hand.pull(joints, wish))
        return said[0] if said else None

    def _pad(self, wish: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return axes and buttons that move the gripper that is furthest from where it should."""
        layout = self.mapping.layout
        axes, buttons = np.zeros(len(layout.axes)), np.zeros(len(layout.buttons))
        apart = [float((wish - at)[arm.gripper].item()) for arm in self.spec.arms]
        which = int(np.argmax(np.abs(apart)))
        if abs(apart[which]) > PLAY:
            buttons[self._keys[apart[which] > 0]] = 1.0
            name = self.spec.arms[which].name
            select = self.mapping.plain.select
            key = next(key for key, arms in select.items() if tuple(arms) == (name,))
            buttons[layout.buttons.index(key)] = 1.0
        return axes, buttons


def _grip_keys(mapping: JoyMapping) -> dict[bool, int]:
    """Return the places of the keys that open (True) and close a gripper."""
    return {
        drive.speed > 0: mapping.layout.buttons.index(name)
        for name, drive in mapping.plain.buttons.items()
        if drive.direction == 'gripper'
    }


def run(loop: Loop, person: GuidingPerson, seed: int) -> Outcome:
    """Run one episode that a person guides, to its end; the loop's subscribers see each step."""
    person.loop = loop
    loop.reset(seed)
    while True:
        step = loop.tick()
        for subscriber in loop.subscribers:
            subscriber(step)
        if step.outcome.is_over:
            return step.outcome
        loop.world.step(through_wire(loop.spec, step.decision.command), person.touch)

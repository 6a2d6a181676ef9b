"""The loop in one process: world, observation, policy, hands, arbiter, tick after tick."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from il_ros.arbiter.arbiter import Arbiter
from il_ros.observation import images
from il_ros.observation.builder import ObservationBuilder
from il_ros.sim.world import World
from il_ros.spec import ActionChunk, Camera, JointSample, Outcome, Proposal, RobotSpec, Step

if TYPE_CHECKING:
    from il_ros.policy.pilot import Pilot  # torch takes a second to import, and not all act

Subscriber = Callable[[Step], None]


class Hands(Protocol):
    """A person's hands, in one process: what they propose at a tick, and when they are reset."""

    def reset(self, seed: int) -> None:
        """Start an episode."""

    def propose(self, joints: JointSample, objects: np.ndarray) -> Proposal | None:
        """Return what the hands ask for at this tick."""


class Labeller(Protocol):
    """An expert that says what it would do from the state the policy is in (DAgger)."""

    def label(self, joints: JointSample) -> ActionChunk:
        """Return the expert's chunk from here; the world is left as it was."""


class Loop:
    """
    One episode after another: `for step in loop.steps(seed)`, or `loop.run(seed)`.

    Values pass through the wire's units wherever the ROS graph would send a message, so that both
    give the same trajectory to the last bit.
    """

    def __init__(
        self,
        world: World,
        arbiter: Arbiter,
        pilot: 'Pilot | None' = None,
        hands: Hands | None = None,
        labeller: Labeller | None = None,
        transport: str = 'jpeg',
        subscribers: Sequence[Subscriber] = (),
        imitate: int = 0,
    ):
        self.world = world
        self.spec = world.spec
        self.arbiter = arbiter
        self.hands = hands
        self.labeller = labeller
        self.transport = transport
        self.subscribers = list(subscribers)
        self.imitate = imitate
        self.set_policy(pilot)
        self._is_first = True  # an episode starts with an image from every camera

    def set_policy(self, pilot: 'Pilot | None') -> None:
        """Act with another policy from the next episode on; None leaves the arms to the hands."""
        self.pilot = pilot
        self.builder = builder_for(self.spec, pilot, self.imitate)

    def run(self, seed: int) -> Outcome:
        """Run one episode to its end and return how it ended."""
        self.reset(seed)
        return self.go_on()

    def go_on(self) -> Outcome:
        """Run the episode from where it stands to its end and return how it ended."""
        while True:
            step = self.tick()
            for subscriber in self.subscribers:
                subscriber(step)
            if step.outcome.is_over:
                return step.outcome
            self.world.step(through_wire(self.spec, step.decision.command))

    def reset(self, seed: int) -> None:
        """Put scene, arbiter, policy and hands at the start of the seed's episode."""
        self.world.reset(seed)
        self.builder.forget()
        self._is_first = True
        self.arbiter.reset(as_received(self.spec, self.world.joints()))
        if self.pilot is not None:
            self.pilot.reset(seed)
        if self.hands is not None:
            self.hands.reset(seed)

    def tick(self) -> Step:
        """Observe, propose, decide; the world does not move yet."""
        joints = as_received(self.spec, self.world.joints())
        objects = self.world.objects()
        frames = self._frames(joints.stamp_ns)
        self.builder.add_joints(joints)
        self.builder.add_objects(joints.stamp_ns, objects)
        observation = self.builder.at(joints.stamp_ns)
        assert observation is not None, self.builder.missing(joints.stamp_ns)
        chunk = self._chunk(observation) if self.pilot is not None else None
        proposal = self.hands.propose(joints, objects) if self.hands is not None else None
        if proposal is not None:
            self.arbiter.persons.offer(proposal, operator='synthetic')
        label = self.labeller.label(joints) if self.labeller is not None and chunk else None
        decision = self.arbiter.tick(joints)
        if self.pilot is not None:
            self.pilot.see(decision.authority)
        return Step(
            observation,
            joints,
            chunk,
            proposal,
            decision,
            self.world.outcome(),
            objects,
            frames,
            label,
        )

    def _chunk(self, observation) -> ActionChunk | None:
        """Ask the policy, and hand what it plans to the arbiter."""
        assert self.pilot is not None
        chunk = self.pilot.act(observation)
        if chunk is None:
            return None
        targets = through_wire(self.spec, chunk.targets)
        chunk = replace(chunk, targets=targets, version=self.pilot.version)
        self.arbiter.gate.read(chunk.stamp_ns, chunk.scores)
        self.arbiter.plans.offer(chunk)
        return chunk

    def _frames(self, stamp_ns: int) -> dict[str, bytes]:
        """Take the images that are due, as the transport leaves them; show them to the policy."""
        frames = {}
        for camera in self.world.cameras:
            if self._is_first or images.is_due(camera, stamp_ns, self.spec.dt_ns):
                image = self.world.image(camera.name)
                frames[camera.name] = images.encode(stamp_ns, camera.name, image, self.transport)
                if camera.name in self.builder.cameras:
                    kind = images.kind(self.transport)
                    self.builder.add_image(camera.name, *images.decode(kind, frames[camera.name]))
        self._is_first = False
        return frames


def builder_for(spec: RobotSpec, pilot: 'Pilot | None', imitate: int = 0) -> ObservationBuilder:
    """
    Return the observation builder that a policy needs; positions alone where there is none.

    imitate: number of the demonstrator, for a policy that learned who demonstrated.
    """
    if pilot is None:
        return ObservationBuilder(spec, ('position',))
    config = pilot.config
    return ObservationBuilder(spec, config.inputs, config.cameras, imitate=imitate)


def cameras_of(spec: RobotSpec, names: Sequence[str]) -> tuple[Camera, ...]:
    """Return the cameras called names; ValueError lists those the robot has."""
    known = {camera.name: camera for camera in spec.cameras}
    for name in names:
        if name not in known:
            raise ValueError(f'robot {spec.name!r} has no camera {name!r}; it has {sorted(known)}')
    return tuple(known[name] for name in names)


def through_wire(spec: RobotSpec, vector: np.ndarray) -> np.ndarray:
    """Return positions (..., N) as a receiver of the message would read them."""
    return spec.from_wire(spec.to_wire(np.asarray(vector, dtype=np.float64)))


def as_received(spec: RobotSpec, sample: JointSample) -> JointSample:
    """Return the sample as a subscriber of joint_states would read it."""
    velocity = sample.velocity * spec.wire_scale / spec.wire_scale
    return replace(sample, position=through_wire(spec, sample.position), velocity=velocity)

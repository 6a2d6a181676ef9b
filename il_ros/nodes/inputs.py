"""Subscriptions that feed an observation builder, and call back once for each complete tick."""

from collections.abc import Callable
from functools import partial

from rclpy.node import Node
from rclpy.subscription import Subscription

from il_ros import wire
from il_ros.nodes.topics import subscribe
from il_ros.observation import images
from il_ros.observation.builder import ObservationBuilder
from il_ros.observation.joints import JointMerger
from il_ros.observation.ticks import Ticks
from il_ros.spec import Authority, Observation


class ObservationInputs:
    """
    What a policy listens to.

    In lockstep an image that is due at a tick is waited for, and who had the arms at the last one.
    """

    def __init__(
        self,
        node: Node,
        builder: ObservationBuilder,
        transport: str,
        is_lockstep: bool,
        on_observation: Callable[[Observation], None],
        on_authority: Callable[[tuple[Authority, ...]], None],
        refuse: Callable[[str, ValueError], None],
    ):
        self.node = node
        self.builder = builder
        self.is_lockstep = is_lockstep
        self.on_observation, self.on_authority = on_observation, on_authority
        self.refuse = refuse
        self.merger, self.ticks = JointMerger(builder.spec), Ticks(builder.spec)
        self.stamp_ns = self.done_ns = self.decided_ns = -1
        self.subscriptions: list[Subscription] = []
        for name in builder.spec.joint_state_topics:
            self.listen(wire.Topic(name, wire.JOINT_STATES.type), self.on_joints)
        if builder.needs_objects:
            self.listen(wire.TASK_STATE, self.on_objects)
        self.listen(wire.AUTHORITY, self.on_decision)
        for camera in builder.cameras:
            topic = wire.image_topic(camera, transport)
            self.listen(topic, partial(self.on_image, camera, topic.type))

    def listen(self, topic: wire.Topic, take: Callable[[bytes], None]) -> None:
        """Subscribe to a topic; take(data) raises ValueError for what is of no use."""

        def on_message(data: bytes) -> None:
            try:
                take(data)
            except ValueError as error:
                self.refuse(topic.name, error)
            else:
                self.try_tick()

        reliable = self.is_lockstep or None  # None: as the table has it
        self.subscriptions.append(subscribe(self.node, topic, on_message, reliable))

    def destroy(self) -> None:
        """Take the subscriptions back."""
        for subscription in self.subscriptions:
            self.node.destroy_subscription(subscription)

    def on_joints(self, data: bytes) -> None:
        """Take measured joints: they begin a tick."""
        sample = self.merger.add(data)
        if sample is not None and self.ticks.is_tick(sample.stamp_ns):
            self.builder.add_joints(sample)
            self.stamp_ns = sample.stamp_ns

    def on_objects(self, data: bytes) -> None:
        """Take the poses of the task's objects."""
        self.builder.add_objects(*wire.read_poses(data))

    def on_decision(self, data: bytes) -> None:
        """Take who has the arms from the tick that it is about."""
        self.decided_ns, authority = wire.read_authority(data)
        self.on_authority(authority)

    def on_image(self, camera: str, kind: str, data: bytes) -> None:
        """Take a camera's image."""
        self.builder.add_image(camera, *images.decode(kind, data))

    def try_tick(self) -> None:
        """Hand the tick's observation on once all of it is here, and only once."""
        if self.stamp_ns == self.done_ns or self.awaits_image() or self.awaits_decision():
            return
        observation = self.builder.at(self.stamp_ns)
        if observation is not None:
            self.done_ns = self.stamp_ns
            self.on_observation(observation)

    def awaits_image(self) -> bool:
        """Whether an image of this very tick is still on its way (lockstep only)."""
        spec = self.builder.spec
        return self.is_lockstep and any(
            self.builder.newest_image_ns(camera.name) != self.stamp_ns
            for camera in spec.cameras
            if camera.name in self.builder.cameras
            and images.is_due(camera, self.stamp_ns, spec.dt_ns)
        )

    def awaits_decision(self) -> bool:
        """Whether the authority of the tick before is still on its way (lockstep only)."""
        is_next = self.stamp_ns == self.done_ns + self.builder.spec.dt_ns
        return self.is_lockstep and is_next and 0 <= self.decided_ns < self.done_ns

    def missing(self) -> list[str]:
        """Return what the next observation lacks; the joints, where nothing else does."""
        return self.builder.missing(self.stamp_ns) or [wire.JOINT_STATES.name]

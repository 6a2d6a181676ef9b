"""What the arbiter listens to: joints, and the sources and locks of config/arbiter.yaml."""

from collections.abc import Callable

from rclpy.node import Node

from il_ros import wire
from il_ros.arbiter.control import Control
from il_ros.arbiter.sources import GUIDING, POLICY, ArbiterConfig
from il_ros.nodes.arm_words import ArmWords
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.topics import subscribe
from il_ros.observation.joints import JointMerger
from il_ros.observation.ticks import Ticks
from il_ros.spec import Proposal, RobotSpec
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands
from il_ros.teleop.keys import Keys
from il_ros.teleop.leader_map import LeaderMap

JOINTS = 'joint_states'  # as a participant: the tick that is to be answered


class ArbiterInputs:
    """
    Convert what comes in and hand it on; what cannot be used is refused, and says why.

    Sources called policy, leader and joystick have their own messages; any other says where all
    joints shall be by a JointTrajectory, and has the arms until it sends one of no point.
    heard(participant, stamp_ns) is told of each message that was of use; now_ns() says the time.
    """

    def __init__(
        self,
        node: Node,
        spec: RobotSpec,
        control: Control,
        hands: Hands | Guiding,
        leader_map: LeaderMap,
        keys: Keys,
        diagnostics: Diagnostics,
        heard: Callable[[str, int], None],
        now_ns: Callable[[], int],
    ):
        self.node, self.spec, self.control = node, spec, control
        self.hands, self.leader_map, self.keys = hands, leader_map, keys
        self.diagnostics, self.meter = diagnostics, diagnostics.meter
        self.heard, self.now_ns = heard, now_ns
        self.merger, self.ticks = JointMerger(spec), Ticks(spec)
        self.words = ArmWords(control.arbiter, hands, diagnostics, now_ns)
        for name in spec.joint_state_topics:
            self.listen(name, JOINTS, wire.JOINT_STATES.type, self.on_joints)
        if control.lockstep is None:  # which has a silence of its own
            self.policy = f'{node.get_namespace()}/policy_node'.lstrip('/')
            heard_of = (wire.DIAGNOSTICS.name, 'diagnostics', wire.DIAGNOSTICS.type)
            self.listen(*heard_of, self.on_diagnostics)
        self.answered = {wire.CHUNK: -1}  # by the policy, and for which tick
        if control.arbiter.gate.score:
            self.answered[wire.SCORE] = -1
            self.listen(wire.SCORE.name, 'score', wire.SCORE.type, self.on_scores)

    def listen_to(self, config: ArbiterConfig) -> None:
        """Subscribe to all sources and locks."""
        own = {
            POLICY: (wire.CHUNK.type, self.on_chunk),
            'leader': (wire.LEADER.type, self.on_leader),
            'joystick': (wire.JOY.type, self.on_joy),
        }
        for source in config.topics:
            if source.name == GUIDING:  # its buttons are heard by GuidingPorts
                continue
            kind, read = own.get(source.name, (wire.PERSON.type, self.on_other))
            self.listen(source.topic, source.name, kind, read)
        for lock in config.locks:
            self.listen(lock.topic, lock.name, wire.BOOL, self.on_lock)

    def listen(
        self, topic: str, source: str, kind: str, read: Callable[[str, bytes], None]
    ) -> None:
        """Subscribe to a topic; read(source, data) raises ValueError for what is of no use."""

        def on_message(data: bytes) -> None:
            self.meter.count(source)
            try:
                read(source, data)
            except ValueError as error:
                self.diagnostics.refuse(source, error)

        subscribe(self.node, wire.Topic(topic, kind), on_message)

    def on_joints(self, source: str, data: bytes) -> None:
        """Take measured joints; after others than the robot's the arms hold."""
        try:
            sample = self.merger.add(data)
        except wire.WrongJoints as error:
            self.control.refuse_joints(str(error))
            raise
        if sample is None:
            self.control.refuse_joints(f'joint_states: {self.merger.missing()} not heard yet')
        elif self.ticks.is_tick(sample.stamp_ns):
            self.control.take_joints(sample)
            self.heard(source, sample.stamp_ns)

    def on_chunk(self, source: str, data: bytes) -> None:
        """Take the policy's plan; after one that cannot be read, nothing planned counts."""
        try:
            chunk = wire.read_trajectory(self.spec, data, wire.CHUNK.name)
        except ValueError as error:
            self.control.arbiter.plans.refuse(f'policy refused: {error}')
            raise
        self.meter.span('chunk_age', (self.now_ns() - chunk.stamp_ns) * 1e-9)
        self.control.take_chunk(chunk)
        self.hear_policy(wire.CHUNK, chunk.stamp_ns)
        if not len(chunk.targets):  # nothing was due, and so nothing is scored
            self.hear_policy(wire.SCORE, chunk.stamp_ns)

    def on_diagnostics(self, source: str, data: bytes) -> None:
        """Take what the policy says of itself."""
        for name, word, _ in wire.read_diagnostics(data)[1]:
            if name == self.policy:
                wrong = '' if word == 'OK' else word
                self.control.arbiter.plans.word.hear(wrong, self.now_ns())

    def on_scores(self, source: str, data: bytes) -> None:
        """Take how much a person may be wanted, by the policy's plan of the same stamp."""
        stamp_ns, scores = wire.read_scores(data)
        self.control.take_scores(stamp_ns, scores)
        self.hear_policy(wire.SCORE, stamp_ns)

    def hear_policy(self, part: wire.Topic, stamp_ns: int) -> None:
        """The policy has answered a tick with its plan; where there is a gate, scored."""
        if part in self.answered:
            self.answered[part] = stamp_ns
        if set(self.answered.values()) == {stamp_ns}:
            self.heard(POLICY, stamp_ns)

    def on_leader(self, source: str, data: bytes) -> None:
        """Take where the leader arms are; without any joints there is nobody at them."""
        reading = self.leader_map.read(data)
        if reading is None:
            self.hands.leave_leader()
            self.heard(source, wire.stamp_ns_of(wire.LEADER, data) or 0)
            return
        self.hands.take_leader(reading)
        self.heard(source, reading.stamp_ns)

    def on_joy(self, source: str, data: bytes) -> None:
        """Take joystick or keyboard; what it says of the arms needs nobody else."""
        stamp_ns, axes, buttons = wire.read_joy(data)
        for event in self.keys.pressed(buttons):
            self.words.say(event)
        self.hands.take_joy(stamp_ns, axes, buttons)
        self.heard(wire.JOY.name, stamp_ns)

    def on_other(self, source: str, data: bytes) -> None:
        """Take where a further source wants the joints; a trajectory of no point lets them go."""
        chunk = wire.read_trajectory(self.spec, data, source)
        engaged = (len(chunk.targets) > 0,) * len(self.spec.arms)
        target = chunk.targets[0] if len(chunk.targets) else self.control.arbiter.command
        self.control.take_proposal(Proposal(chunk.stamp_ns, target, engaged, source))

    def on_lock(self, source: str, data: bytes) -> None:
        """Take what a lock says."""
        self.control.arbiter.locks.set(source, wire.read_bool(data), self.now_ns())

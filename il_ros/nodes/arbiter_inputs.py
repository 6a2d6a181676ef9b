"""What the arbiter listens to: joints, and the sources and locks of config/arbiter.yaml."""

from collections.abc import Callable

from il_ros import wire
from il_ros.arbiter.control import Control
from il_ros.arbiter.sources import GUIDING, POLICY, ArbiterConfig
from il_ros.nodes.hands_inputs import HandsInputs
from il_ros.nodes.listening import Listener
from il_ros.nodes.plan_inputs import PlanInputs
from il_ros.observation.joints import JointMerger
from il_ros.observation.ticks import Ticks

JOINTS = 'joint_states'  # as a participant: the tick that is to be answered


class ArbiterInputs:
    """
    Subscribe to all of it, and take what no policy or person says.

    heard(JOINTS, stamp_ns) is told of each tick; now_ns() says the time.
    """

    def __init__(
        self,
        listener: Listener,
        control: Control,
        heard: Callable[[str, int], None],
        now_ns: Callable[[], int],
    ):
        self._listener, self._control = listener, control
        self._heard, self._now_ns = heard, now_ns
        self._merger, self._ticks = JointMerger(control.arbiter.spec), Ticks(control.arbiter.spec)

    def listen_to(self, config: ArbiterConfig, plans: PlanInputs, hands: HandsInputs) -> None:
        """
        Subscribe, each source to what reads its messages.

        Those called policy, leader and joystick have messages of their own; any other says where
        all joints shall be by a JointTrajectory, and has the arms until it sends one of no point.
        """
        for name in self._control.arbiter.spec.joint_state_topics:
            self._listener.listen(JOINTS, wire.Topic(name, wire.JOINT_STATES.type), self.on_joints)
        own = {
            POLICY: (wire.CHUNK.type, plans.on_chunk),
            'leader': (wire.LEADER.type, hands.on_leader),
            'joystick': (wire.JOY.type, hands.on_joy),
        }
        for source in config.topics:
            if source.name != GUIDING:  # whose buttons are heard by GuidingPorts
                kind, read = own.get(source.name, (wire.PERSON.type, hands.on_other))
                self._listener.listen(source.name, wire.Topic(source.topic, kind), read)
        for lock in config.locks:
            self._listener.listen(lock.name, wire.Topic(lock.topic, wire.BOOL), self.on_lock)

    def on_joints(self, source: str, data: bytes) -> None:
        """Take measured joints; after others than the robot's the arms hold."""
        try:
            sample = self._merger.add(data)
        except wire.WrongJoints as error:
            self._control.refuse_joints(str(error))
            raise
        if sample is None:
            self._control.refuse_joints(f'joint_states: {self._merger.missing()} not heard yet')
        elif self._ticks.is_tick(sample.stamp_ns):
            self._control.take_joints(sample)
            self._heard(source, sample.stamp_ns)

    def on_lock(self, source: str, data: bytes) -> None:
        """Take what a lock says."""
        self._control.arbiter.locks.set(source, wire.read_bool(data), self._now_ns())

"""The only publisher of `command`: runs the arbiter each tick on what policy and person propose."""

from dataclasses import replace
from time import monotonic

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.lockstep import Lockstep
from il_ros.arbiter.sources import load_sources
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher, subscribe
from il_ros.observation.joints import JointMerger
from il_ros.robot.load import load_robot
from il_ros.teleop.hands import Hands
from il_ros.teleop.mapping import load_mapping

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('sources', '', 'YAML of sources and locks; config/arbiter.yaml by default', fixed=True),
    Param('mapping', '', 'joystick mapping YAML; config/joystick.yaml by default', fixed=True),
    Param('operator', '', 'name of the person at the hands, kept in `authority`'),
    Param('lockstep', False, 'decide a tick when all participants have answered', fixed=True),
    Param('participants', '', 'of lockstep: policy, leader, joy; comma-separated', fixed=True),
    Param('max_age_s', 0.1, 'hold when joint_states are older [s]', low=0.02, high=2.0),
)


class InterventionNode(Node):
    """Collect proposals, let the arbiter decide, publish its word."""

    def __init__(self):
        super().__init__('intervention_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.sources = load_sources(self.p.sources or None)
        self.arbiter = Arbiter(self.spec, self.sources)
        self.hands = Hands(self.spec, load_mapping(self.p.mapping or None))
        self.merger = JointMerger(self.spec)
        self.lockstep = Lockstep(names(self.p.participants))
        self.joints = self.chunk = None
        self.decided_ns = -1
        self.needs_reset = True
        self.tick_began = monotonic()
        self.commands = [
            (target, publisher(self, wire.command_topic(target), keep_all=self.p.lockstep))
            for target in self.spec.command_topics
        ]
        self.authority = publisher(self, wire.AUTHORITY, keep_all=self.p.lockstep)
        self.person = publisher(self, wire.PERSON, keep_all=self.p.lockstep)
        self.request = publisher(self, wire.REQUEST, keep_all=self.p.lockstep)
        self.last_request = None
        self.listen()
        self.serve()
        self.create_timer(1.0, self.on_watch)
        if not self.p.lockstep:
            self.create_timer(self.spec.dt_s, self.on_time)

    def listen(self) -> None:
        """Subscribe to state, proposals and locks."""
        for name in self.spec.joint_state_topics:
            subscribe(self, wire.Topic(name, wire.JOINT_STATES.type), self.on_joints)
        subscribe(self, wire.CHUNK, self.on_chunk)
        subscribe(self, wire.LEADER, self.on_leader)
        subscribe(self, wire.JOY, self.on_joy)
        for lock in self.sources.locks:
            topic = wire.Topic(lock.topic, 'std_msgs/msg/Bool')
            subscribe(self, topic, lambda data, name=lock.name: self.on_lock(name, data))

    def serve(self) -> None:
        """Offer take-over, hand-back, e-stop and reset as services."""
        arms = [arm.name for arm in self.spec.arms]
        actions = {
            '~/reset': self.forget,
            '~/estop': lambda: self.arbiter.estop(),
            '~/clear_estop': self.arbiter.clear_estop,
            '~/take_over': lambda: [self.arbiter.take_over(arm) for arm in arms],
            '~/hand_back': lambda: [self.arbiter.hand_back(arm) for arm in arms],
        }
        for arm in arms:
            actions[f'~/{arm}/take_over'] = lambda arm=arm: self.arbiter.take_over(arm)
            actions[f'~/{arm}/hand_back'] = lambda arm=arm: self.arbiter.hand_back(arm)
        self.create_service(Trigger, '~/dropped', self.on_dropped)
        for name, action in actions.items():
            self.create_service(Trigger, name, lambda _, r, a=action: self.on_service(a, r))

    def on_service(self, action, response):
        action()
        response.success = True
        return response

    def on_dropped(self, request, response):
        """Name the participants of lockstep that had to be dropped: not repeatable then."""
        response.success = True
        response.message = ', '.join(self.lockstep.dropped)
        return response

    def forget(self) -> None:
        """Start an episode: the next tick re-seats the command at the measured pose."""
        self.needs_reset = True
        self.joints = None
        self.lockstep.restart()
        self.hands.forget()

    def now_ns(self) -> int:
        """The tick in lockstep, the clock otherwise."""
        if self.p.lockstep:
            return self.joints.stamp_ns if self.joints is not None else 0
        return self.get_clock().now().nanoseconds

    # -- what comes in ------------------------------------------------------------------------

    def on_joints(self, data: bytes) -> None:
        try:
            sample = self.merger.add(data)
        except wire.WrongJoints as error:
            self.get_logger().error(str(error), throttle_duration_sec=2.0)
            return
        if sample is not None:
            self.joints = sample
            self.tick_began = monotonic()
            self.try_tick()

    def on_chunk(self, data: bytes) -> None:
        try:
            self.chunk = wire.read_trajectory(self.spec, data, wire.CHUNK.name)
        except ValueError as error:
            self.get_logger().error(f'chunk refused: {error}', throttle_duration_sec=2.0)
            return
        if not self.p.lockstep:
            self.arbiter.offer_chunk(self.chunk, version=self.chunk.version)
        self.answered('policy', self.chunk.stamp_ns)

    def on_leader(self, data: bytes) -> None:
        self.hands.leader = wire.read_joints(self.spec, data)
        self.answered('leader', self.hands.leader.stamp_ns)

    def on_joy(self, data: bytes) -> None:
        self.hands.joy = wire.read_joy(data)
        self.answered('joy', self.hands.joy[0])

    def on_lock(self, name: str, data: bytes) -> None:
        locked = wire.from_bytes('std_msgs/msg/Bool', data).data
        self.arbiter.lock(name, bool(locked), self.now_ns())

    def answered(self, participant: str, stamp_ns: int) -> None:
        self.lockstep.answer(participant, stamp_ns)
        self.try_tick()

    # -- what goes out ------------------------------------------------------------------------

    def try_tick(self) -> None:
        """Lockstep: decide the tick once, when everyone has answered."""
        joints = self.joints
        if not self.p.lockstep or joints is None or joints.stamp_ns == self.decided_ns:
            return
        if self.lockstep.waiting_for(joints.stamp_ns):
            return
        self.decided_ns = joints.stamp_ns
        if 'policy' in self.lockstep.participants and self.chunk.stamp_ns == joints.stamp_ns:
            self.arbiter.offer_chunk(self.chunk, version=self.chunk.version)
        self.decide(joints)

    def on_time(self) -> None:
        """Real time: decide on the newest joints, or hold when they are stale."""
        if self.joints is None:
            return
        now_ns = self.now_ns()
        age_s = (now_ns - self.joints.stamp_ns) * 1e-9
        if age_s > self.p.max_age_s:
            self.publish(
                self.arbiter.hold_all(self.joints, now_ns, f'joint_states are {age_s:.2f} s old')
            )
            return
        self.decide(replace(self.joints, stamp_ns=now_ns))

    def decide(self, joints) -> None:
        """One tick of the arbiter."""
        if self.lockstep.dropped:
            why = f'no answer from {", ".join(self.lockstep.dropped)}'
            self.publish(self.arbiter.hold_all(joints, joints.stamp_ns, why))
            return
        if self.needs_reset:
            self.arbiter.reset(joints)
            self.needs_reset = False
        proposal = self.hands.propose(joints.stamp_ns, self.arbiter.command)
        if proposal is not None:
            self.arbiter.offer(proposal, self.get_parameter('operator').value)
            target = proposal.target[None]
            self.person.publish(wire.trajectory_msg(self.spec, joints.stamp_ns, target))
        self.publish(self.arbiter.tick(joints))

    def publish(self, decision) -> None:
        """Publish who decides, then what: the command sets the world in motion."""
        self.authority.publish(wire.authority_msg(self.spec, decision))
        for target, out in self.commands:
            out.publish(wire.command_msg(self.spec, target, decision))
        if self.arbiter.request != self.last_request:
            self.last_request = self.arbiter.request
            self.request.publish(wire.string_msg(self.last_request))

    def on_watch(self) -> None:
        """Drop a participant of lockstep that has been silent for too long."""
        if self.p.lockstep and self.joints is not None:
            waited_s = monotonic() - self.tick_began
            for name in self.lockstep.drop_silent(self.joints.stamp_ns, waited_s):
                self.get_logger().error(f'{name} did not answer for {waited_s:.0f} s: dropped')
            self.try_tick()


def main(args=None):
    """Run the node."""
    return run(InterventionNode, args)


if __name__ == '__main__':
    main()

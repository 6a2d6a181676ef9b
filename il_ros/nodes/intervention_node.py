"""The only publisher of `command`: each tick the arbiter decides on what is proposed."""

from time import monotonic

from rclpy.node import Node

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.control import Control, Turn
from il_ros.arbiter.gate import Gate
from il_ros.arbiter.lockstep import SILENCE_S, Lockstep
from il_ros.arbiter.sources import load_sources
from il_ros.nodes.arbiter_inputs import JOINTS, ArbiterInputs
from il_ros.nodes.arbiter_outputs import ArbiterOutputs
from il_ros.nodes.arbiter_services import serve
from il_ros.nodes.arm_words import ArmWords
from il_ros.nodes.diagnostics import Diagnostics, Said
from il_ros.nodes.guiding_ports import GuidingPorts
from il_ros.nodes.hands_inputs import HandsInputs
from il_ros.nodes.listening import Listener
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.plan_inputs import PlanInputs
from il_ros.nodes.run import run
from il_ros.robot.load import load_robot
from il_ros.teleop.hands import Hands
from il_ros.teleop.keys import Keys
from il_ros.teleop.leader_config import load_leader
from il_ros.teleop.leader_map import LeaderMap
from il_ros.teleop.mapping_file import load_mapping

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('sources', '', 'YAML of sources and locks; config/arbiter.yaml by default', fixed=True),
    Param('mapping', '', 'config/pads/<name>, or a YAML; "": xbox', fixed=True),
    Param('leader', '', 'config/leaders/<name>, or a YAML; "": like the robot', fixed=True),
    Param('guiding', False, 'let a hand move the arms themselves, when it asks to', fixed=True),
    Param('operator', '', 'name of the person at the hands, kept in `authority`'),
    Param('lockstep', False, 'decide a tick when all participants have answered', fixed=True),
    Param('participants', '', 'of lockstep: policy, leader, joy; comma-separated', fixed=True),
    Param('silence_s', SILENCE_S, 'drop who is silent [s]', low=0.1, high=600.0, fixed=True),
    Param('max_age_s', 0.1, 'older joint_states are none [s]', low=0.02, high=2.0, fixed=True),
    Param('gate', '', 'score of the policy that calls a person; "": none does', fixed=True),
    Param('gate_holds', True, 'hold until somebody comes; false: only warn', fixed=True),
    Param('is_gated', True, 'false: no gate for now, the policy shows what it does alone'),
)
WATCH_S = 0.2


class InterventionNode(Node):
    """Collect proposals, let the arbiter decide, publish its word."""

    def __init__(self):
        super().__init__('intervention_node')
        self.p = declare(self, PARAMS)
        spec, sources = load_robot(self.p.robot), load_sources(self.p.sources)
        mapping, leader = load_mapping(self.p.mapping), load_leader(self.p.leader)
        devices = Hands(spec, mapping, leader)
        given = (self, spec, mapping, devices, sources, self.now_ns)
        self.guiding = GuidingPorts(*given) if self.p.guiding else None
        hands = self.guiding.hands if self.guiding else devices
        lockstep = Lockstep(names(self.p.participants), self.p.silence_s)
        self.lockstep = lockstep if self.p.lockstep else None
        self.arbiter = Arbiter(spec, sources, Gate(self.p.gate, self.p.gate_holds))
        self.control = Control(self.arbiter, hands, self.lockstep, self.p.max_age_s)
        self.outputs = ArbiterOutputs(self, spec, self.p.lockstep)
        diagnostics = Diagnostics(self, self.say)
        self.meter = diagnostics.meter
        words = ArmWords(self.arbiter, hands, diagnostics, self.now_ns)
        read = (LeaderMap(spec, leader), Keys(mapping), words)
        persons = HandsInputs(self.control, hands, *read, self.on_heard)
        told = (Listener(self, diagnostics), self.control, self.on_heard, self.now_ns)
        ArbiterInputs(*told).listen_to(sources, PlanInputs(*told), persons)
        serve(self, self.control, hands, self.now_ns)
        self.tick_began_s = monotonic()
        self.create_timer(WATCH_S, self.on_watch)
        if self.lockstep is None:
            self.create_timer(spec.dt_s, self.on_late)

    def now_ns(self) -> int:
        """The clock; in lockstep the newest tick, -1 before the first."""
        if self.lockstep is None:
            return self.get_clock().now().nanoseconds
        return self.control.newest_ns

    def on_heard(self, participant: str, stamp_ns: int) -> None:
        """A tick has come, which real time decides at once; lockstep when all have answered it."""
        if participant == JOINTS:
            self.tick_began_s = monotonic()
        if self.lockstep is not None:
            self.lockstep.answer(participant, stamp_ns)
        if participant == JOINTS or self.lockstep is not None:
            self.try_tick()

    def try_tick(self) -> None:
        """Decide the tick, if it is time."""
        self.control.operator = self.get_parameter('operator').value
        self.arbiter.gate.ask(self.p.gate if self.get_parameter('is_gated').value else '')
        self.publish(self.control.tick(self.now_ns()))

    def on_late(self) -> None:
        """Real time: see to a tick that has not come."""
        self.publish(self.control.watch(self.now_ns()))

    def publish(self, turn: Turn | None) -> None:
        """Tell what was decided, if anything was; first which arms a hand may move."""
        if turn is None:
            return
        if self.guiding is not None:
            self.guiding.publish(self.arbiter.free)
        self.outputs.plead(self.control.request)  # before the command, which begins the next tick
        self.outputs.publish(turn)
        self.meter.count('command')
        self.meter.span('command_age', (self.now_ns() - turn.decision.stamp_ns) * 1e-9)

    def on_watch(self) -> None:
        """Drop a participant of lockstep that has been silent for too long."""
        waited_s = monotonic() - self.tick_began_s
        for name in self.control.drop_silent(waited_s):
            self.get_logger().error(f'{name} did not answer for {waited_s:.1f} s: dropped')
        self.try_tick()

    def say(self) -> Said:
        """What /diagnostics shall know: why the arms hold, who does not answer."""
        wrong = self.control.wrong_joints(self.now_ns()) or self.control.request
        dropped = self.lockstep.dropped if self.lockstep else ()
        return wrong, {'dropped': ', '.join(dropped)}


def main(args=None):
    """Run the node."""
    return run(InterventionNode, args)


if __name__ == '__main__':
    main()

"""A simulated operator: holds leader arms and a dead-man button, as a person would."""

import json
from dataclasses import asdict

import numpy as np
from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.nodes.operator_leader import HeldLeader, IdealLeader
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher, subscribe
from il_ros.observation.joints import JointMerger
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.hands import operator_for
from il_ros.sim.attention import LOOKS, Person, Spent
from il_ros.sim.demonstrators import DEMONSTRATORS
from il_ros.sim.tasks import TASKS
from il_ros.teleop.mapping_file import load_mapping

MODES = ('always', 'correct', 'off')
PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('task', 'transfer', 'the task whose expert this operator is', fixed=True),
    Param('demonstrator', 0, 'style, from ~/reset on', low=0, high=len(DEMONSTRATORS) - 1),
    Param('seed', 0, 'seed of the next episode, from ~/reset on'),
    Param(
        'mode', 'off', 'always demonstrates, corrects where needed, or keeps off', choices=MODES
    ),
    Param('looks', 'always', 'when who corrects looks, from ~/reset on', choices=tuple(LOOKS)),
    Param('reaction_s', 0.3, 'from seeing it, or the call, to the hands [s]', low=0.0, high=60.0),
    Param('inattention', 0.0, 'share of the time not looked, watching', low=0.0, high=0.95),
    Param('imprecision_rad', 0.0, 'deviation of the hands [rad]', low=0.0, high=0.1),
    Param('every_s', 5.0, 'between looks, or random calls [s]', low=1.1, high=3600.0),
    Param('lockstep', False, 'keep every message until all have it', fixed=True),
    Param('leader', '', 'of a leader_node, whose arms are held; "": one of its own', fixed=True),
    Param('mapping', '', 'config/pads/<name>, or a YAML; "": xbox', fixed=True),
)


class OperatorNode(Node):
    """Move leader arms and publish joy for every state of the task, and nothing else."""

    def __init__(self):
        super().__init__('operator_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.task = make(TASKS, self.p.task)
        mapping = load_mapping(self.p.mapping)
        self.layout = mapping.layout
        self.dead_man = mapping.layout.buttons.index(mapping.dead_man[0])
        self.leader = (
            HeldLeader(self, self.spec, self.p.lockstep, self.p.leader)
            if self.p.leader
            else IdealLeader(self, self.spec, self.p.lockstep)
        )
        self.joy = publisher(self, wire.JOY, keep_all=self.p.lockstep)
        self.merger = JointMerger(self.spec)
        self.poses = (-1, np.zeros((0, 7)))
        self.joints = None
        self.meter = Diagnostics(self, lambda: ('', {'mode': self.value('mode')})).meter
        self.request = ''
        subscribe(self, wire.REQUEST, self.on_request)  # before what follows from it
        subscribe(self, wire.TASK_STATE, self.on_state)
        for name in self.spec.joint_state_topics:
            subscribe(self, wire.Topic(name, wire.JOINT_STATES.type), self.on_joints)
        self.create_service(Trigger, '~/reset', self.on_reset)
        self.become()

    def value(self, name: str):
        """Return a parameter as it is now."""
        return self.get_parameter(name).value

    def become(self) -> None:
        """Be the person that demonstrator, seed and mode stand for; ValueError for no such."""
        mode = self.value('mode')
        if mode not in MODES:
            raise ValueError(f'mode {mode!r}: expected one of {", ".join(MODES)}')
        style, seed = self.value('demonstrator'), self.value('seed')
        traits = ('looks', 'reaction_s', 'inattention', 'imprecision_rad', 'every_s')
        person = Person(**{name: self.value(name) for name in traits})
        given = (self.spec, self.task, style, seed, mode == 'always', person)
        self.operator = operator_for(*given) if mode != 'off' else None

    def on_reset(self, request, response):
        """Start an episode; the message is what the last one took of the operator's attention."""
        spent = self.operator.spent if self.operator is not None else Spent()
        try:
            self.become()
            response.success, response.message = True, json.dumps(asdict(spent))
        except ValueError as error:
            response.message = str(error)
        return response

    def on_request(self, data: bytes) -> None:
        """Hear why a person is wanted."""
        self.request = wire.read_string(data)

    def on_state(self, data: bytes) -> None:
        """Take where the objects are."""
        self.poses = wire.read_poses(data)
        self.answer()

    def on_joints(self, data: bytes) -> None:
        """Take where the arms are."""
        try:
            self.joints = self.merger.add(data)
        except wire.WrongJoints as error:
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
        self.answer()

    def answer(self) -> None:
        """Move the leader arms, and hold or let go of the dead-man; "nothing" when kept off."""
        joints, (stamp_ns, objects) = self.joints, self.poses
        if joints is None or joints.stamp_ns != stamp_ns:
            return
        self.joints = None  # a state is answered once
        is_engaged = False
        if self.operator is None:
            self.leader.leave(stamp_ns)
        else:
            target, is_engaged = self.operator.act(joints, objects, bool(self.request))
            self.leader.hold(joints, target, is_engaged)
        axes, buttons = np.zeros(len(self.layout.axes)), np.zeros(len(self.layout.buttons))
        buttons[self.dead_man] = is_engaged
        self.joy.publish(wire.joy_msg(stamp_ns, axes, buttons))
        self.meter.count('answer')


def main(args=None):
    """Run the node."""
    return run(OperatorNode, args)


if __name__ == '__main__':
    main()

"""A simulated operator: holds leader arms and a dead-man button, as a person would."""

from dataclasses import replace

import numpy as np
from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher, subscribe
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.hands import operator_for
from il_ros.sim.tasks import TASKS
from il_ros.teleop.mapping import AXES, BUTTONS, load_mapping

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('task', 'transfer', 'the task whose expert this operator is', fixed=True),
    Param('demonstrator', 0, 'style of the next episode, from ~/reset on', low=0, high=99),
    Param('seed', 0, 'seed of the next episode, from ~/reset on'),
    Param('mode', 'always', "always demonstrates; correct takes over where needed; 'off' lets go"),
    Param('lockstep', False, 'keep every message until all have it', fixed=True),
    Param('mapping', '', 'joystick mapping YAML; the shipped one by default', fixed=True),
)
MODES = ('always', 'correct', 'off')


class OperatorNode(Node):
    """Publish leader/joint_states and joy for every state of the task, and nothing else."""

    def __init__(self):
        super().__init__('operator_node')
        p = declare(self, PARAMS)
        self.spec = load_robot(p.robot)
        self.task = make(TASKS, p.task)
        self.dead_man = BUTTONS.index(load_mapping(p.mapping or None).dead_man)
        self.leader = publisher(self, wire.LEADER, keep_all=p.lockstep)
        self.joy = publisher(self, wire.JOY, keep_all=p.lockstep)
        self.poses = (-1, np.zeros((0, 7)))
        self.joints = None
        self.operator = None
        subscribe(self, wire.TASK_STATE, self.on_state)
        subscribe(self, wire.JOINT_STATES, self.on_joints)
        self.create_service(Trigger, '~/reset', self.on_reset)

    def on_reset(self, request, response):
        """Become the person that demonstrator, seed and mode stand for."""
        demonstrator, seed, mode = (
            self.get_parameter(name).value for name in ('demonstrator', 'seed', 'mode')
        )
        if mode not in MODES:
            response.message = f'mode {mode!r}: expected one of {MODES}'
            return response
        self.operator = None
        if mode != 'off':
            self.operator = operator_for(
                self.spec, self.task, demonstrator, seed, mode == 'always'
            )
        response.success = True
        return response

    def on_state(self, data: bytes) -> None:
        self.poses = wire.read_poses(data)
        self.answer()

    def on_joints(self, data: bytes) -> None:
        self.joints = wire.read_joints(self.spec, data)
        self.answer()

    def answer(self) -> None:
        """Move the leader arms and hold, or let go of, the dead-man for a complete state."""
        if self.joints is None or self.joints.stamp_ns != self.poses[0]:
            return
        target, is_engaged = self.joints.position, False
        if self.operator is not None:
            target, is_engaged = self.operator.act(self.joints, self.poses[1])
        buttons = np.zeros(len(BUTTONS))
        buttons[self.dead_man] = is_engaged
        leader = replace(self.joints, position=target)
        self.leader.publish(wire.joints_msg(self.spec, leader))
        self.joy.publish(wire.joy_msg(self.joints.stamp_ns, np.zeros(len(AXES)), buttons))


def main(args=None):
    """Run the node."""
    return run(OperatorNode, args)


if __name__ == '__main__':
    main()

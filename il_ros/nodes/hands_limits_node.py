"""The benchmark of hands in lockstep: a person who answers each tick, and takes over at random."""

import json
from functools import partial
from pathlib import Path

import numpy as np
from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.client import Client, GraphError, wait_until
from il_ros.nodes.graph_parts import GraphParts
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run, run_beside
from il_ros.nodes.topics import publisher, subscribe
from il_ros.robot.load import load_robot
from il_ros.rollout.takeovers import PressedHands, motion_figures, take_overs
from il_ros.session.episode import EpisodePlan
from il_ros.spec import Who

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('checkpoint', '', 'of the policy that is taken over from', fixed=True),
    Param('takeovers', 1000, 'arms that are taken over from it', low=1, fixed=True),
    Param('seed', 0, 'of moments and wishes', fixed=True),
    Param('root_dir', 'runs/bench', 'folder of limits.json', fixed=True),
)
PARTS = ('sim_node', 'intervention_node', 'policy_node')
PATIENCE_S = 20.0


class HandsLimitsNode(Node):
    """Be the person of a graph in lockstep, and look how commands and joints move."""

    def __init__(self):
        super().__init__('hands_limits_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.client = Client(self)
        self.person = PressedHands(self.spec, np.random.default_rng(self.p.seed))
        self.joy = publisher(self, wire.JOY, keep_all=True)
        self.leader = publisher(self, wire.LEADER, keep_all=True)
        self.positions: list[np.ndarray] = []  # (N,) of the joints, tick by tick
        self.commands: list[np.ndarray] = []  # (A,)
        self.who: tuple[Who, ...] = ()
        self.takeovers = 0
        subscribe(self, wire.JOINT_STATES, self.on_joints, keep_all=True)
        subscribe(self, wire.AUTHORITY, self.on_authority, keep_all=True)
        subscribe(self, wire.COMMAND, self.on_command, keep_all=True)
        run_beside(self, self.program)

    def program(self) -> None:
        """Let the policy act, take over often enough, tell the figures."""
        parts = GraphParts(self.client, PARTS, is_lockstep=True)
        plan = EpisodePlan(0, self.p.seed, 'nothing', 'person', 0, with_policy=True, root='')
        parts.load(self.p.checkpoint)
        parts.prepare(plan)
        parts.start(plan)
        while self.takeovers < self.p.takeovers:
            goal = len(self.commands) + 1
            wait_until(partial(self.has_come, goal), PATIENCE_S, f'tick {goal} does not come')
        takeovers, commands = self.takeovers, np.array(self.commands)
        if dropped := parts.dropped():
            raise GraphError(f'{dropped} did not answer every tick')
        parts.stop(plan)
        figures: dict[str, float] = {'takeovers': takeovers, 'ticks': len(commands)}
        figures |= motion_figures(self.spec, commands, 'worst')
        figures |= motion_figures(self.spec, np.array(self.positions[: len(commands)]), 'joints')
        (Path(self.p.root_dir) / 'limits.json').write_text(json.dumps(figures))

    def has_come(self, tick: int) -> bool:
        """Whether so many ticks were commanded."""
        return len(self.commands) >= tick

    def on_joints(self, data: bytes) -> None:
        """Answer a tick."""
        joints = wire.read_joints(self.spec, data)
        self.positions.append(joints.position)
        self.person.tick(joints.position)
        self.leader.publish(self.person.leader_msg(joints.stamp_ns))
        self.joy.publish(self.person.joy_msg(joints.stamp_ns))

    def on_authority(self, data: bytes) -> None:
        """Count who has taken which arm."""
        before, self.who = self.who, tuple(arm.who for arm in wire.read_authority(data)[1])
        self.takeovers += take_overs(before, self.who)

    def on_command(self, data: bytes) -> None:
        """Note a command."""
        self.commands.append(wire.read_trajectory(self.spec, data, wire.COMMAND.name).targets[0])


def main(args=None):
    """Run the node."""
    return run(HandsLimitsNode, args)


if __name__ == '__main__':
    main()

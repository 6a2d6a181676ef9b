"""The benchmark of hands in real time: somebody who presses the dead-man, lets go, and waits."""

import json
from pathlib import Path
from time import monotonic_ns, sleep

import numpy as np
from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.client import Client, wait_until
from il_ros.nodes.graph_policy import GraphPolicy
from il_ros.nodes.meeting import introduce
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run, run_beside
from il_ros.nodes.topics import publisher, subscribe
from il_ros.robot.load import load_robot
from il_ros.rollout.takeovers import PressedHands, Tick, motion_figures, timing_figures
from il_ros.spec import Who

PARAMS = (
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('checkpoint', '', 'of the policy that is taken over from', fixed=True),
    Param('presses', 150, 'how often', low=1, fixed=True),
    Param('seed', 0, 'of moments and wishes', fixed=True),
    Param('root_dir', 'runs/bench', 'folder of timing.json', fixed=True),
)
PARTS = ('sim_node', 'intervention_node', 'policy_node')
PATIENCE_S = 20.0


class HandsLoadNode(Node):
    """Hold sticks and leader arms, take over at random moments, and time what comes of it."""

    def __init__(self):
        super().__init__('hands_load_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.client = Client(self)
        self.person = PressedHands(self.spec, np.random.default_rng(self.p.seed))
        self.joy, self.leader = publisher(self, wire.JOY), publisher(self, wire.LEADER)
        self.commands: list[tuple[int, bytes]] = []  # when it came [ns], read when all is over
        self.decisions: list[bytes] = []  # who has the arms, tick by tick
        self.events: list[tuple[int, bool]] = []  # when [ns], pressed or let go
        subscribe(self, wire.AUTHORITY, self.decisions.append, keep_all=True)
        subscribe(self, wire.COMMAND, self.on_command, keep_all=True)
        self.create_timer(self.spec.dt_s, self.on_time)
        run_beside(self, self.program)

    def program(self) -> None:
        """Bring the policy to act, take over and hand back, tell the figures."""
        introduce(self.client, PARTS)
        policy = GraphPolicy(self.client)
        policy.load(self.p.checkpoint)
        policy.act(True)
        for _ in range(self.p.presses):
            self.take_over()
        ticks = self.joined()
        commands = np.array([tick.command for tick in ticks])
        figures = timing_figures(ticks, self.events)
        figures |= motion_figures(self.spec, commands, 'real_time')
        (Path(self.p.root_dir) / 'timing.json').write_text(json.dumps(figures))

    def take_over(self) -> None:
        """Let the policy act for a moment, take over for a moment, hand back."""
        wait_until(self.policy_acts, PATIENCE_S, 'the policy does not act')
        sleep(self.person.moment_s())
        self.person.reach_out(self.read(self.commands[-1][1])[1])
        self.press(True)
        sleep(self.person.moment_s())
        self.press(False)

    def policy_acts(self) -> bool:
        """Whether every arm is the policy's."""
        if not self.decisions or not self.commands:
            return False
        _, arms = wire.read_authority(self.decisions[-1])
        return all(arm.who is Who.POLICY for arm in arms)

    def read(self, data: bytes) -> tuple[int, np.ndarray]:
        """Return stamp [ns] and joints (A,) of a command."""
        chunk = wire.read_trajectory(self.spec, data, wire.COMMAND.name)
        return chunk.stamp_ns, chunk.targets[0]

    def joined(self) -> list[Tick]:
        """Return the commands, each with who was behind it."""
        decided = map(wire.read_authority, list(self.decisions))
        who = {stamp_ns: tuple(arm.who for arm in arms) for stamp_ns, arms in decided}
        ticks = []
        for came_ns, data in list(self.commands):
            stamp_ns, row = self.read(data)
            ticks.append(Tick(stamp_ns, came_ns, row, who.get(stamp_ns, ())))
        return ticks

    def press(self, is_held: bool) -> None:
        """Press the dead-man, or let go, and say so at once."""
        self.person.is_held = is_held
        self.events.append((monotonic_ns(), is_held))
        self.say_joy()

    def on_time(self) -> None:
        """Say where sticks and leader arms are, as their drivers do."""
        self.leader.publish(self.person.leader_msg(self.get_clock().now().nanoseconds))
        self.say_joy()

    def say_joy(self) -> None:
        """Publish the sticks and buttons."""
        self.joy.publish(self.person.joy_msg(self.get_clock().now().nanoseconds))

    def on_command(self, data: bytes) -> None:
        """Note a command, and when it came."""
        self.commands.append((monotonic_ns(), data))


def main(args=None):
    """Run the node."""
    return run(HandsLoadNode, args)


if __name__ == '__main__':
    main()

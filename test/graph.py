"""Graphs for tests: nodes as processes, real topics, and a node of ours that listens and asks."""

import os
import signal
import subprocess
import threading
from collections import defaultdict
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from scratch import folder
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.bringup.domains import reserve
from il_ros.bringup.group import command
from il_ros.bringup.session import Part
from il_ros.middleware import profile_variables
from il_ros.nodes.client import Client, wait_until
from il_ros.nodes.topics import publisher, subscribe
from il_ros.spec import JointSample, RobotSpec

PATIENCE_S = 30.0  # on a machine that is busy with other things, too
os.environ.update(profile_variables(os.environ, version('rclpy')))  # as in the nodes


class Graph:
    """Processes of nodes in a domain of their own, and a node of ours among them."""

    def __init__(self, parts: dict[str, dict], namespace: str = ''):
        domain = reserve()
        self.environment = {**os.environ, 'ROS_DOMAIN_ID': str(domain), 'PYTHONUNBUFFERED': '1'}
        self.namespace = namespace
        self.logs = folder('graph')
        self.processes: dict[str, subprocess.Popen] = {}
        for name, parameters in parts.items():
            self.start(name, parameters)
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = Node('tester', context=self.context, namespace=namespace or '/')
        self.client = Client(self.node, PATIENCE_S)
        self.heard: dict[str, list[bytes]] = defaultdict(list)
        self._asked: set[str] = set()
        self._publishers: dict[wire.Topic, object] = {}
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def start(self, name: str, parameters: dict) -> None:
        """Start a node."""
        words = command(Part(name, parameters, namespace=self.namespace))
        with (self.logs / name).open('a') as log:
            self.processes[name] = subprocess.Popen(
                words, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()

    def __enter__(self) -> 'Graph':
        return self

    def __exit__(self, *error) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            process.wait(PATIENCE_S)
        self.context.try_shutdown()
        self._thread.join()

    # -- topics -------------------------------------------------------------------------------

    def listen(self, *topics: wire.Topic) -> None:
        """Keep what comes on topics in `heard`, and wait until somebody publishes them."""
        for topic in topics:
            subscribe(self.node, topic, self.heard[topic.name].append, keep_all=True)
        for topic in topics:
            name = self.node.resolve_topic_name(topic.name)
            self.wait(lambda n=name: self.node.count_publishers(n), f'{topic.name}: no publisher')

    def publish(self, topic: wire.Topic, data: bytes) -> None:
        """Publish, once somebody listens."""
        if topic not in self._publishers:
            self._publishers[topic] = publisher(self.node, topic)
        port = self._publishers[topic]
        self.wait(port.get_subscription_count, f'{topic.name}: no listener')
        port.publish(data)

    def next(self, topic: wire.Topic, is_it=lambda message: True, read=wire.from_bytes):
        """Return the next message of a topic that is what is asked for, read."""
        begin, found = len(self.heard[topic.name]), []

        def has_come() -> bool:
            nonlocal begin
            news = self.heard[topic.name][begin:]
            begin += len(news)
            found.extend(m for data in news if is_it(m := self._read(read, topic, data)))
            return bool(found)

        self.wait(has_come, f'{topic.name}: not what was waited for')
        return found[0]

    def _read(self, read, topic: wire.Topic, data: bytes):
        return read(topic, data) if read is wire.from_bytes else read(data)

    def count(self, topic: wire.Topic, more: int) -> None:
        """Wait for so many more messages of a topic."""
        goal = len(self.heard[topic.name]) + more
        self.wait(lambda: len(self.heard[topic.name]) >= goal, f'{topic.name}: {more} more')

    # -- services and processes ---------------------------------------------------------------

    def ask(self, service: str) -> tuple[bool, str]:
        """Call a Trigger service; return whether it was done, and what was said."""
        node, name = service.split('/', 1)
        if service not in self._asked:
            self.client.introduce(node, {name: Trigger})
            self._asked.add(service)
        response = self.client.call(Trigger, service, Trigger.Request())
        return response.success, response.message

    def wait(self, is_true, what: str) -> None:
        """Wait until something is true; the logs are shown where it does not become so."""
        try:
            wait_until(is_true, PATIENCE_S, what)
        except RuntimeError as error:
            raise AssertionError(f'{error}\n{self.log()}') from error

    def log(self) -> str:
        """Return what the nodes have said so far."""
        return '\n'.join((self.logs / name).read_text() for name in self.processes)

    def kill(self, name: str) -> None:
        """End a node as a crash would."""
        self.processes[name].kill()
        self.processes[name].wait(PATIENCE_S)

    def now_ns(self) -> int:
        """The clock that the nodes read."""
        return self.node.get_clock().now().nanoseconds


class Robot:
    """A robot that is where it was told to be: joint_states 50 times a second, and objects."""

    def __init__(self, graph: Graph, spec: RobotSpec, objects: np.ndarray | None = None):
        self.graph, self.spec, self.objects = graph, spec, objects
        self.position = spec.home.copy()
        self.commands: list[tuple[int, np.ndarray]] = []  # stamp [ns], (A,)
        self.is_silent = False
        self.distort = lambda data: data  # what a wrong driver makes of joint_states
        self._joints = publisher(graph.node, wire.JOINT_STATES)
        self._state = publisher(graph.node, wire.TASK_STATE)
        subscribe(graph.node, wire.COMMAND, self._on_command)
        graph.node.create_timer(spec.dt_s, self._on_time)

    def _on_command(self, data: bytes) -> None:
        chunk = wire.read_trajectory(self.spec, data, 'command')
        self.commands.append((chunk.stamp_ns, chunk.targets[0]))
        self.position = chunk.targets[0]

    def _on_time(self) -> None:
        if self.is_silent:
            return
        now_ns, still = self.graph.now_ns(), np.zeros(self.spec.size)
        if self.objects is not None:
            self._state.publish(wire.poses_msg(now_ns, self.objects))
        sample = JointSample(now_ns, self.position, still, still)
        self._joints.publish(self.distort(wire.joints_msg(self.spec, sample)))

    def moves(self, since: int = 0) -> np.ndarray:
        """Return the commands (n, A) from the since-th on."""
        return np.array([command for _, command in self.commands[since:]])


def changed(data: bytes, **fields) -> bytes:
    """Return a JointState with other fields."""
    message = wire.from_bytes(wire.JOINT_STATES, data)
    for name, value in fields.items():
        setattr(message, name, value)
    return wire.to_bytes(wire.JOINT_STATES, message)


def assert_within_limits(spec: RobotSpec, commands: np.ndarray) -> None:
    """Commands (n, A), one a period, keep velocity, acceleration and jerk."""
    limits = (spec.velocity, spec.acceleration, spec.jerk)
    for order, limit in enumerate(limits, start=1):
        reached = np.abs(np.diff(commands, order, axis=0)).max(0) / spec.dt_s**order
        assert (reached <= limit * (1 + 1e-6) + 1e-6).all(), (order, reached / limit)


@cache
def checkpoint(seed: int = 0, inputs=('position', 'velocity'), cameras=()) -> Path:
    """Return a checkpoint that has learned for a moment: it acts, badly. Made once."""
    import learning  # brings torch, which most graphs do without

    from il_ros.trainer import train

    spec = learning.robot()
    out = folder('checkpoint')
    config = learning.tiny(inputs=inputs, cameras=cameras, seed=seed)
    train(config, learning.episodes(spec, cameras=cameras), spec, out)
    return out


def settle(is_still, seconds: float = 0.3) -> bool:
    """Return whether something stays true for a while; it is looked at all the time."""
    end = monotonic() + seconds
    while monotonic() < end:
        if not is_still():
            return False
        sleep(0.005)
    return True


def await_phase(graph, phase):
    """Wait until the session is, once more, in a phase; return what it says there."""
    told = graph.heard[wire.EPISODE.name]  # a latched topic: what passes quickly may be missed
    found = []

    def is_there():
        news = [wire.read_episode(data) for data in told[graph.told :]]
        found.extend((i, values) for i, (now, values) in enumerate(news) if now == phase)
        return bool(found)

    graph.wait(is_there, f'phase {phase}')
    graph.told += found[0][0] + 1
    return found[0][1]

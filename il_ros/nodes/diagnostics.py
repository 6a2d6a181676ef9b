"""What a node says of itself once a second, on /diagnostics: rates, ages, latencies, faults."""

import json
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.topics import publisher

PERIOD_S = 1.0
OWN = ('/rosout', '/parameter_events', '/diagnostics')  # of every node, and no part of the loop


class Meter:
    """Count events and collect durations between two reports; time is an argument."""

    def __init__(self, now_s: float):
        self._since_s = now_s
        self._counts: Counter[str] = Counter()
        self._spans: dict[str, list[float]] = {}

    def count(self, name: str) -> None:
        """Count one event; a name that was counted once is reported from then on."""
        self._counts[name] += 1

    def span(self, name: str, seconds: float) -> None:
        """Note how long something took, or how old it was."""
        self._spans.setdefault(name, []).append(seconds)

    def report(self, now_s: float) -> dict[str, str]:
        """Return rates [Hz], and mean and longest of each span [ms], since the last report."""
        elapsed_s = max(now_s - self._since_s, 1e-9)
        values = {f'{name}_hz': f'{n / elapsed_s:.1f}' for name, n in self._counts.items()}
        for name, spans in self._spans.items():
            values[f'{name}_ms'] = f'{1e3 * sum(spans) / len(spans):.2f}' if spans else 'none'
            values[f'{name}_longest_ms'] = f'{1e3 * max(spans):.2f}' if spans else 'none'
        self._since_s = now_s
        self._counts = Counter(dict.fromkeys(self._counts, 0))
        self._spans = {name: [] for name in self._spans}
        return values


Said = tuple[str, dict[str, Any]]  # what is wrong, '' for nothing; and values beyond the meter's


class Diagnostics:
    """
    Publish a node's meter, what it says of itself, and more statuses that it may have.

    Also serves `~/peers`: whom the node reaches and hears, so that a session can await them all.
    """

    def __init__(
        self,
        node: Node,
        say: Callable[[], Said] = lambda: ('', {}),
        more: Callable[[], list[Any]] = list,
    ):
        self._node, self._say, self._more = node, say, more
        self.meter = Meter(monotonic())
        self._refused: dict[str, tuple[str, float]] = {}  # why, and when [s] it was told
        self._publisher = publisher(node, wire.DIAGNOSTICS)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # goes on where /clock has stopped
        node.create_timer(PERIOD_S, self.publish, clock=steady)
        node.create_service(Trigger, '~/peers', self.on_peers)

    def refuse(self, source: str, why: object) -> None:
        """Count what was of no use, and log why; the same of a source at most once a second."""
        self.meter.count(f'{source}_refused')
        told, told_s = self._refused.get(source, ('', 0.0))
        if str(why) != told or monotonic() - told_s > PERIOD_S:
            self._refused[source] = str(why), monotonic()
            self._node.get_logger().error(f'{source} refused: {why}')

    def publish(self) -> None:
        """Say it now."""
        wrong, values = self._say()
        values = {**values, **self.meter.report(monotonic())}
        name = self._node.get_fully_qualified_name().lstrip('/')
        status = wire.status_msg(name, wrong or 'OK', values, wire.WARN if wrong else wire.OK)
        now_ns = self._node.get_clock().now().nanoseconds
        self._publisher.publish(wire.diagnostics_msg(now_ns, [status, *self._more()]))

    def on_peers(self, request, response):
        """Answer with peers_of() as JSON."""
        response.success, response.message = True, json.dumps(peers_of(self._node))
        return response


def peers_of(node: Node) -> dict[str, Any]:
    """Return how many listeners each topic of a node has found, and what the node listens to."""
    reached = {p.topic_name: p.get_subscription_count() for p in node.publishers}
    heard = [s.topic_name for s in node.subscriptions]
    return {
        'reaches': {name: count for name, count in reached.items() if name not in OWN},
        'hears': [name for name in heard if name not in OWN],
    }

"""One way to start, spin and end all nodes; the only place that touches signals and exit codes."""

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from types import FrameType

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions, install_signal_handlers

from il_ros.middleware import profile_variables

BAD_INPUT = 2  # exit code: what the node was given cannot work; its message says why


def start(name: str) -> int:
    """Import il_ros.nodes.<name> and run its main(); a signal before it spins ends it quietly."""
    _end_on_signals()
    return import_module(f'il_ros.nodes.{name}').main()


def run(node_class: Callable[[], Node], args: list[str] | None = None) -> int:
    """
    Spin one node until a signal, shutdown or finish(); always clean up. Returns the exit code.

    A ValueError of the constructor (bad parameters, files, robots) is one line and exit code 2.
    """
    os.environ.update(profile_variables(os.environ))  # before any participant exists
    _end_on_signals()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = node_class()
    except (ValueError, FileNotFoundError) as error:
        print(f'error: {error}', file=sys.stderr, flush=True)
        rclpy.try_shutdown()
        return BAD_INPUT
    try:
        _spin(node)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return getattr(node, 'exit_code', 0)


def finish(node: Node, exit_code: int = 0) -> None:
    """End run() from inside a callback: the node is done, with this exit code."""
    node.exit_code = exit_code  # type: ignore[attr-defined]
    rclpy.try_shutdown()


def _spin(node: Node) -> None:
    """
    Serve the node's callbacks until its context is shut down, by a signal or by finish().

    A callback is never cut in the middle by a signal: rclpy's own handler shuts the context down
    and Python's does nothing, also for the second SIGINT that launch may send.
    """
    executor = SingleThreadedExecutor()  # EventsExecutor of rclpy 7.1.6 never fires a timer
    executor.add_node(node)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _nothing)
    install_signal_handlers(SignalHandlerOptions.ALL)
    try:
        executor.spin()
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()


def _end_on_signals() -> None:
    """Until the node spins, SIGINT and SIGTERM end the process without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _nothing(number: int, frame: FrameType | None) -> None:
    pass

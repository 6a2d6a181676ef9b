"""One way to start, spin and end all nodes; the only place that touches signals and exit codes."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from types import FrameType
from typing import NoReturn

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions, install_signal_handlers

from il_ros.middleware import profile_variables
from il_ros.nodes.teardown import exit_within

FAILED = 1
BAD_INPUT = 2  # exit code: what the node was given cannot work; its message says why
PR_SET_PDEATHSIG = 1  # linux/prctl.h
TEARDOWN_S = 3
SERVED_S = 0.1  # after its making a node's callbacks are served
LOOK_EVERY_S = 0.2  # for an exit code, where no callback wakes the executor


def start(name: str) -> NoReturn:
    """Import il_ros.nodes.<name> and run its main(); a signal before it spins ends it quietly."""
    _end_on_signals()
    _end_with_parent()
    sys.exit(import_module(f'il_ros.nodes.{name}').main())


def run(node_class: Callable[[], Node], args: list[str] | None = None) -> int:
    """
    Spin one node until a signal, or until it is finished; clean up. Returns the exit code.

    A ValueError of the constructor (bad parameters, files, robots) is one line and exit code 2.
    """
    _end_on_signals()
    initialise(args)
    try:
        node = node_class()
    except (ValueError, FileNotFoundError) as error:
        print(f'error: {error}', file=sys.stderr, flush=True)
        return BAD_INPUT  # no shutdown: Kilted's would call destroy_node() of half a node
    code = FAILED
    try:
        code = _spin(node)
    finally:
        _close(node, code)
    return code


def initialise(args: list[str] | None = None) -> None:
    """Initialise rclpy with the shipped middleware profile in force, leaving signals alone."""
    os.environ.update(profile_variables(os.environ, version('rclpy')))  # before a participant
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)


def finish(node: Node, exit_code: int = 0) -> None:
    """End run() soon, with this exit code; from a callback or any thread."""
    node.exit_code = exit_code  # type: ignore[attr-defined]


def run_beside(node: Node, program: Callable[[], None]) -> None:
    """Run a program in a thread beside the callbacks, once these are served; then run() ends."""

    def begin() -> None:
        timer.cancel()
        threading.Thread(target=guarded, daemon=True).start()

    def guarded() -> None:
        try:
            program()
            finish(node)
        except (RuntimeError, ValueError, OSError) as error:
            node.get_logger().error(str(error))
            finish(node, FAILED)

    timer = node.create_timer(SERVED_S, begin)


def _exit_code(node: Node) -> int | None:
    """Return what finish() has set; None while the node is not done."""
    return getattr(node, 'exit_code', None)


def _spin(node: Node) -> int:
    """
    Serve callbacks until finish() or a signal, which is exit code 0; return the exit code.

    A callback is never cut in the middle by a signal: rclpy's own handler shuts the context down
    and Python's does nothing, also for the second SIGINT that launch may send.
    """
    executor = SingleThreadedExecutor()  # the EventsExecutor of rclpy 7.1.6 never fires a timer
    executor.add_node(node)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _nothing)
    install_signal_handlers(SignalHandlerOptions.ALL)
    try:
        while rclpy.ok() and _exit_code(node) is None:
            executor.spin_once(timeout_sec=LOOK_EVERY_S)
    except ExternalShutdownException:
        pass
    except RuntimeError:
        if rclpy.ok():
            raise  # else a call of rclpy has met the end of its context
    is_signalled = not rclpy.ok()  # what then fails for want of a context is no failure
    executor.shutdown()
    return 0 if is_signalled else _exit_code(node) or 0


def _close(node: Node, code: int) -> None:
    """Let the node close what is its own, however long that takes, then leave the middleware."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Python's own end would let a late one kill us
    node.handle.__enter__()  # keeps destroy_node() from the one step that can deadlock
    node.destroy_node()
    sys.stdout.flush()
    with exit_within(TEARDOWN_S, code):
        node.handle.__exit__(None, None, None)
        rclpy.try_shutdown()


def _end_on_signals() -> None:
    """Until the node spins, SIGINT and SIGTERM end the process without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)


def _end_with_parent() -> None:
    """Let the kernel end this node when `il-ros up`, which started it, is killed (Linux only)."""
    parent = os.environ.pop('IL_ROS_PARENT', None)  # ours alone, not our children's
    if parent is None or not sys.platform.startswith('linux'):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != int(parent):  # it was killed before we asked
        raise SystemExit(0)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _nothing(number: int, frame: FrameType | None) -> None:
    pass

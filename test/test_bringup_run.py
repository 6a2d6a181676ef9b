"""A node ends cleanly, by itself or when asked, with an exit code that says how."""

import ctypes
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from il_ros.nodes.teardown import exit_within

NODE = """
from rclpy.node import Node
from il_ros.nodes.run import finish, run

class Example(Node):
    def __init__(self):
        super().__init__('example')
        {constructor}

    def destroy_node(self):
        super().destroy_node()
        print('closed', flush=True)

raise SystemExit(run(Example))
"""


def started(constructor):
    words = [sys.executable, '-c', NODE.format(constructor=constructor)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize('code', [0, 3])
def test_a_node_ends_itself_with_its_exit_code(code):
    node = started(f'self.create_timer(0.01, lambda: finish(self, {code}))')
    assert node.communicate(timeout=30)[0] == 'closed\n'
    assert node.returncode == code


@pytest.mark.parametrize('signals', [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT] * 3])
def test_a_signal_ends_a_node_cleanly_however_often_it_comes(signals):
    node = started("self.create_timer(0.01, lambda: print('tick', flush=True))")
    assert node.stdout.readline() == 'tick\n'
    for number in signals:
        node.send_signal(number)
    out, err = node.communicate(timeout=30)
    assert out.endswith('closed\n') and err == '' and node.returncode == 0


def test_bad_input_is_one_line_and_exit_code_2():
    node = started("raise ValueError('no robot called bob')")
    out, err = node.communicate(timeout=30)
    assert (out, err, node.returncode) == ('', 'error: no robot called bob\n', 2)


def test_an_error_in_a_callback_is_seen_and_the_node_still_closes():
    node = started('self.create_timer(0.01, lambda: 1 / 0)')
    out, err = node.communicate(timeout=30)
    assert out == 'closed\n' and 'ZeroDivisionError' in err and node.returncode == 1


def test_a_teardown_that_hangs_with_pythons_lock_held_ends_with_the_exit_code():
    hang = """
        import ctypes
        from il_ros.nodes.teardown import exit_within
        with exit_within(1, 7):
            ctypes.PyDLL(None).sleep(60)
    """
    done = subprocess.run([sys.executable, '-c', textwrap.dedent(hang)], timeout=30, check=False)
    assert done.returncode == 7


def test_a_teardown_in_time_leaves_the_process_alone():
    with exit_within(1, 7):
        pass
    ctypes.CDLL(None).usleep(1_200_000)
    assert os.getpid() > 0

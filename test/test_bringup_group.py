"""A session's processes: typed parameters, prefixed logs, a named crash, a clean stop."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer
from time import monotonic, sleep

import pytest
import rclpy
from rclpy.node import Node

from il_ros.bringup.group import command
from il_ros.bringup.processes import run
from il_ros.bringup.session import Part
from il_ros.nodes.run import initialise

PATIENCE_S = 90.0
UP = [sys.executable, '-m', 'il_ros.cli.main', 'up']


VALUES = (True, 7, -1, 0.0, 1e-05, '', '2024', '1.5', 'true', 'a b', "it's", '"so"', 'x: [y', '~')


@pytest.mark.parametrize('value', VALUES)
def test_a_parameter_keeps_its_type_on_the_command_line(value):
    initialise()
    words = command(Part('sim_node', {'given': value}, namespace='/left'))
    node = Node('example', cli_args=words[words.index('--ros-args') :])
    try:
        found = node.declare_parameter('given', value).value
        assert found == value and type(found) is type(value)
        assert node.get_fully_qualified_name() == '/left/sim_node'
    finally:
        node.destroy_node()
        rclpy.shutdown()


def test_a_node_that_cannot_start_is_named_with_its_reason_and_exit_code(tmp_path):
    log = io.StringIO()
    recorder = Part('recorder_node', {'root_dir': str(tmp_path)})
    assert run([recorder, Part('sim_node', {'tsk': 'transfer'})], log) == 1
    said = log.getvalue()
    assert "[sim_node] error: sim_node: unknown parameter 'tsk' (did you mean 'task'?)" in said
    assert '[up] sim_node crashed: exit code 2; stopping the others' in said
    assert 'did not end cleanly' not in said


def recording(folder, *words):
    """Start recording in lockstep; return the process once its first episode is recorded."""
    arguments = [f'root_dir:={folder}', 'episodes:=1000', 'lockstep:=true', *words]
    process = subprocess.Popen(
        [*UP, 'record', *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    patience = Timer(PATIENCE_S, process.kill)  # ends the loop, too
    patience.start()
    try:
        for line in process.stdout:
            if line.startswith('[session_node]') and 'episode' in line:
                return process
    finally:
        patience.cancel()
    raise AssertionError(f'no episode; exit code {process.wait()}')


def pid_of(parent, node):
    """Return the process id of a node that parent has started."""
    for pid in Path(f'/proc/{parent}/task/{parent}/children').read_text().split():
        if node in Path(f'/proc/{pid}/cmdline').read_text().split('\0'):
            return int(pid)
    raise AssertionError(f'{node} does not run')


def await_end(pids):
    """Return when none of the processes runs any longer; fail when that does not come."""
    deadline = monotonic() + PATIENCE_S
    while running := [pid for pid in pids if Path(f'/proc/{pid}/exe').exists()]:
        assert monotonic() < deadline, f'{running} still run'
        sleep(0.05)


def test_ctrl_c_closes_every_bag_and_is_exit_code_0(tmp_path):
    process = recording(tmp_path, 'namespace:=left')
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # as `timeout` does; no reason to hurry the nodes
    said = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0 and 'still running' not in said, said
    bags = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert bags and all((bag / 'metadata.yaml').is_file() for bag in bags)


def test_a_node_that_is_killed_is_named_and_ends_the_others(tmp_path):
    process = recording(tmp_path)
    others = [pid_of(process.pid, node) for node in ('sim_node', 'session_node')]
    os.kill(pid_of(process.pid, 'operator_node'), signal.SIGKILL)
    said = process.communicate(timeout=PATIENCE_S)[0]
    assert '[up] operator_node crashed: killed by SIGKILL' in said
    assert process.returncode == 1
    await_end(others)


def test_nodes_end_with_who_started_them(tmp_path):
    process = recording(tmp_path)
    nodes = [pid_of(process.pid, node) for node in ('sim_node', 'recorder_node')]
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    await_end(nodes)

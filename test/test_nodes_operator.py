"""The simulated operator as a node: it comes when the arbiter calls, and says what that took."""

import json

import pytest
from graph import Graph

from il_ros import wire
from il_ros.robot.load import load_robot
from il_ros.sim.tasks.transfer import Transfer
from il_ros.sim.world import World
from il_ros.spec import JointSample
from il_ros.teleop.mapping_file import load_mapping

SPEC = load_robot('sim')
CALLED = {'mode': 'correct', 'looks': 'called', 'reaction_s': 0.1, 'lockstep': True}


@pytest.fixture(scope='module')
def start():
    """Return joints and objects of a scene that does not go on."""
    world = World(SPEC, Transfer())
    world.reset(3)
    yield world.joints(), world.objects()
    world.close()


def test_an_operator_comes_when_called_and_tells_what_it_took(start):
    joints, objects = start
    pad = load_mapping('')
    dead_man = pad.layout.buttons.index(pad.dead_man[0])
    with Graph({'operator_node': CALLED}) as graph:
        graph.listen(wire.JOY)
        ticks = 0

        def is_held() -> bool:
            """Answer a tick; return whether the dead-man is held."""
            nonlocal ticks
            ticks += 1
            stamp_ns = ticks * SPEC.dt_ns
            graph.publish(wire.TASK_STATE, wire.poses_msg(stamp_ns, objects))
            still = JointSample(stamp_ns, joints.position, joints.velocity, joints.effort)
            graph.publish(wire.JOINT_STATES, wire.joints_msg(SPEC, still))
            graph.wait(lambda: len(graph.heard[wire.JOY.name]) >= ticks, 'no answer')
            newest = wire.from_bytes(wire.JOY, graph.heard[wire.JOY.name][-1])
            return bool(newest.buttons[dead_man])

        assert graph.ask('operator_node/reset')[0]
        assert not any(is_held() for _ in range(20))
        graph.publish(wire.REQUEST, wire.string_msg('gate: distance 3 is above 2'))
        held = [is_held() for _ in range(40)]
        assert held[-1] and not held[0]
        is_done, told = graph.ask('operator_node/reset')
    assert is_done
    spent = json.loads(told)
    assert (spent['calls'], spent['switches']) == (1, 1)
    assert sum(held) * SPEC.dt_s <= spent['attention_s'] <= 40 * SPEC.dt_s

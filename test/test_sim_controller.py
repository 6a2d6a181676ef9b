"""The robot's side of `command`: one topic or one per arm, held together, and for a while only."""

from dataclasses import replace

import numpy as np
import pytest

from il_ros import wire
from il_ros.robot.load import load_robot
from il_ros.sim.controller import Controller, Refused
from il_ros.spec import CommandTopic, Decision

ONE = load_robot('sim')
ARMS = tuple(
    CommandTopic(f'{arm.name}/command', kind, ONE.joint_names[arm.all])
    for arm, kind in zip(ONE.arms, (wire.COMMAND.type, wire.FLOATS), strict=True)
)
SPEC = replace(ONE, command_topics=ARMS)


def test_a_command_of_several_topics_is_there_when_all_have_come():
    controller = Controller(SPEC, 0.1)
    wanted = SPEC.home + 0.1
    decision = Decision(1000, wanted, ())
    for i, target in enumerate(ARMS):
        assert not controller.has_all(1000) and controller.target(1000) is None
        controller.take(target, wire.command_msg(SPEC, target, decision), 1000)
        assert controller.has_all(1000) == (i == 1)
    np.testing.assert_allclose(controller.target(1000), wanted)
    assert not controller.has_all(2000)
    assert controller.target(100_001_001) is None  # it stopped coming


@pytest.mark.parametrize('values', [np.zeros(6), np.full(7, np.nan)])
def test_floats_of_another_number_or_none_are_refused(values):
    layout = wire.TYPES['std_msgs/msg/MultiArrayLayout'](dim=[], data_offset=0)
    data = wire.to_bytes(wire.FLOATS, wire.TYPES[wire.FLOATS](layout=layout, data=values))
    with pytest.raises(Refused, match='right/command'):
        Controller(SPEC, 0.1).take(ARMS[1], data, 0)

"""The correction starts at once, without a snap to the leader, or back to a stale plan."""

import pytest

from il_ros.robot.load import load_robot
from il_ros.sim.tasks.nothing import Nothing
from il_ros.sim.world import World
from il_ros.studies.hand_overs import WAYS, play, wishes
from il_ros.studies.take_over import measures

SPEC = load_robot('sim')


@pytest.fixture(scope='module', params=[1, 2])
def found(request):
    """Return the figures of each way, of one seed."""
    seed = request.param
    wanted, still = wishes(SPEC, seed), wishes(SPEC, seed, hand=0.0)
    world = World(SPEC, Nothing())
    yield {
        way: measures(SPEC, wanted, play(world, way, wanted, seed), play(world, way, still, seed))
        for way in WAYS
    }
    world.close()


def test_no_alignment_eats_the_beginning_of_a_correction(found):
    assert found['ours']['heard_s'] <= 0.12
    assert found['aligned first']['heard_s'] > 0.9


def test_nothing_snaps_to_the_leader(found):
    assert found['ours']['unasked'] < 0.01
    assert found['hard switch']['unasked'] > 0.3


def test_nothing_snaps_back_to_where_the_arms_were_before_the_correction(found):
    assert found['ours']['back'] < 0.06
    assert found['hard switch']['back'] > 0.3


def test_command_and_joints_keep_the_limits_that_a_hard_switch_breaks(found):
    assert max(found['ours']['command']) <= 1 + 1e-6
    assert max(found['ours']['joints']) <= 1.05
    assert min(found['hard switch']['command']) > 5
    assert max(found['hard switch']['joints']) > 5

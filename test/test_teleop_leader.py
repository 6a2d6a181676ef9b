"""Leader arms: the follower's target is the leader's pose, inside the follower's limits."""

import numpy as np
import pytest

from il_ros.robot.load import load_robot
from il_ros.spec import JointSample
from il_ros.teleop.leader import Leader

SPEC = load_robot('sim')


def leader_at(position):
    """A leader's reading."""
    still = np.zeros(SPEC.size)
    return JointSample(123, position, still, still)


def test_the_leader_is_matched_absolutely():
    """Stamp, pose and dead-man go through as they are."""
    proposal = Leader(SPEC).propose(leader_at(SPEC.home + 0.01), (True, False))
    assert (proposal.stamp_ns, proposal.engaged, proposal.source) == (123, (True, False), 'leader')
    assert np.array_equal(proposal.target, np.clip(SPEC.home + 0.01, SPEC.lower, SPEC.upper))


def test_a_leader_that_reaches_further_is_kept_inside():
    """The recorded proposal is one that the follower can do."""
    target = Leader(SPEC).propose(leader_at(SPEC.upper + 1), (True, True)).target
    assert np.array_equal(target, SPEC.upper)


def test_the_dead_man_is_given_for_every_arm():
    """One state for two arms is an error of the caller."""
    with pytest.raises(ValueError, match='1 dead-man states, sim has 2 arms'):
        Leader(SPEC).propose(leader_at(SPEC.home), (True,))

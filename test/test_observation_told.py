"""A policy that was told who demonstrated sees it in training, in process and in a graph."""

from dataclasses import replace

import numpy as np
import pytest
from learning import episode, robot, tiny

from il_ros.dataset.windows import Windows
from il_ros.observation.builder import ObservationBuilder
from il_ros.observation.told import DEMONSTRATOR, demonstrator
from il_ros.policy.deployment import Deployment
from il_ros.rollout.evaluate import make_loop
from il_ros.spec import JointSample
from il_ros.trainer import train

SPEC = robot()
INPUTS = ('position', DEMONSTRATOR)


def made_by(number, seed=0):
    """Return a demonstration of one demonstrator."""
    one = episode(SPEC, seed=seed)
    return replace(one, meta={**one.meta, 'demonstrator': number})


def test_training_sees_whose_demonstration_a_window_is_of():
    windows = Windows([made_by(2), made_by(5, 1)], SPEC, tiny(inputs=INPUTS))
    seen = windows.batch(np.arange(len(windows))).values[DEMONSTRATOR][:, -1]
    assert set(seen.argmax(1)[:40]) == {2} and set(seen.argmax(1)[40:]) == {5}
    np.testing.assert_array_equal(seen[0], demonstrator(2))


def test_a_bag_that_does_not_say_is_named():
    with pytest.raises(ValueError, match='episode_0: the bag does not say which demonstrator'):
        Windows([episode(SPEC)], SPEC, tiny(inputs=INPUTS))
    with pytest.raises(ValueError, match='demonstrator 8: a policy can tell apart 0 to 7'):
        demonstrator(8)


def test_an_observation_says_whom_to_imitate():
    builder = ObservationBuilder(SPEC, INPUTS, imitate=3)
    still = np.zeros(SPEC.size)
    builder.add_joints(JointSample(10**9, still, still, still))
    values = builder.at(10**9).values
    np.testing.assert_array_equal(values[DEMONSTRATOR], demonstrator(3))


def test_it_is_deployed_in_process_and_by_the_node(tmp_path):
    train(tiny(inputs=INPUTS), [made_by(1), made_by(4, 1)], SPEC, tmp_path)
    loop = make_loop(str(tmp_path), 'sim', 'transfer', imitate=4)
    loop.reset(0)
    assert loop.tick().observation.values[DEMONSTRATOR].argmax() == 4
    loop.world.close()
    deployment = Deployment(SPEC, 'cpu')
    deployment.load(tmp_path)
    assert set(deployment.builder(4).inputs) == set(INPUTS)

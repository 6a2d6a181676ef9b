"""The loop in one process: repeatable, labelled without a trace, counted with intervals."""

import numpy as np
import pytest
from learning import episodes, tiny

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.policy.pilot import Pilot
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.evaluate import evaluate
from il_ros.rollout.hands import BranchLabeller, OperatorHands
from il_ros.rollout.loop import Loop, cameras_of
from il_ros.rollout.statistics import wilson
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import Proposal, Who
from il_ros.trainer.run import prepare

SPEC = load_robot('sim')


def loop_of(cameras=()):
    """Return a loop in which the expert demonstrates."""
    world = World(SPEC, make(TASKS, 'transfer'), cameras_of(SPEC, cameras))
    arbiter = Arbiter(SPEC, load_sources())
    return Loop(world, arbiter, hands=OperatorHands(SPEC, 'transfer'))


def commands_of(loop, seed, ticks=60):
    """Return the first commands (ticks, A) of an episode."""
    loop.reset(seed)
    rows = []
    for _ in range(ticks):
        rows.append(loop.tick().decision.command)
        loop.world.step(rows[-1])
    return np.stack(rows)


def test_an_episode_is_repeatable_whatever_came_before():
    loop = loop_of()
    first = commands_of(loop, 3)
    commands_of(loop, 4)
    assert np.array_equal(commands_of(loop, 3), first)
    assert np.array_equal(commands_of(loop_of(), 3), first)


def test_the_expert_succeeds_through_the_whole_loop():
    steps = []
    loop = loop_of()
    loop.subscribers.append(steps.append)
    outcome = loop.run(0)
    assert outcome.state == 'success'
    assert steps[-1].outcome.is_over and not steps[-2].outcome.is_over


class Briefly:
    """Hands that hold both arms where they are for a few ticks."""

    def reset(self, seed):
        """Start an episode."""
        self.ticks = 0

    def propose(self, joints, objects):
        """Engage from the sixth tick to the ninth."""
        self.ticks += 1
        engaged = (5 < self.ticks <= 9,) * len(SPEC.arms)
        return Proposal(joints.stamp_ns, joints.position, engaged)


def test_after_a_hand_back_the_arms_wait_for_one_tick_and_no_longer():
    policy = prepare(tiny(E=6, T=6), episodes(SPEC), SPEC).policy
    loop = loop_of()
    loop.set_policy(Pilot(policy, SPEC, 'abc'))
    loop.hands = Briefly()
    loop.reset(0)
    acted = []
    for _ in range(16):
        step = loop.tick()
        acted.append(step.decision.authority[0].who)
        loop.world.step(step.decision.command)
    assert acted == [Who.POLICY] * 5 + [Who.HUMAN] * 4 + [Who.HOLD] + [Who.POLICY] * 6


def test_an_expert_label_leaves_the_world_as_it_was():
    loop, plain = loop_of(), loop_of()
    labeller = BranchLabeller(loop.world, 'transfer', T=12)
    commands_of(loop, 5, 40)
    commands_of(plain, 5, 40)
    before = loop.world.joints()
    chunk = labeller.label(before)
    after = loop.world.joints()
    assert chunk.targets.shape == (12, SPEC.size) and chunk.stamp_ns == before.stamp_ns
    assert np.array_equal(before.position, after.position)
    loop.world.step(chunk.targets[0])
    plain.world.step(chunk.targets[0])
    assert np.array_equal(loop.world.joints().position, plain.world.joints().position)


def test_images_come_at_the_camera_rate_and_at_the_start():
    loop = loop_of(('cam_high',))
    loop.reset(0)
    taken = []
    for _ in range(10):
        step = loop.tick()
        taken.append('cam_high' in step.frames)
        loop.world.step(step.decision.command)
    every = round(SPEC.control_hz / loop.world.cameras[0].rate_hz)
    assert taken[0] and sum(taken[1:]) == pytest.approx(9 / every, abs=1)


def test_an_unknown_camera_is_named():
    with pytest.raises(ValueError, match='cam_nose'):
        cameras_of(SPEC, ('cam_nose',))


def test_evaluation_does_not_depend_on_the_number_of_processes():
    one = list(evaluate('expert', 'sim', 'transfer', range(2), processes=1))
    two = list(evaluate('expert', 'sim', 'transfer', range(2), processes=2))
    assert one == two and [trial.seed for trial in one] == [0, 1]


def test_evaluating_what_is_no_checkpoint_says_so(tmp_path):
    with pytest.raises(ValueError, match=str(tmp_path)):
        list(evaluate(str(tmp_path), 'sim', 'transfer', range(2), processes=2))


@pytest.mark.parametrize(
    ('wins', 'n', 'low', 'high'),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (270, 300, 0.8609, 0.9290), (0, 0, 0, 1)],
)
def test_wilson_agrees_with_published_values(wins, n, low, high):
    assert wilson(wins, n) == pytest.approx((low, high), abs=1e-4)

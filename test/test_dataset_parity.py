"""What the recorder stored loads as exactly what the policy saw live."""

import numpy as np
import pytest

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.episode import WHO
from il_ros.observation.builder import ObservationBuilder
from il_ros.observation.features import FEATURES, feature
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.registry import make
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.rollout.hands import OperatorHands
from il_ros.rollout.loop import Loop, cameras_of
from il_ros.rollout.recording import BagSubscriber
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World

TICKS = 60
CAMERAS = ('cam_high', 'cam_right_wrist')


@pytest.fixture(scope='module', params=['jpeg', 'raw'])
def live_and_loaded(request, tmp_path_factory):
    """Return the spec, the steps of an episode as they happened, and the episode from its bag."""
    root = tmp_path_factory.mktemp(request.param)
    spec = load_robot('sim')
    world = World(spec, make(TASKS, 'transfer'), cameras_of(spec, CAMERAS))
    hands = OperatorHands(spec, 'transfer', 0, True)
    loop = Loop(world, Arbiter(spec, load_sources()), hands=hands, transport=request.param)
    loop.builder = ObservationBuilder(spec, tuple(FEATURES), CAMERAS)
    recording = BagSubscriber(spec, EpisodeRecorder(root), request.param)
    loop.reset(3)
    recording.start({'task': 'transfer', 'seed': 3}, world.now_ns)
    steps = []
    for _ in range(TICKS):
        steps.append(loop.tick())
        recording(steps[-1])
        world.step(steps[-1].decision.command)
    recording.stop('unlabeled', 'stopped')
    world.close()
    [episode] = load_episodes(root, spec, CAMERAS, include_suspect=True)
    return spec, steps, episode


def test_every_input_of_a_policy_is_the_same(live_and_loaded):
    """All features, bit for bit, at every tick."""
    spec, steps, episode = live_and_loaded
    kinematics = Kinematics(spec)
    for name in FEATURES:
        loaded = feature(name, kinematics, episode.position, episode.velocity, episode.objects)
        live = np.stack([step.observation.values[name] for step in steps])
        np.testing.assert_array_equal(loaded, live, err_msg=name)


def test_images_and_their_ages_are_the_same(live_and_loaded):
    """As the transport left them: the loss of JPEG is in both."""
    _, steps, episode = live_and_loaded
    for name in CAMERAS:
        live = np.stack([step.observation.images[name] for step in steps])
        np.testing.assert_array_equal(episode.images[name], live)
        ages = [step.observation.image_age_s[name] for step in steps]
        np.testing.assert_array_equal(episode.image_age_s[name], ages)
    assert len(np.unique(episode.images['cam_high'].reshape(TICKS, -1).sum(1))) > 5


def test_who_commanded_what_is_the_same(live_and_loaded):
    """Command, proposal and authority of each tick, in the wire's units and back."""
    spec, steps, episode = live_and_loaded
    np.testing.assert_array_equal(episode.stamp_ns, [s.joints.stamp_ns for s in steps])
    commands = np.stack([step.decision.command for step in steps])
    np.testing.assert_array_equal(episode.command, spec.from_wire(spec.to_wire(commands)))
    proposals = np.stack([step.proposal.target for step in steps])
    np.testing.assert_array_equal(episode.proposal, spec.from_wire(spec.to_wire(proposals)))
    live = [[WHO.index(arm.who) for arm in step.decision.authority] for step in steps]
    np.testing.assert_array_equal(episode.who, live)

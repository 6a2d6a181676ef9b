"""The pilot: history, planning on time, repeatable, and never a target that is not a number."""

import numpy as np
import pytest
import torch
from learning import episode, episodes, robot, tiny

from il_ros.policy.pilot import Pilot, PolicyFailure
from il_ros.policy.registry import ENCODERS, HEADS
from il_ros.spec import Authority, Observation, Who
from il_ros.trainer.run import prepare

SPEC = robot()


@pytest.fixture(autouse=True)
def _one_thread():
    """Bit for bit is promised for one torch thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pilot_of(**differences):
    """Return a pilot of an untrained policy."""
    config = tiny(**differences)
    data = episodes(SPEC, cameras=config.cameras)
    return Pilot(prepare(config, data, SPEC).policy, SPEC, 'abc', 'transfer')


def observations(count, cameras=(), seed=9):
    """Return observations of consecutive ticks."""
    one = episode(SPEC, count, seed, cameras)
    return [
        Observation(
            int(one.stamp_ns[i]),
            {'position': one.position[i], 'velocity': one.velocity[i]},
            {name: one.images[name][i] for name in cameras},
        )
        for i in range(count)
    ]


@pytest.mark.parametrize('head', HEADS)
@pytest.mark.parametrize('encoder', ENCODERS)
def test_a_pilot_plans_every_e_ticks(head, encoder):
    """At the first tick, then when E have passed; a chunk is stamped as its observation."""
    pilot = pilot_of(head=head, encoder=encoder, E=3, T=6, H=2)
    chunks = [pilot.act(o) for o in observations(8)]
    assert [chunk is not None for chunk in chunks] == [True, False, False] * 2 + [True, False]
    assert chunks[3].stamp_ns == 3 * SPEC.dt_ns
    assert chunks[3].targets.shape == (6, SPEC.size) and chunks[3].targets.dtype == np.float64
    assert chunks[3].version == pilot.version == 'abc'


def told(awaits_ns=-1):
    """Who has the arms: the policy one, the other as it may be that awaits a plan, or does not."""
    return Authority(Who.POLICY, 'chunk', 0), Authority(Who.HOLD, '', 0, awaits_ns=awaits_ns)


def test_an_arm_that_awaits_a_plan_gets_it_at_once():
    """And then when E ticks have passed; who holds for other reasons hurries nobody."""
    pilot = pilot_of(head='l2', E=6, T=6)
    planned = []
    for i, observation in enumerate(observations(8)):
        planned.append(pilot.act(observation) is not None)
        pilot.see(told(2 * SPEC.dt_ns + 1 if i == 2 else -1))
    assert planned == [True, False, False, True, False, False, False, False]


def test_no_plan_is_made_from_what_was_seen_before_the_hand_back():
    """The word of it may come late: such a plan would be refused, and E ticks lost."""
    pilot = pilot_of(head='l2', E=6, T=6)
    first, second, third = observations(3)
    assert pilot.act(first) is not None
    pilot.observe(second)
    pilot.see(told(second.stamp_ns + 1))
    assert not pilot.is_due
    assert pilot.act(third) is not None


@pytest.mark.parametrize('head', HEADS)
def test_the_same_seed_gives_the_same_chunks_bit_for_bit(head):
    """From reset on, whatever was done before it, and whatever the global generator draws."""
    pilot = pilot_of(head=head)

    def episode_of(seed):
        pilot.reset(seed)
        torch.manual_seed(np.random.default_rng().integers(1000))
        return [c.targets for c in map(pilot.act, observations(8)) if c is not None]

    first, other, again = episode_of(1), episode_of(2), episode_of(1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    if head == 'diffusion':
        assert not np.array_equal(first[0], other[0])


def test_the_start_of_an_episode_is_padded_as_in_training():
    """One observation stands for the whole history."""
    pilot = pilot_of(head='l2', encoder='stacked', H=3)
    first = observations(1)[0]
    pilot.observe(first)
    short = pilot.plan().targets
    pilot.reset(0)
    for _ in range(3):
        pilot.observe(first)
    np.testing.assert_array_equal(short, pilot.plan().targets)


def test_a_plan_is_what_the_policy_says_of_the_window():
    """Live and in training the same numbers go in and come out."""
    config = tiny(head='l2', encoder='stacked', H=2)
    data = episodes(SPEC)
    run = prepare(config, data, SPEC)
    pilot = Pilot(run.policy, SPEC, 'abc')
    batch = run.windows.batch(np.array([4]))
    values = {name: torch.from_numpy(v) for name, v in batch.values.items()}
    expected = run.policy.sample(values, {}, torch.Generator())[0].double().numpy()
    source = run.windows._episodes[0]
    for row in (3, 4):
        live = {'position': source.position[row], 'velocity': source.velocity[row]}
        pilot.observe(Observation(int(source.stamp_ns[row]), live))
    np.testing.assert_array_equal(pilot.plan().targets, expected)


def test_a_pilot_sees_through_cameras():
    """Another picture is another plan."""
    pilot = pilot_of(head='l2', cameras=('cam_high', 'cam_low'))
    dark, light = observations(2, ('cam_high', 'cam_low'))
    pilot.observe(dark)
    before = pilot.plan().targets
    pilot.reset(0)
    pilot.observe(Observation(dark.stamp_ns, dark.values, light.images))
    assert not np.array_equal(before, pilot.plan().targets)


def test_a_pilot_can_go_on_with_what_another_has_seen():
    """As when a checkpoint is swapped in; it plans at once."""
    old, new = (pilot_of(head='l2', encoder='stacked', H=3) for _ in range(2))
    for observation in observations(5):
        old.act(observation)
    new.take_history(old)
    assert new.is_due
    np.testing.assert_array_equal(new.plan().targets, old.plan().targets)


def test_a_target_that_is_not_a_number_is_never_given_out():
    """The joints are named."""
    pilot = pilot_of(head='l2')
    with torch.no_grad():
        pilot.policy.get_buffer('action_mean')[SPEC.joint_names.index('left_elbow')] = torch.nan
    with pytest.raises(PolicyFailure, match=r"targets of \['left_elbow'\] are not finite"):
        pilot.act(observations(1)[0])


def test_an_observation_that_does_not_fit_is_named():
    """A missing input, one of another task, a missing image, none at all."""
    pilot = pilot_of(cameras=('cam_high',))
    (whole,) = observations(1, ('cam_high',))
    with pytest.raises(PolicyFailure, match='before the first observation'):
        pilot.plan()
    without = {'position': whole.values['position']}
    with pytest.raises(PolicyFailure, match=r"input 'velocity'.*has nothing"):
        pilot.observe(Observation(0, without, whole.images))
    short = {**whole.values, 'velocity': np.zeros(3)}
    with pytest.raises(PolicyFailure, match=r"input 'velocity': .*\(14,\).*shape \(3,\)"):
        pilot.observe(Observation(0, short, whole.images))
    with pytest.raises(PolicyFailure, match=r"no image of \['cam_high'\]"):
        pilot.observe(Observation(0, whole.values))

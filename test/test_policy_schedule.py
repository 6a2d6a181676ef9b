"""The noise schedule, number by number against the diffusers library."""

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from il_ros.policy.schedule import Schedule

LEVELS = 100
NAMES = {'x0': 'sample', 'epsilon': 'epsilon', 'v': 'v_prediction'}


def drawn(*shape, seed=0):
    """Return normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def options(kind):
    """Return the settings under which diffusers does what we do."""
    return {
        'num_train_timesteps': LEVELS,
        'beta_schedule': 'squaredcos_cap_v2',
        'prediction_type': NAMES[kind],
        'clip_sample': False,
        'timestep_spacing': 'leading' if kind == 'epsilon' else 'trailing',
    }


def test_levels_are_those_of_diffusers():
    """The share of signal that is kept, at every level."""
    theirs = DDPMScheduler(**options('x0')).alphas_cumprod
    torch.testing.assert_close(Schedule(LEVELS).kept, theirs, rtol=2e-5, atol=1e-9)


def test_noise_is_added_as_diffusers_does():
    """At several levels at once."""
    clean, noise = drawn(4, 6, 3), drawn(4, 6, 3, seed=1)
    level = torch.tensor([0, 10, 50, 99])
    theirs = DDPMScheduler(**options('x0')).add_noise(clean, noise, level)
    torch.testing.assert_close(Schedule(LEVELS).noised(clean, noise, level), theirs)


def test_v_is_the_velocity_of_diffusers():
    """What a network that predicts v has to say."""
    clean, noise = drawn(4, 6, 3), drawn(4, 6, 3, seed=1)
    level = torch.tensor([0, 10, 50, 99])
    theirs = DDPMScheduler(**options('v')).get_velocity(clean, noise, level)
    torch.testing.assert_close(Schedule(LEVELS).target('v', clean, noise, level), theirs)


@pytest.mark.parametrize('kind', NAMES)
def test_a_perfect_word_gives_back_the_clean_chunk(kind):
    """clean() undoes target(), whatever is predicted."""
    schedule, level = Schedule(LEVELS), torch.tensor([0, 10, 50, 90])
    clean, noise = drawn(4, 6, 3), drawn(4, 6, 3, seed=1)
    noisy = schedule.noised(clean, noise, level)
    said = schedule.target(kind, clean, noise, level)
    torch.testing.assert_close(schedule.clean(kind, said, noisy, level), clean, rtol=0, atol=1e-4)


@pytest.mark.parametrize('steps', [1, 3, 8, 30, 64, 100])
@pytest.mark.parametrize('kind', NAMES)
def test_sampling_levels_are_those_of_diffusers(kind, steps):
    """Also where the steps do not divide the levels."""
    theirs = DDIMScheduler(**options(kind))
    theirs.set_timesteps(steps)
    assert Schedule(LEVELS).sampling_levels(steps, kind) == theirs.timesteps.tolist()


# only divisors of LEVELS: elsewhere diffusers steps past the level that it is called for next
@pytest.mark.parametrize('steps', [1, 4, 10, 50, 100])
@pytest.mark.parametrize('kind', NAMES)
def test_sampling_follows_diffusers_step_by_step(kind, steps):
    """From the same noise the same chunk, at every step; the network is a fixed function."""
    theirs = DDIMScheduler(**options(kind), set_alpha_to_one=True)
    theirs.set_timesteps(steps)
    schedule = Schedule(LEVELS)
    levels = schedule.sampling_levels(steps, kind)
    mine = other = drawn(2, 6, 3).double()
    for level, after in zip(levels, [*levels[1:], -1], strict=True):
        clean = schedule.clean(kind, said(mine, level), mine, torch.tensor([level] * 2))
        mine = schedule.step(mine, clean, level, after)
        other = theirs.step(said(other, level), level, other, eta=0.0).prev_sample
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('steps', [1, 3, 8, 10, 100])
@pytest.mark.parametrize('kind', NAMES)
def test_ancestral_sampling_follows_diffusers_step_by_step(kind, steps):
    """With the same fresh noise; here diffusers steps to the level that it is called for next."""
    theirs = DDPMScheduler(**options(kind))
    theirs.set_timesteps(steps)
    schedule = Schedule(LEVELS)
    levels = schedule.sampling_levels(steps, kind)
    mine = other = drawn(2, 6, 3).double()
    generators = [torch.Generator().manual_seed(1) for _ in range(2)]
    for level, after in zip(levels, [*levels[1:], -1], strict=True):
        clean = schedule.clean(kind, said(mine, level), mine, torch.tensor([level] * 2))
        fresh = torch.randn(mine.shape, generator=generators[0], dtype=mine.dtype)
        mine = schedule.step(mine, clean, level, after, fresh)
        other = theirs.step(said(other, level), level, other, generators[1]).prev_sample
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-3)


def said(noisy, level):
    """Stand for a network: any smooth function of chunk and level."""
    return torch.tanh(noisy) * (0.5 + level / LEVELS)

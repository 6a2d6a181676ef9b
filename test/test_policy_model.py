"""The policy as a whole: the units of what goes in and comes out."""

import pytest
import torch
from learning import tiny

from il_ros.policy.model import Policy

SCALE = 3.0


def policy(head, scale=1.0, offset=0.0):
    """Return an untrained policy of two inputs and two actions, and what it is given."""
    statistics = {
        'position.mean': torch.full((2,), offset),
        'position.std': torch.full((2,), scale),
        'action.mean': torch.full((2,), offset),
        'action.std': torch.full((2,), scale),
    }
    torch.manual_seed(0)
    made = Policy(tiny(head=head, inputs=('position',)), statistics)
    values = torch.randn(3, 1, 2, generator=seeded(1))
    return made, {'position': values * scale + offset}


def seeded(seed):
    """Return a generator that starts at seed."""
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize('head', ['l2', 'diffusion'])
def test_units_are_scaled_in_and_out(head):
    """The same data in other units give the same chunks in those units, and the same loss."""
    (plain, values), (scaled, others) = policy(head), policy(head, SCALE, 5.0)
    one = plain.sample(values, {}, seeded(0))
    torch.testing.assert_close(scaled.sample(others, {}, seeded(0)), one * SCALE + 5.0)
    actions = torch.randn(one.shape, generator=seeded(2))
    mask = torch.ones_like(actions)
    torch.testing.assert_close(
        plain.loss(values, {}, actions, mask, seeded(3))['total'],
        scaled.loss(others, {}, actions * SCALE + 5.0, mask, seeded(3))['total'],
    )


@pytest.mark.parametrize('head', ['l2', 'diffusion'])
def test_a_density_is_per_unit(head):
    """In units three times as fine a chunk is a third as dense, number by number."""
    (plain, values), (scaled, others) = policy(head), policy(head, SCALE)
    actions = torch.randn(3, plain.config.T, 2, generator=seeded(2))
    change = plain.config.T * 2 * torch.tensor(SCALE).log()
    torch.testing.assert_close(
        scaled.log_prob(others, {}, actions * SCALE), plain.log_prob(values, {}, actions) - change
    )


def test_a_known_beginning_is_in_the_robots_units():
    """As the command that it continues is."""
    made, values = policy('diffusion', SCALE, 5.0)
    known = torch.full((3, made.config.T, 2), 7.0)
    weight = torch.zeros_like(known)
    weight[:, 0] = 1.0
    chunk = made.sample(values, {}, seeded(0), known, weight)
    torch.testing.assert_close(chunk[:, 0], known[:, 0])


def relative(offset=0.0):
    """Return an untrained policy of relative targets, each tick with a scale of its own."""
    config = tiny(head='diffusion', inputs=('position',), relative=True)
    scale = torch.linspace(0.1, 0.5, config.T)[:, None].expand(config.T, 2)
    position = {'position.mean': torch.full((2,), offset), 'position.std': torch.ones(2)}
    torch.manual_seed(0)
    made = Policy(config, {**position, 'action.mean': 0.01 * scale, 'action.std': scale})
    return made, {'position': torch.randn(3, 1, 2, generator=seeded(1)) + offset}


def test_relative_targets_go_where_the_joints_are():
    """Joints further on by 5: the same chunk, further on by 5, as likely, and as much to learn."""
    (here, values), (there, others) = relative(), relative(5.0)
    chunk = here.sample(values, {}, seeded(0))
    torch.testing.assert_close(there.sample(others, {}, seeded(0)), chunk + 5.0)
    mask = torch.ones_like(chunk)
    torch.testing.assert_close(
        here.loss(values, {}, chunk, mask, seeded(3))['total'],
        there.loss(others, {}, chunk + 5.0, mask, seeded(3))['total'],
        rtol=1e-4,
        atol=1e-4,
    )
    torch.testing.assert_close(
        here.log_prob(values, {}, chunk),
        there.log_prob(others, {}, chunk + 5.0),
        rtol=1e-3,
        atol=1e-2,
    )
    held = here.sample(values, {}, seeded(0), chunk + 1.0, mask)
    torch.testing.assert_close(held, chunk + 1.0)


def test_inputs_are_noisy_in_training_and_nowhere_else():
    """Drawn anew for every window, from the generator."""
    statistics = {'position.mean': torch.zeros(2), 'position.std': torch.full((2,), SCALE)}
    statistics |= {'action.mean': torch.zeros(2), 'action.std': torch.ones(2)}
    config = tiny(head='l2', inputs=('position',), input_noise=0.3)
    torch.manual_seed(0)
    made = Policy(config, statistics)
    values = {'position': torch.zeros(3, 1, 2)}
    actions = torch.randn(3, config.T, 2, generator=seeded(2))
    sample = (values, {}, actions, torch.ones_like(actions))

    def loss(seed):
        return float(made.loss(*sample, seeded(seed))['total'])

    assert loss(0) == loss(0) != loss(1)
    told = []
    made.encoder.register_forward_pre_hook(lambda module, given: told.append(given[0]['position']))
    loss(0)
    torch.testing.assert_close(told[0], 0.3 * torch.randn(3, 1, 2, generator=seeded(0)))
    made.eval()
    assert loss(0) == loss(1)
    assert torch.equal(told[-1], values['position'])


def test_statistics_are_no_weights():
    """They have a file of their own in a checkpoint."""
    made, _ = policy('l2')
    assert not [name for name in made.state_dict() if 'mean' in name or 'std' in name]

"""The contract of an encoder, over all of them, with and without cameras and history."""

import pytest
import torch
from learning import tiny

from il_ros.policy.encoders.camera import SpatialSoftmax
from il_ros.policy.encoders.tconv import dilations
from il_ros.policy.model import pixels
from il_ros.policy.registry import ENCODERS
from il_ros.registry import make

SIZES = {'position': 5, 'velocity': 3}
CAMERAS = ('cam_high', 'cam_left_wrist')


def inputs(config, batch=3, seed=0):
    """Return random values and images for a configuration."""
    generator = torch.Generator().manual_seed(seed)
    values = {n: torch.randn(batch, config.H, d, generator=generator) for n, d in SIZES.items()}
    shape = (batch, config.H, 3, config.image_size, config.image_size)
    images = {name: torch.rand(shape, generator=generator) for name in config.cameras}
    return values, images


@pytest.mark.parametrize('name', ENCODERS)
@pytest.mark.parametrize('cameras', [(), CAMERAS])
@pytest.mark.parametrize('history', [1, 3])
def test_encoder_keeps_the_contract(name, cameras, history):
    """Tokens, padding and pooled of the promised shapes, finite, with a gradient everywhere."""
    config = tiny(encoder=name, cameras=cameras, H=history)
    encoder = make(ENCODERS, name, config, SIZES)
    context = encoder(*inputs(config))
    batch, tokens, width = context.tokens.shape
    assert (batch, width) == (3, config.context) and tokens >= 1
    assert context.padding.shape == (3, tokens) and context.padding.dtype == torch.bool
    assert not context.padding.all(1).any()
    assert context.pooled.shape == (3, config.context)
    (context.pooled.square().sum() + context.tokens.square().sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())


@pytest.mark.parametrize('name', ENCODERS)
def test_rows_of_a_batch_do_not_mix(name):
    """What one sample is encoded as does not depend on its neighbours."""
    config = tiny(encoder=name, cameras=CAMERAS, H=2)
    encoder = make(ENCODERS, name, config, SIZES)
    values, images = inputs(config)
    whole = encoder(values, images).pooled
    alone = encoder({k: v[1:2] for k, v in values.items()}, {k: v[1:2] for k, v in images.items()})
    torch.testing.assert_close(whole[1:2], alone.pooled)


@pytest.mark.parametrize('name', ENCODERS)
def test_every_camera_is_seen(name):
    """Another picture on any one camera is another context."""
    config = tiny(encoder=name, cameras=CAMERAS)
    encoder = make(ENCODERS, name, config, SIZES)
    values, images = inputs(config)
    before = encoder(values, images).pooled
    for camera in CAMERAS:
        changed = {**images, camera: images[camera].flip(-1)}
        assert not torch.allclose(before, encoder(values, changed).pooled)


@pytest.mark.parametrize('name', ENCODERS)
def test_every_row_of_the_history_counts_but_for_latest(name):
    """Another oldest row is another context; so are the same rows in another order."""
    config = tiny(encoder=name, cameras=CAMERAS, H=6)
    encoder = make(ENCODERS, name, config, SIZES)
    values, images = inputs(config)
    before = encoder(values, images).pooled
    past = {k: v.clone() for k, v in values.items()}
    past['position'][:, 0] += 1.0
    other = {k: v.clone() for k, v in images.items()}
    other['cam_high'][:, 0] = other['cam_high'][:, 0].flip(-1)
    order = [1, 0, 2, 3, 4, 5]
    mixed = [{k: v[:, order] for k, v in part.items()} for part in (values, images)]
    for changed in ((past, images), (values, other), mixed):
        is_same = torch.allclose(before, encoder(*changed).pooled, atol=1e-6, rtol=0.0)
        assert is_same is (name == 'latest')


@pytest.mark.parametrize('name', ['lstm', 'tconv'])
def test_a_token_knows_of_rows_up_to_its_own(name):
    """Another newest row changes the last token alone."""
    config = tiny(encoder=name, H=5)
    encoder = make(ENCODERS, name, config, SIZES)
    values, images = inputs(config)
    before = encoder(values, images).tokens
    values['position'][:, -1] += 1.0
    changed = (encoder(values, images).tokens - before).abs().amax((0, 2)) > 1e-6
    assert changed.tolist() == [False] * 4 + [True]


@pytest.mark.parametrize(
    ('history', 'expected'), [(1, [1]), (3, [1]), (4, [1, 2]), (8, [1, 2, 4])]
)
def test_convolutions_are_as_many_as_see_the_whole_history(history, expected):
    assert dilations(history) == expected


def test_a_context_that_heads_of_attention_cannot_share_is_refused():
    with pytest.raises(ValueError, match='context = 18: attention needs a multiple of 4'):
        make(ENCODERS, 'transformer', tiny(encoder='transformer', context=18), SIZES)


@pytest.mark.parametrize('name', [name for name in ENCODERS if name != 'latest'])
def test_an_encoder_of_history_learns_what_was_seen_before(name):
    """Which of the rows but the newest was the one with the signal decides."""
    config = tiny(encoder=name, H=4)
    torch.manual_seed(0)
    encoder, read = make(ENCODERS, name, config, SIZES), torch.nn.Linear(config.context, 3)
    optimiser = torch.optim.Adam([*encoder.parameters(), *read.parameters()], lr=5e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(150):
        when = torch.randint(3, (64,), generator=generator)
        values = {n: 0.1 * torch.randn(64, 4, d, generator=generator) for n, d in SIZES.items()}
        values['position'][torch.arange(64), when, 0] += 2.0
        said = read(encoder(values, {}).pooled)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(said, when).backward()
        optimiser.step()
    assert (said.argmax(1) == when).float().mean() > 0.95


def test_spatial_softmax_says_where():
    """A single bright pixel is found at its place, x before y, corners at -1 and 1."""
    maps = torch.zeros(1, 2, 5, 9)
    maps[0, 0, 0, 8] = 50.0  # top right
    maps[0, 1, 2, 2] = 50.0  # middle row, a quarter from the left
    expected = torch.tensor([[1.0, -0.5, -1.0, 0.0]])  # x of both, then y of both
    torch.testing.assert_close(SpatialSoftmax()(maps), expected)


def test_pixels_scales_and_resizes():
    """Black is -1, white is 1; a camera of any shape becomes the square that is asked for."""
    images = torch.zeros(2, 1, 30, 40, 3, dtype=torch.uint8)
    images[1] = 255
    seen = pixels(images, 16)
    assert seen.shape == (2, 1, 3, 16, 16)
    torch.testing.assert_close(seen[0], torch.full_like(seen[0], -1.0))
    torch.testing.assert_close(seen[1], torch.full_like(seen[1], 1.0))
    same = torch.randint(0, 255, (1, 2, 16, 16, 3), dtype=torch.uint8)
    torch.testing.assert_close(pixels(same, 16), same.movedim(-1, 2) / 127.5 - 1.0)

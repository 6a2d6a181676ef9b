"""The table top is where the renderer itself would draw it, from any place above it."""

import numpy as np
import pytest

from il_ros.sim.bullet import connect
from il_ros.sim.tasks.furniture import TABLE, TABLE_TOP

SIZE = 96


@pytest.fixture(scope='module')
def client():
    """A physics client whose only body is a thin box that looks like the table top."""
    client = connect()
    thin = (TABLE[0], TABLE[1], 0.0001)
    look = client.createVisualShape(client.GEOM_BOX, halfExtents=thin, rgbaColor=(0, 0, 1, 1))
    client.createMultiBody(0.0, -1, look)
    yield client
    client.disconnect()


@pytest.mark.parametrize(
    ('eye', 'target'),
    [
        ((0.0, 0.0, 1.5), (0.0, 0.0, 0.0)),  # all of it, from above
        ((0.9, 0.5, 0.4), (0.0, 0.0, 0.1)),  # slanted
        ((0.1, 0.1, 0.1), (0.6, 0.2, 0.05)),  # corners behind the camera
        ((0.2, 0.0, 0.3), (0.2, 0.01, 0.0)),  # nothing else in sight
        ((0.0, 0.0, 0.5), (0.3, 0.0, 1.0)),  # looking away
    ],
)
def test_it_is_where_the_renderer_draws_it(client, eye, target):
    view = client.computeViewMatrix(eye, target, (0.0, 0.3, 1.0))
    lens = client.computeProjectionMatrixFOV(55, 1.0, 0.01, 3.0)
    _, _, pixels, depth, _ = client.getCameraImage(
        SIZE, SIZE, view, lens, shadow=0, renderer=client.ER_TINY_RENDERER
    )
    drawn = pixels[:, :, 0] < 255
    image = np.full((SIZE, SIZE, 3), 255, np.uint8)
    TABLE_TOP.draw(image, np.ones((SIZE, SIZE), np.float32), view, lens)
    assert np.sum((image[:, :, 0] < 255) != drawn) <= 2 * SIZE  # a row of pixels at two edges
    assert (image[:, :, 0] < 255).any() == drawn.any()
    TABLE_TOP.draw(kept := np.full_like(image, 7), np.zeros_like(depth), view, lens)
    assert (kept == 7).all()  # whatever has a depth is before it

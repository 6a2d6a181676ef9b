"""The wanted picture over the live one, and the window that shows it."""

import numpy as np
import pygame
import pytest

from il_ros.report import window as window_of
from il_ros.report.overlay import LIVE, WANTED, blend, differs
from il_ros.report.window import NoScreen, Window


def table(row, column, size=(96, 128)):
    """Return a picture of a dark block on a light table, with a camera's noise."""
    image = np.full((*size, 3), 190.0)
    image[row : row + 12, column : column + 20] = (150, 20, 20)
    noise = np.random.default_rng(row + column).normal(0, 6, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


def test_where_a_block_shall_be_is_blue_and_where_it_is_orange():
    wanted, live = table(20, 30), table(50, 80)
    mixed = blend(wanted, live).astype(float)
    np.testing.assert_allclose(mixed[23:29, 35:45].mean((0, 1)), WANTED, atol=3)
    np.testing.assert_allclose(mixed[53:59, 85:95].mean((0, 1)), LIVE, atol=3)
    assert np.ptp(mixed[80:90, 10:100].mean((0, 1))) < 25  # a table is a table
    assert differs(wanted, live) == pytest.approx(2 * 12 * 20 / (96 * 128), abs=0.012)


def test_a_scene_that_is_set_has_no_colour_but_its_own():
    one = table(20, 30)
    other = np.roll(one, 1, axis=1)[:, ::-1][:, ::-1]
    assert differs(one, one) == 0.0 and differs(one, other) < 0.01
    mixed = blend(one, one)
    np.testing.assert_allclose(mixed, 0.8 * one, atol=1)


def test_a_picture_of_another_size_is_brought_to_the_live_ones():
    assert blend(table(20, 30), table(20, 30, (48, 64))).shape == (48, 64, 3)


def test_a_window_shows_and_tells_its_keys(monkeypatch):
    """SDL's own dummy screen: real surfaces and events, without anybody who looks."""
    monkeypatch.setenv('SDL_VIDEODRIVER', 'dummy')
    with pytest.raises(NoScreen, match='sit at one, or ssh -X'):
        Window('nobody would see it')
    monkeypatch.setattr(window_of, 'NO_SCREEN', ())
    window = Window('overlay')
    image = table(20, 30)
    assert window.show(image) is not None
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    np.testing.assert_array_equal(shown[::5, ::5], image)
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert set(window.show(image)) == {'space', 'q'}
    window.close()

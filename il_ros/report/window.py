"""Pictures in a window, by SDL, which needs nothing that is not installed with the joystick."""

import os

import numpy as np

os.environ['PYGAME_HIDE_SUPPORT_PROMPT'] = '1'  # it would print to stdout

import pygame

MAGNIFIED = 640  # [px] small pictures are shown as wide as this
QUIT = ('q', 'escape')
NO_SCREEN = ('dummy', 'offscreen')


class NoScreen(RuntimeError):
    """There is no screen to open a window on."""


class Window:
    """One window; show() a picture after the other, and be told the keys."""

    def __init__(self, title: str):
        """Raises NoScreen, with the remedy."""
        self.title = title
        self._screen: pygame.Surface | None = None
        try:
            pygame.display.init()
        except pygame.error as error:
            raise NoScreen(f'no window: {error}') from error
        if pygame.display.get_driver() in NO_SCREEN:
            pygame.display.quit()
            raise NoScreen('no window: no screen here; sit at one, or ssh -X')

    def show(self, image: np.ndarray) -> tuple[str, ...]:
        """Show an image (H, W, 3) uint8 RGB; return the keys pressed since, 'q' for a close."""
        times = max(round(MAGNIFIED / image.shape[1]), 1)
        size = (image.shape[1] * times, image.shape[0] * times)
        if self._screen is None or self._screen.get_size() != size:
            self._screen = pygame.display.set_mode(size)
            pygame.display.set_caption(self.title)
        surface = pygame.surfarray.make_surface(image.swapaxes(0, 1))
        pygame.transform.scale(surface, size, self._screen)
        pygame.display.flip()
        return tuple(_key(event) for event in pygame.event.get() if _is_word(event))

    def close(self) -> None:
        """Close it."""
        pygame.display.quit()


def _is_word(event: pygame.event.Event) -> bool:
    return event.type in (pygame.QUIT, pygame.KEYDOWN)


def _key(event: pygame.event.Event) -> str:
    return 'q' if event.type == pygame.QUIT else pygame.key.name(event.key)

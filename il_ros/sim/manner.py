"""How a demonstrator moves, whatever the task: pauses between stages, a slow wandering."""

import numpy as np

from il_ros.sim.demonstrators import Style

_WANDER_S = 0.5  # [s] correlation time of a demonstrator's noise


class Manner:
    """The pauses and the wandering of one demonstrator in one episode, drawn from rng."""

    def __init__(self, style: Style, rng: np.random.Generator, size: int, dt_s: float):
        """Wander in size dimensions, a step every dt_s."""
        self._style, self._rng, self._size = style, rng, size
        self._keep = np.exp(-dt_s / _WANDER_S)
        self.reset()

    def reset(self) -> None:
        """Begin anew, without a pause and where nothing has wandered."""
        self._stage: object = None
        self._pause_until_ns = 0
        self._wander = np.zeros(self._size)

    def pauses(self, stage: object, now_ns: int) -> bool:
        """Return whether to stand still now; a new stage may begin with a pause."""
        if stage != self._stage and self._stage is not None and self._style.pause_s > 0:
            self._pause_until_ns = now_ns + int(1e9 * self._rng.uniform(0, self._style.pause_s))
        self._stage = stage
        return now_ns < self._pause_until_ns

    def wandering(self) -> np.ndarray:
        """Return how far off now (size,) [rad]: Ornstein-Uhlenbeck noise of the style's size."""
        noise, keep = self._style.noise_rad, self._keep
        if noise > 0:
            kick = self._rng.standard_normal(self._size)
            self._wander = keep * self._wander + noise * np.sqrt(1 - keep**2) * kick
        return self._wander

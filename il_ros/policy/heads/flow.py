"""The flow head: noise flows straight to a chunk, in a few steps along a learned velocity."""

import torch
from torch import Tensor

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import normal, uniform
from il_ros.policy.heads.base import Head, masked_square, pulled
from il_ros.policy.ode import SOLVERS, log_density, solve
from il_ros.policy.registry import DENOISERS
from il_ros.registry import make

PREDICT = ('x0', 'v')
LATEST = 0.999  # time, of those that are learned with times = beta
BETA = 1.5  # of the distribution of what is left of time
TRACE_SEED = 0  # log_prob takes no generator: all chunks are seen by the same probes


class FlowHead(Head):
    """
    Flow matching: noisy = (1 - t) noise + t chunk, where t goes from 0 to 1.

    The denoiser learns the mean, given noisy, of chunk - noise (v) or of the chunk (x0), by
    least squares; either gives the velocity d noisy / d t = (chunk - noisy) / (1 - t) that a
    sample follows from noise.
    Source: Liu et al. 2022, arXiv:2209.03003; Lipman et al. 2022, arXiv:2210.02747.
    """

    likelihood = 'estimate'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        if config.predict not in PREDICT:
            raise ValueError(
                f'predict = {config.predict!r}: a flow starts where noise is all there is to '
                f'see, so nothing follows from knowing it; known: {", ".join(PREDICT)}'
            )
        self.shape = (config.T, actions)
        self.predict = config.predict
        self.steps = config.sample_steps
        self.solver = SOLVERS[config.solver]
        self.times_by = config.times
        self.denoiser = make(DENOISERS, config.denoiser, config, actions)

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean square error of what the denoiser predicts at random times."""
        time = self.times(generator, actions)
        noise = normal(generator, actions)  # (B, T, A)
        noisy = torch.lerp(noise, actions, wide(time))
        return {'total': self.miss(noisy, time, context, actions - noise, mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return (B, T, A), at every step pulled to known as far as weight says."""
        return self.follow(context, generator, self.steps, known, weight)

    def follow(
        self,
        context: Context,
        generator: torch.Generator,
        steps: int,
        known: Tensor | None,
        weight: Tensor | None,
    ) -> Tensor:
        """Return the chunk (B, T, A) that noise flows to in so many steps."""

        def field(noisy: Tensor, time: Tensor) -> Tensor:
            velocity = self.velocity(noisy, time, context)
            straight = None if known is None else (known - noisy) / (1 - wide(time))
            return pulled(velocity, straight, weight)

        noise = normal(generator, context.pooled.new_empty(len(context.pooled), *self.shape))
        return solve(self.solver, field, noise, steps)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return an estimate (B,) [nats] of the log-density, by the trace; see log_density."""

        def field(noisy: Tensor, time: Tensor) -> Tensor:
            return self.velocity(noisy, time, context)

        return log_density(field, actions, torch.Generator().manual_seed(TRACE_SEED))

    def residual(self, context: Context, actions: Tensor, generator: torch.Generator) -> Tensor:
        """Return the mean square error (B,) of what the denoiser predicts at a random time."""
        time = self.times(generator, actions)
        noise = normal(generator, actions)  # (B, T, A)
        noisy = torch.lerp(noise, actions, wide(time))
        target = actions - noise if self.predict == 'v' else actions
        said = self.denoiser(noisy, 1 - time, context)
        return (said - target).square().flatten(1).mean(1)

    def velocity(self, noisy: Tensor, time: Tensor, context: Context) -> Tensor:
        """Return the velocity (B, T, A) at noisy (B, T, A), time (B,) in [0, 1)."""
        said = self.denoiser(noisy, 1 - time, context).to(noisy.dtype)  # bf16 when learning
        return said if self.predict == 'v' else (said - noisy) / (1 - wide(time))

    def miss(
        self, noisy: Tensor, time: Tensor, context: Context, velocity: Tensor, mask: Tensor
    ) -> Tensor:
        """Return by how much the denoiser misses velocity (B, T, A), as what it predicts."""
        target = velocity if self.predict == 'v' else noisy + (1 - wide(time)) * velocity
        return masked_square(self.denoiser(noisy, 1 - time, context), target, mask)

    def times(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """
        Return random times (B,) in [0, 1), uniform or mostly early, where the way is chosen.

        Source of beta: Black et al. 2024, arXiv:2410.24164, appendix B: time is drawn so that
        (LATEST - time) / LATEST is distributed by Beta(BETA, 1).
        """
        drawn = uniform(generator, like[:, 0, 0])
        return LATEST * (1 - drawn ** (1 / BETA)) if self.times_by == 'beta' else drawn


def wide(time: Tensor) -> Tensor:
    """Return time (B,) as (B, 1, 1), to go with chunks."""
    return time[:, None, None]

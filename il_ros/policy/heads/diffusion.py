"""The diffusion head: noise becomes a chunk in a few steps, so that it can choose between ways."""

import math

import torch
from torch import Tensor

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import integers, normal
from il_ros.policy.heads.base import Head, masked_square, pulled
from il_ros.policy.registry import DENOISERS
from il_ros.policy.schedule import Schedule
from il_ros.registry import make

BOUND_SEED = 0  # log_prob takes no generator: all chunks are compared under the same noise
FARTHEST = 5.0  # [deviations] dividing by next to no signal could give anything


class DiffusionHead(Head):
    """
    A chunk is drawn from noise, level by level, by following what the denoiser says was there.

    noisy = sqrt(kept) chunk + sqrt(1 - kept) noise at K levels; loss = mean (target - said)^2,
    where target is the chunk (x0), the noise (epsilon), or sqrt(kept) noise - sqrt(1 - kept)
    chunk (v). Down the levels by DDIM, or by DDPM with new noise at each.
    Source: Ho et al. 2020, arXiv:2006.11239; Chi et al. 2023, arXiv:2303.04137 (on action chunks).
    """

    likelihood = 'bound'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        self.shape = (config.T, actions)
        self.predict = config.predict
        self.steps = config.sample_steps
        self.is_ancestral = config.sampler == 'ddpm'
        self.schedule = Schedule(config.diffusion_steps)
        self.denoiser = make(DENOISERS, config.denoiser, config, actions)

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean square error of what the denoiser predicts at random levels."""
        level = integers(generator, self.schedule.levels, actions)  # (B,)
        noise = normal(generator, actions)  # (B, T, A)
        noisy = self.schedule.noised(actions, noise, level)
        target = self.schedule.target(self.predict, actions, noise, level)
        return {'total': masked_square(self._say(noisy, level, context), target, mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return (B, T, A), at every step pulled to known as far as weight says."""
        blank = context.pooled.new_empty(len(context.pooled), *self.shape)
        noisy = normal(generator, blank)  # (B, T, A)
        levels = self.schedule.sampling_levels(self.steps, self.predict)
        for level, after in zip(levels, [*levels[1:], -1], strict=True):
            clean = self.clean(noisy, torch.full_like(blank[:, 0, 0], level).long(), context)
            clean = pulled(clean, known, weight)
            fresh = normal(generator, blank) if self.is_ancestral else None
            noisy = self.schedule.step(noisy, clean, level, after, fresh)
        return noisy

    def clean(self, noisy: Tensor, level: Tensor, context: Context) -> Tensor:
        """Return the clean chunk (B, T, A) that is seen in noisy (B, T, A) of level (B,)."""
        said = self._say(noisy, level, context)
        clean = self.schedule.clean(self.predict, said, noisy, level)
        return clean.clamp(-FARTHEST, FARTHEST) if self.predict == 'epsilon' else clean

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """
        Return the evidence lower bound (B,) [nats], under noise that is the same at every call.

        Source: Kingma et al. 2021, arXiv:2107.00630, equations 11 to 14, with the least noisy
        level decoded by a Gaussian as wide as its noise.
        """
        generator = torch.Generator().manual_seed(BOUND_SEED)
        kept = self.schedule.kept
        ratio = kept / (1 - kept)  # (K,) signal to noise
        bound = self._prior(actions)
        for level in range(self.schedule.levels):
            levels = torch.full((len(actions),), level, device=actions.device)
            noisy = self.schedule.noised(actions, normal(generator, actions), levels)
            off = (actions - self.clean(noisy, levels, context)).square().flatten(1).sum(1)
            gained = ratio[0] if level == 0 else ratio[level - 1] - ratio[level]
            bound = bound - 0.5 * gained * off
        numbers = actions[0].numel()
        return bound + 0.5 * numbers * (ratio[0].log() - math.log(2 * math.pi))

    def residual(self, context: Context, actions: Tensor, generator: torch.Generator) -> Tensor:
        """Return the mean square error (B,) of what the denoiser predicts at a random level."""
        level = integers(generator, self.schedule.levels, actions)  # (B,)
        noise = normal(generator, actions)  # (B, T, A)
        noisy = self.schedule.noised(actions, noise, level)
        target = self.schedule.target(self.predict, actions, noise, level)
        return (self._say(noisy, level, context) - target).square().flatten(1).mean(1)

    def _prior(self, actions: Tensor) -> Tensor:
        """Return -KL(noisiest level of actions || standard normal), (B,) [nats]."""
        left = self.schedule.kept[-1]
        terms = left * actions.square() - left - (1 - left).log()  # (B, T, A)
        return -0.5 * terms.flatten(1).sum(1)

    def _say(self, noisy: Tensor, level: Tensor, context: Context) -> Tensor:
        """Return the denoiser's word (B, T, A); it is told the level as a number in [0, 1)."""
        return self.denoiser(noisy, level / self.schedule.levels, context)

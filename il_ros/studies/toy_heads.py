"""A head on a toy density: trained for a moment, and judged by its samples and likelihood."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.heads.base import Head
from il_ros.policy.registry import HEADS
from il_ros.registry import make
from il_ros.studies.toy_table import MODELESS, PASS, SHAPELESS
from il_ros.studies.toys import BETWEEN, TOYS, Toy
from il_ros.studies.two_samples import energy, threshold

SAMPLES = 256  # that a judgement rests on: enough to tell wrong from a little off
SLACK = 0.15  # in the mass of a mode: of chance, and of what a short training misses
MOST_BETWEEN = 0.1  # mass between modes; a right head has next to none, a wrong one a quarter
FITTED = 2048  # chunks that a head may look at before training, for bins and the like

# What differs, head by head, from SMALL: found on these very toys, so that a second is enough.
SMALL: dict[str, Any] = {'context': 8, 'width': 64, 'depth': 1, 'batch': 64, 'lr': 5e-3}
OF_HEAD: dict[str, dict[str, Any]] = {
    'categorical': {'steps': 400},
    'mog': {'steps': 300, 'width': 32, 'batch': 128, 'lr': 3e-3, 'components': 3},
    'cvae': {'steps': 300, 'latent': 2},
    'autoregressive': {'steps': 300},
    'diffusion': {'steps': 800, 'batch': 128, 'predict': 'epsilon', 'sample_steps': 20},
    'flow': {'steps': 500, 'batch': 128, 'predict': 'v', 'sample_steps': 20},
    'shortcut': {'steps': 500, 'batch': 128, 'predict': 'v', 'sample_steps': 8},
}
WIDE = {'width': 256, 'batch': 64, 'lr': 2e-3, 'predict': 'x0', 'sample_steps': 8}
OF_CHUNK: dict[str, dict[str, Any]] = {  # 224 numbers: what noise has to pass through is wider
    'categorical': {'steps': 60, 'bins': 16},
    'mog': {'width': 256, 'batch': 32, 'lr': 3e-3},
    'cvae': {'steps': 250, 'batch': 32},
    'autoregressive': {'steps': 400, 'batch': 32, 'lr': 1e-2, 'bins': 32},
    'diffusion': {'steps': 250, **WIDE},
    'flow': {'steps': 300, **WIDE, 'times': 'beta'},
    'shortcut': {'steps': 400, **WIDE, 'batch': 128, 'times': 'beta'},
}


@dataclass(frozen=True)
class Judgement:
    """What a head's samples are like."""

    masses: tuple[float, ...]  # of the modes
    between: float  # mass that belongs to none
    energy: float  # distance from exact samples
    threshold: float  # of that distance, by permutation
    has_modes: bool  # each with its mass, and next to nothing between them
    has_shape: bool  # not to be told from exact samples

    @property
    def verdict(self) -> str:
        """PASS, SHAPELESS or MODELESS."""
        return next(word for word in (PASS, MODELESS, SHAPELESS) if self.is_as(word))

    def is_as(self, expected: str) -> bool:
        """Whether this is PASS, SHAPELESS or MODELESS, as the table says it."""
        if expected == PASS:
            return self.has_modes and self.has_shape
        return not self.has_modes if expected == MODELESS else not self.has_shape


def recipe(head: str, toy: str) -> TrainConfig:
    """Return a configuration in which a head that can learn a toy does so in about a second."""
    given = SMALL | {'head': head, 'steps': 200} | OF_HEAD.get(head, {})
    if toy == 'chunk':
        given |= OF_CHUNK.get(head, {})
    ticks = TOYS[toy].shape[0]
    return TrainConfig(**given, T=ticks, E=ticks)


def learn(config: TrainConfig, toy: Toy) -> Head:
    """Return a head trained on exact samples, new ones at every step."""
    generator = torch.Generator().manual_seed(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = make(HEADS, config.head, config, toy.shape[1])
    head.fit(toy.sample(toy.contexts(FITTED, generator), generator))
    optimiser = torch.optim.AdamW(head.parameters(), lr=config.lr, weight_decay=0.0)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.lr, config.steps, pct_start=0.1)
    for _ in range(config.steps):
        c = toy.contexts(config.batch, generator)
        chunks = toy.sample(c, generator)
        seen = context(c, config.context)
        loss = head.loss(seen, chunks, torch.ones_like(chunks), generator)['total']
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), config.clip)
        optimiser.step()
        rate.step()
    return head.eval().requires_grad_(False)


def context(c: Tensor, width: int) -> Context:
    """Return what an encoder would say of numbers c (B,)."""
    pooled = c[:, None].expand(-1, width)
    return Context(pooled[:, None], torch.zeros(len(c), 1, dtype=torch.bool), pooled)


def drawn(head: Head, toy: Toy, width: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Return SAMPLES numbers c (B,) and the head's chunks (B, T, A) for them."""
    generator = torch.Generator().manual_seed(seed)
    c = toy.contexts(SAMPLES, generator)
    return c, head.sample(context(c, width), generator)


def judge(toy: Toy, c: Tensor, chunks: Tensor, seed: int = 2) -> Judgement:
    """Return what chunks (B, T, A), drawn for c (B,), are like next to as many exact ones."""
    generator = torch.Generator().manual_seed(seed)
    others = toy.contexts(len(c), generator)
    exact = toy.even(others, toy.sample(others, generator))
    ours = toy.even(c, chunks)
    modes = toy.modes(c, chunks)
    masses = tuple(float((modes == k).float().mean()) for k in range(len(toy.masses)))
    between = float((modes == BETWEEN).float().mean())
    off = max(abs(mass - wanted) for mass, wanted in zip(masses, toy.masses, strict=True))
    apart, most = energy(ours, exact), threshold(ours, exact, generator)
    has_modes = off <= SLACK and between <= MOST_BETWEEN
    return Judgement(masses, between, apart, most, has_modes, apart <= most)


def surplus(head: Head, toy: Toy, width: int, seed: int = 3) -> float:
    """Return how much less likely exact samples are to the head than in truth [nats], a mean."""
    generator = torch.Generator().manual_seed(seed)
    c = toy.contexts(SAMPLES, generator)
    chunks = toy.sample(c, generator)
    said = head.log_prob(context(c, width), chunks)
    return float((toy.log_density(c, chunks) - said).mean())

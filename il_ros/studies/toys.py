"""Densities over chunks that are known exactly: what a head should say, without a robot."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from il_ros.policy.draws import normal

BETWEEN = -1  # in place of a mode's number: a chunk that the density practically excludes


class Toy(ABC):
    """A density over chunks (T, A) given a number c in [-1, 1]; each dimension about 1 wide."""

    shape: tuple[int, int]  # (T, A)
    masses: tuple[float, ...]  # (K,) probability of each mode, or of equal parts of the density
    is_conditional = False  # whether c matters; it is 0 otherwise

    def contexts(self, count: int, generator: torch.Generator) -> Tensor:
        """Return random numbers c (B,)."""
        drawn = torch.rand(count, generator=generator) * 2 - 1
        return drawn if self.is_conditional else torch.zeros(count)

    @abstractmethod
    def sample(self, c: Tensor, generator: torch.Generator) -> Tensor:
        """Return exact draws (B, T, A) for c (B,)."""

    @abstractmethod
    def log_density(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return the exact log-density (B,) [nats]."""

    @abstractmethod
    def modes(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return which mode (B,) each chunk belongs to, or BETWEEN."""

    @abstractmethod
    def even(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return chunks as (B, D), with every direction in which they vary about as wide."""


class Modes(Toy):
    """
    K Gaussians of one deviation: p(a | c) = sum over k of mass_k N(a; centre_k(c), s^2).

    centres: c (B,) -> (B, K, T, A). reach: how far a mode goes, in usual distances from it.
    """

    def __init__(
        self,
        centres: Callable[[Tensor], Tensor],
        masses: tuple[float, ...],
        deviation: float,
        is_conditional: bool = False,
        reach: float = 2.0,
    ):
        self.centres = centres
        self.masses = masses
        self.deviation = deviation
        self.is_conditional = is_conditional
        self.reach = reach
        self.shape = tuple(centres(torch.zeros(1)).shape[2:])  # type: ignore[assignment]

    def sample(self, c: Tensor, generator: torch.Generator) -> Tensor:
        """Return a centre with noise (B, T, A)."""
        weights = torch.tensor(self.masses).expand(len(c), -1)
        which = torch.multinomial(weights, 1, generator=generator)[:, 0]
        centre = self.centres(c)[torch.arange(len(c)), which]
        return centre + self.deviation * normal(generator, centre)

    def log_density(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return log-sum-exp over the modes, (B,)."""
        scale = math.log(self.deviation * math.sqrt(2 * math.pi))
        each = -0.5 * self._off(c, chunks) - scale * chunks[0].numel()  # (B, K)
        return (each + torch.tensor(self.masses).log()).logsumexp(-1)

    def modes(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return the nearest mode (B,), if it reaches that far."""
        off, which = self._off(c, chunks).min(-1)
        usual = math.sqrt(chunks[0].numel())  # deviations
        return torch.where(off.sqrt() < self.reach * usual + 2, which, BETWEEN)

    def even(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return chunks in deviations from the first mode, and c, (B, T A + 1)."""
        off = (chunks - self.centres(c)[:, 0]) / self.deviation
        return torch.cat([off.flatten(1), c[:, None]], dim=1)

    def _off(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return the square distance (B, K) from each centre, in deviations."""
        off = (chunks[:, None] - self.centres(c)) / self.deviation  # (B, K, T, A)
        return off.square().flatten(2).sum(-1)


class Ring(Toy):
    """A circle with a blurred radius: p(a) = N(|a|; R, s^2) / (2 pi |a|), all directions alike."""

    shape = (1, 2)
    parts = 8
    masses = (1 / parts,) * parts
    radius, deviation = math.sqrt(2), 0.12

    def sample(self, c: Tensor, generator: torch.Generator) -> Tensor:
        """Return a direction times a radius (B, 1, 2)."""
        angle = 2 * math.pi * torch.rand(len(c), generator=generator)
        radius = self.radius + self.deviation * normal(generator, angle)
        return (radius[:, None] * torch.stack([angle.cos(), angle.sin()], -1))[:, None]

    def log_density(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return the density of the radius, spread over its circle, (B,)."""
        radius = chunks.norm(dim=-1)[:, 0]
        off = (radius - self.radius) / self.deviation
        scale = math.log(self.deviation * math.sqrt(2 * math.pi))
        return -0.5 * off.square() - scale - (2 * math.pi * radius).log()

    def modes(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return which eighth of the ring (B,), within four deviations of its radius."""
        angle = torch.atan2(chunks[:, 0, 1], chunks[:, 0, 0]) / (2 * math.pi) + 0.5
        part = (angle * self.parts).long().clamp(max=self.parts - 1)
        off = (chunks.norm(dim=-1)[:, 0] - self.radius).abs()
        return torch.where(off < 4 * self.deviation, part, BETWEEN)

    def even(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return direction and radius in deviations, (B, 3)."""
        radius = chunks.norm(dim=-1)  # (B, 1)
        off = (radius - self.radius) / self.deviation
        return torch.cat([2 * chunks[:, 0] / radius.clamp(min=1e-6), off], dim=-1)


class Correlated(Toy):
    """A Gaussian whose two numbers go together, with correlation r."""

    shape = (1, 2)
    masses = (1.0,)
    correlation = 0.98

    def sample(self, c: Tensor, generator: torch.Generator) -> Tensor:
        """Return draws (B, 1, 2)."""
        apart = normal(generator, torch.zeros(len(c), 2))
        return torch.stack([apart[:, 0], self._second(apart)], -1)[:, None]

    def log_density(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return the density of the two numbers apart, and the stretch between, (B,)."""
        apart = self.even(c, chunks)
        stretch = 0.5 * math.log(1 - self.correlation**2)
        return -0.5 * apart.square().sum(-1) - math.log(2 * math.pi) - stretch

    def modes(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return 0 (B,) within four deviations in every direction."""
        return torch.where(self.even(c, chunks).norm(dim=-1) < 4, 0, BETWEEN)

    def even(self, c: Tensor, chunks: Tensor) -> Tensor:
        """Return the two independent numbers (B, 2) that a chunk is made of."""
        first, second = chunks[:, 0].unbind(-1)
        rest = math.sqrt(1 - self.correlation**2)
        return torch.stack([first, (second - self.correlation * first) / rest], -1)

    def _second(self, apart: Tensor) -> Tensor:
        """Return the second number (B,) from two independent ones (B, 2)."""
        rest = math.sqrt(1 - self.correlation**2)
        return self.correlation * apart[:, 0] + rest * apart[:, 1]


def fixed(*centres: Tensor) -> Callable[[Tensor], Tensor]:
    """Return centres (T, A) as a function of c that does not ask for it."""
    stacked = torch.stack(centres)  # (K, T, A)
    return lambda c: stacked.expand(len(c), *stacked.shape)


def swings(ticks: int, joints: int) -> Tensor:
    """Return a motion (T, A): every joint swings to one side and back, each to another extent."""
    time = torch.linspace(0, math.pi, ticks)[:, None]
    extent = 1 + torch.arange(joints) / joints
    return time.sin() * extent * (-1.0) ** torch.arange(joints)


def wandering(c: Tensor) -> Tensor:
    """Return one centre (B, 1, 1, 1) that goes up and down with c (B,)."""
    return 1.4 * (math.pi * c).sin()[:, None, None, None]


def corner(turn: float) -> Tensor:
    """Return a corner (1, 2) of a triangle, after a turn of that share."""
    angle = torch.tensor(2 * math.pi * (turn))
    return 1.3 * torch.stack([angle.cos(), angle.sin()])[None]


TOYS: dict[str, Toy] = {
    'two': Modes(fixed(torch.ones(1, 1), -torch.ones(1, 1)), (0.5, 0.5), 0.15),
    'three': Modes(fixed(corner(0), corner(1 / 3), corner(2 / 3)), (0.5, 0.3, 0.2), 0.15),
    'ring': Ring(),
    'correlated': Correlated(),
    'context': Modes(wandering, (1.0,), 0.2, is_conditional=True),
    'chunk': Modes(fixed(swings(16, 14), -swings(16, 14)), (0.5, 0.5), 0.05, reach=8.0),
}

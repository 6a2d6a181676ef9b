"""Log-densities of single numbers, broadcast as torch does, in nats per normalised unit."""

import math

import torch
from torch import Tensor

LEAST = 0.01  # [deviations of the data] narrower would be surer than a servo is exact


def normal(x: Tensor, mean: Tensor, deviation: Tensor | float) -> Tensor:
    """Return log N(x; mean, deviation^2)."""
    scale = torch.as_tensor(deviation, dtype=x.dtype, device=x.device)
    return -0.5 * ((x - mean) / scale).square() - scale.log() - 0.5 * math.log(2 * math.pi)


def laplace(x: Tensor, mean: Tensor, deviation: float) -> Tensor:
    """Return the log-density of the Laplace distribution of that mean and standard deviation."""
    scale = deviation / math.sqrt(2)
    return -(x - mean).abs() / scale - math.log(2 * scale)


def deviations(said: Tensor) -> Tensor:
    """Return what a network said as standard deviations, smoothly above LEAST."""
    return LEAST + torch.nn.functional.softplus(said.float())

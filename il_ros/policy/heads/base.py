"""What a head is: a distribution over action chunks given a context."""

import torch
from torch import Tensor, nn

from il_ros.policy.context import Context


class NoLikelihood(NotImplementedError):
    """A head cannot say how likely a chunk is."""


class NoInpainting(NotImplementedError):
    """A head cannot be pulled to a known chunk; blend its samples instead."""


class NoResidual(NotImplementedError):
    """A head does not draw chunks from noise, so there is nothing to reconstruct."""


class Head(nn.Module):
    """Context -> distribution over action chunks, all in normalised units (mean 0, std 1)."""

    likelihood = 'none'  # 'exact', 'bound', 'estimate' or 'none'
    inpaints = False  # whether sample() takes known and weight
    is_random = True  # whether two samples of one context may differ

    def fit(self, actions: Tensor) -> None:
        """
        Take from training chunks (N, T, A) what has to be known before learning, such as bins.

        Called once, before the first step of a new training. What is found goes, in place, into
        buffers and parameters whose sizes do not depend on the data, so that a checkpoint holds
        it; a head that was never fitted has to work, too. Most heads need nothing.
        """

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """
        Return {'total': scalar, ...}, a mean over all B * T * A numbers, masked ones counted as 0.

        actions: (B, T, A). mask: (B, T, A) float, 0 where not to be learned, else the weight.
        """
        raise NotImplementedError

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """
        Return (B, T, A); where weight (B, T, A) in [0, 1] is above 0 the chunk is pulled to known.

        Raises NoInpainting where the head cannot.
        """
        raise NotImplementedError

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return (B,) log-density of the chunk, its lower bound or an estimate [nats]."""
        raise NoLikelihood(f'{type(self).__name__} has no likelihood')

    def residual(self, context: Context, actions: Tensor, generator: torch.Generator) -> Tensor:
        """
        Return how badly (B,) each chunk is found again under noise, a mean square; one draw each.

        Raises NoResidual where the head does not draw its chunks from noise.
        """
        raise NoResidual(f'{type(self).__name__} has no denoiser')


def masked_mean(cost: Tensor, mask: Tensor) -> Tensor:
    """
    Return the weighted mean of what each number of the chunks costs, all (B, T, A).

    Divided by B * T * A and not by the mask's sum: then equal parts of a batch average to the
    whole, on one process or on several, and every labelled number counts alike.
    """
    return (mask * cost).mean()


def masked_square(said: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Return the weighted mean square of said - wanted, all (B, T, A)."""
    return masked_mean((said - wanted).square(), mask)


def pulled(chunk: Tensor, known: Tensor | None, weight: Tensor | None) -> Tensor:
    """Return chunk (B, T, A) drawn towards known as far as weight in [0, 1] says, if there is."""
    return chunk if known is None or weight is None else torch.lerp(chunk, known, weight)

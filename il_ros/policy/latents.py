"""What the latent of a cvae head is used for: nats, units, and modes among the chunks it makes."""

from dataclasses import dataclass

import torch
from torch import Tensor

from il_ros.policy.context import Context
from il_ros.policy.heads.cvae import CvaeHead, divergence

ACTIVE = 0.01  # least variance, over chunks, of a unit's mean that makes it one in use
SHARE = 0.1  # of the draws that a mode has at least; fewer lie between modes


@dataclass(frozen=True)
class LatentUse:
    """How a head uses its latent, over B contexts with a chunk each."""

    kl: float  # [nats a chunk] what z tells of the chunk, at most
    active: int  # units of z whose mean depends on the chunk
    modes: Tensor  # (B,) int, that draws of z find in each context


@torch.no_grad()
def latent_use(
    head: CvaeHead,
    context: Context,
    actions: Tensor,
    generator: torch.Generator,
    draws: int = 64,
    apart: float = 0.5,
) -> LatentUse:
    """
    Return how head uses its latent for chunks actions (B, T, A).

    apart: least distance of two modes [deviations, root mean square over the chunk's numbers].
    Source: active units, Burda et al. 2016, arXiv:1509.00519, section 4.2.
    """
    mean, log_deviation = head.posterior(context, actions, torch.ones_like(actions))
    chunks = torch.stack([head.sample(context, generator) for _ in range(draws)], dim=1)
    return LatentUse(
        kl=float(divergence(mean, log_deviation).sum(-1).mean()),
        active=int((mean.var(0) > ACTIVE).sum()),
        modes=torch.tensor([modes(one, apart) for one in chunks]),
    )


def modes(chunks: Tensor, apart: float) -> int:
    """
    Return how many modes chunks (M, T, A) have, `apart` or further from each other.

    The chunk with most others within half of that is a mode, then, of those further than `apart`
    from it, the next one, as long as it has its share.
    """
    flat = chunks.flatten(1)
    distance = torch.cdist(flat, flat) / flat.shape[1] ** 0.5  # (M, M)
    left, found = torch.ones(len(flat), dtype=torch.bool), 0
    while left.any():
        near = ((distance < apart / 2) & left).sum(1) * left  # (M,)
        if near.max() < SHARE * len(flat):
            break
        found += 1
        left &= distance[near.argmax()] >= apart
    return found

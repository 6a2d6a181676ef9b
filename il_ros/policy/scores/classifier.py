"""A small network that tells steps apart: what scores with labels are made of."""

import torch
from torch import Tensor, nn

from il_ros.policy.scores.base import State

HIDDEN = 64
STEPS = 400
BATCH = 256
RATE = 3e-3
DECAY = 1e-2
FLOOR = 1e-3  # least deviation of a feature


def features(pooled: Tensor, chunk: Tensor) -> Tensor:
    """Return (B, F): what the policy sees (B, C), and what it is about to do (B, T, A)."""
    return torch.cat([pooled, chunk.flatten(1)], dim=1)


def fit(rows: Tensor, wanted: Tensor, generator: torch.Generator) -> State:
    """
    Return a network of one hidden layer that says wanted (N,) in [0, 1] of rows (N, F).

    Fitted by cross-entropy, also to what is between 0 and 1.
    """
    mean, deviation = rows.mean(0), rows.std(0).clamp_min(FLOOR)
    scaled = (rows - mean) / deviation
    size = rows.shape[1]
    weights = {
        'first': torch.randn(size, HIDDEN, generator=generator) / size**0.5,
        'bias': torch.zeros(HIDDEN),
        'last': torch.zeros(HIDDEN),
        'offset': torch.zeros(()),
    }
    for weight in weights.values():
        weight.requires_grad_()
    optimiser = torch.optim.AdamW(list(weights.values()), lr=RATE, weight_decay=DECAY)
    for _ in range(STEPS):
        chosen = torch.randint(len(rows), (BATCH,), generator=generator)
        said = _logit(weights, scaled[chosen])
        loss = nn.functional.binary_cross_entropy_with_logits(said, wanted[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    kept = {name: weight.detach() for name, weight in weights.items()}
    return {'mean': mean, 'deviation': deviation, **kept}


def logit(state: State, rows: Tensor) -> Tensor:
    """Return what the network says (B,) of rows (B, F), as log-odds."""
    return _logit(state, (rows - state['mean']) / state['deviation'])


def _logit(weights: State, scaled: Tensor) -> Tensor:
    hidden = nn.functional.silu(scaled @ weights['first'] + weights['bias'])
    return hidden @ weights['last'] + weights['offset']

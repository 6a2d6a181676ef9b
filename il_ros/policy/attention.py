"""A Transformer, one that may look back alone, and a memory with which it goes on by the token."""

import torch
from torch import Tensor, nn

WIDEN = 2  # of the hidden layer after attention


class Cache:
    """Keys and values of every layer for up to `length` tokens in each row of like (B, ..., W)."""

    def __init__(self, layers: int, heads: int, length: int, like: Tensor):
        batch, width = like.shape[0], like.shape[-1]
        self.held = like.new_zeros(layers, 2, batch, heads, length, width // heads)
        self.length = 0  # tokens so far

    def extended(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Remember a layer's new keys and values (B, heads, l, w); return all that it has."""
        stop = self.length + key.shape[2]
        keys, values = self.held[layer]
        keys[:, :, self.length : stop] = key
        values[:, :, self.length : stop] = value
        return keys[:, :, :stop], values[:, :, :stop]


class Layer(nn.Module):
    """Attention, then one hidden layer, each after a normalisation and added to what came in."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.split = nn.Linear(width, 3 * width, bias=False)  # softmax does not feel a key's bias
        self.merge = nn.Linear(width, width)
        self.widen = nn.Linear(width, WIDEN * width)
        self.narrow = nn.Linear(WIDEN * width, width)

    def forward(self, x: Tensor, sight: Tensor | None, number: int, cache: Cache | None) -> Tensor:
        """Return (B, l, W) for x (B, l, W), which sees where sight (..., l, L) is True."""
        parts = self.split(self.first(x)).unflatten(-1, (3, self.heads, -1))  # (B, l, 3, heads, w)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if cache is not None:
            key, value = cache.extended(number, key, value)
        x = x + self.merge(_attend(query, key, value, sight).transpose(1, 2).flatten(2))
        return x + self.narrow(nn.functional.gelu(self.widen(self.second(x))))


class Transformer(nn.Module):
    """
    Tokens (B, l, W) in, as many out, each of which knows of all, or of those up to itself.

    With a cache they are the next tokens of the sequence that it remembers, and what comes out is
    the same as for the whole sequence at once, in the time of the new tokens alone.
    Source: Vaswani et al. 2017, arXiv:1706.03762; layers normalise first.
    """

    def __init__(self, width: int, depth: int, heads: int, is_causal: bool):
        super().__init__()
        if width < heads or width % heads:
            raise ValueError(
                f'{heads} heads of attention cannot share {width} numbers; take a `width` that is '
                'a multiple of 16'
            )
        self.heads = heads
        self.is_causal = is_causal
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def cache(self, length: int, like: Tensor) -> Cache:
        """Return an empty memory for `length` tokens in each row of like (B, ..., W)."""
        return Cache(len(self.layers), self.heads, length, like)

    def forward(
        self, x: Tensor, hidden: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Return (B, l, W); hidden (B, P): which of the sequence's first P tokens not to see."""
        past = 0 if cache is None else cache.length
        sight = self._sight(past, x, hidden)
        for number, layer in enumerate(self.layers):
            x = layer(x, sight, number, cache)
        if cache is not None:
            cache.length = past + x.shape[1]
        return self.norm(x)

    def _sight(self, past: int, x: Tensor, hidden: Tensor | None) -> Tensor | None:
        """Return what tokens x (B, l, W), after `past` others, may look at: (1 or B, 1, l, L)."""
        new = x.shape[1]
        is_all = new == 1 or not self.is_causal
        if is_all and hidden is None:
            return None
        sight = torch.ones(1, new, past + new, dtype=torch.bool, device=x.device)
        own = torch.eye(new, dtype=torch.bool, device=x.device)
        if not is_all:
            sight = sight.tril(past)
        if hidden is not None:
            sight = sight.repeat(len(x), 1, 1)  # (B, l, L)
            sight[..., : hidden.shape[1]] &= ~hidden[:, None]
            sight[..., past:] |= own  # attention to nothing would be no number
        return sight[:, None]


def _attend(query: Tensor, key: Tensor, value: Tensor, sight: Tensor | None) -> Tensor:
    """
    Return what is seen, (B, heads, l, w).

    In fp32: for sequences as short as ours a CPU takes 3 to 7 times as long in bf16 (measured,
    AVX512-BF16, torch 2.13).
    """
    with torch.autocast(query.device.type, enabled=False):
        return nn.functional.scaled_dot_product_attention(
            query.float(), key.float(), value.float(), sight
        )

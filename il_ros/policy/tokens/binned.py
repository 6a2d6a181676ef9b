"""Every number of a chunk as one of its bins: tick after tick, and in a tick joint after joint."""

import torch
from torch import Tensor, nn

from il_ros.policy.attention import Transformer
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import uniform
from il_ros.policy.layers import ResidualMlp
from il_ros.policy.tokens.bins import Bins
from il_ros.policy.tokens.line import LEAST, Line, pick


class Binned(nn.Module):
    """
    p(bins | o) = product over ticks t and numbers d of p(k_td | k_<t, k_t,<d, o).

    T A tokens in a row would make one Transformer slow, so there are two: one over the T ticks,
    which knows the context and the tick before, and a small one over the A numbers of a tick,
    which knows what the first made of it. What to do at every tick is said once a chunk, by a
    residual MLP. The logits are a bell over the bins, about the number of the tick before, plus
    what a bell cannot say: that bins lie on a line need not be learned bin by bin.
    Source: bins as tokens, Brohan et al. 2022, arXiv:2212.06817 (RT-1), Kim et al. 2024,
    arXiv:2406.09246 (OpenVLA); two levels, Lee et al. 2022, arXiv:2203.01941 (RQ-Transformer).
    """

    likelihood = 'exact'
    inpaints = True

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        wide, narrow = config.width // 4, config.width // 8
        self.shape = (config.T, actions)
        self.least = LEAST if config.low_noise else 0.0
        self.learned = config.ticks_learned or config.T
        self.by_quantile = config.bins_by == 'quantile'
        self.bins = Bins(actions, config.bins)
        outputs = config.T * (wide + actions)
        self.plan = ResidualMlp(config.context, outputs, config.width, config.depth)
        self.memory = nn.Linear(config.context, wide)
        self.done = nn.Linear(actions, wide)
        self.ticks = Transformer(wide, config.depth, heads=4, is_causal=True)
        self.inside = nn.Linear(wide, actions * narrow)
        self.left = nn.Parameter(torch.randn(actions, narrow))
        self.numbers = Transformer(narrow, 1, heads=2, is_causal=True)
        self.line = Line(actions, narrow, config.bins)

    def fit(self, actions: Tensor) -> None:
        """Lay the bins over training chunks (N, T, A)."""
        self.bins.fit(actions, self.by_quantile)

    def nats(self, context: Context, actions: Tensor, mask: Tensor) -> Tensor:
        """
        Return the sum (B,) of mask times -log density over the numbers of actions (B, T, A).

        A masked number carries no loss, and those after it are told the mean in its stead.
        """
        ticks = torch.arange(self.shape[0], device=actions.device).expand(len(actions), -1)
        return self._nats(context, actions, mask, ticks)

    def some_nats(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> Tensor:
        """
        Return (B,) what is nats() on average, from a few ticks of each chunk.

        The first is always among them: nothing but the context tells what it is.
        """
        if self.learned == self.shape[0]:
            return self.nats(context, actions, mask)
        chance = uniform(generator, actions[:, 1:, 0])  # (B, T - 1)
        others = 1 + chance.topk(self.learned - 1, dim=1).indices  # (B, S - 1)
        ticks = nn.functional.pad(others, (1, 0))  # (B, S)
        share = torch.full_like(mask, (self.learned - 1) / (self.shape[0] - 1))
        share[:, 0] = 1.0  # how likely each tick is among them
        return self._nats(context, actions, mask / share, ticks)

    def _nats(self, context: Context, actions: Tensor, mask: Tensor, ticks: Tensor) -> Tensor:
        """Return the sum (B,) of nats() over the ticks (B, S) alone."""
        indices = self.bins.indices(actions)  # (B, T, A)
        values = self.bins.of(self.bins.centres, indices) * (mask > 0)
        logits = self.logits(context, values, ticks)  # (A, B, S, K)
        there = (part.take_along_dim(ticks[..., None], 1) for part in (indices, mask))
        labels, weight = (part.movedim(-1, 0) for part in there)  # (A, B, S)
        cost = nn.functional.cross_entropy(
            logits.flatten(0, 2), labels.flatten(), reduction='none'
        ).view_as(labels)
        width = self.bins.widths.gather(1, labels.flatten(1)).view_as(labels)
        return (weight * (cost + width.log())).sum((0, 2))

    def logits(self, context: Context, values: Tensor, ticks: Tensor) -> Tensor:
        """Return logits (A, B, S, K) at ticks (B, S), of bins after those before in (B, T, A)."""
        before = nn.functional.pad(values, (0, 0, 1, -1))  # of the tick before
        left = nn.functional.pad(values, (1, -1))  # of the number before
        plan, moves = self._plan(context)
        prefix = self.memory(context.tokens)
        told = torch.cat([prefix, plan + self.done(before)], dim=1)
        seen = self.ticks(told, context.padding)[:, prefix.shape[1] :]  # (B, T, W)
        parts = (seen, left, before + moves)
        at = (part.take_along_dim(ticks[..., None], 1).flatten(0, 1) for part in parts)
        seen, left, about = at  # (B S, ...)
        told = self.inside(seen).unflatten(-1, self.left.shape) + left[..., None] * self.left
        hidden = self.numbers(told).transpose(0, 1)  # (A, B S, w)
        return self._logits(hidden, about.T, slice(None)).unflatten(1, ticks.shape)

    def covers(self, actions: Tensor) -> Tensor:
        """Whether all of a chunk (B, T, A) is in bins, (B,)."""
        return self.bins.covers(actions).all(2).all(1)

    def draw(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None,
        weight: Tensor | None,
    ) -> Tensor:
        """Return chunks (B, T, A) of bins' middles; each number is pulled to known at once."""
        plan, moves = self._plan(context)
        chances = uniform(generator, moves)
        cache = self.ticks.cache(context.tokens.shape[1] + self.shape[0], plan)
        self.ticks(self.memory(context.tokens), context.padding, cache)
        row, rows = torch.zeros_like(chances[:, 0]), []
        for t in range(self.shape[0]):
            told = plan[:, t] + self.done(row)  # (B, W)
            seen = self.ticks(told[:, None], context.padding, cache)[:, 0]
            pull = None if known is None or weight is None else (known[:, t], weight[:, t])
            row = self._row(seen, row + moves[:, t], chances[:, t], pull)
            rows.append(row)
        return torch.stack(rows, dim=1)

    def _row(
        self, seen: Tensor, about: Tensor, chances: Tensor, pull: tuple[Tensor, Tensor] | None
    ) -> Tensor:
        """Return the numbers (B, A) of a tick that seen (B, W) tells of, about (B, A)."""
        told = self.inside(seen).unflatten(-1, self.left.shape)  # (B, A, w)
        cache, centres = self.numbers.cache(self.shape[1], told), self.bins.centres
        number, numbers = torch.zeros_like(about[:, 0]), []
        for d in range(self.shape[1]):
            step = told[:, d] + number[:, None] * self.left[d]
            hidden = self.numbers(step[:, None], cache=cache).transpose(0, 1)  # (1, B, w)
            logits = self._logits(hidden, about[None, :, d], slice(d, d + 1))[0]  # (B, K)
            number = centres[d][pick(logits, chances[:, d], self.least)]
            if pull is not None:
                number = torch.lerp(number, pull[0][:, d], pull[1][:, d])
            numbers.append(number)
        return torch.stack(numbers, dim=1)

    def _plan(self, context: Context) -> tuple[Tensor, Tensor]:
        """Return what is told at each tick (B, T, W), and how far each number moves (B, T, A)."""
        said = self.plan(context.pooled).unflatten(-1, (self.shape[0], -1))
        told, middles = said[..., : -self.shape[1]], said[..., -self.shape[1] :].float()
        return told, middles - nn.functional.pad(middles, (0, 0, 1, -1))

    def _logits(self, hidden: Tensor, about: Tensor, which: slice) -> Tensor:
        """Return logits (D, n, K) of the dimensions `which`; hidden (D, n, w), about (D, n)."""
        return self.line(hidden, about, self.bins.centres[which], self.bins.widths[which], which)

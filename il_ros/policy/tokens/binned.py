"""Every number of a chunk as one of its bins: tick after tick, and in a tick joint after joint."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from il_ros.policy import densities
from il_ros.policy.attention import Transformer
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import uniform
from il_ros.policy.layers import ResidualMlp
from il_ros.policy.tokens.bins import Bins
from il_ros.policy.tokens.line import LEAST, Line, around, pick


@dataclass(frozen=True)
class Plan:
    """What the context says before any number is drawn."""

    prefix: Tensor  # (B, L, W) the context's tokens
    padding: Tensor  # (B, L) bool, which of them to ignore
    told: Tensor  # (B, T, W) what each tick is told
    middles: Tensor  # (B, T, A) what each number should be

    def some(self, rows: slice) -> 'Plan':
        """Return some rows of it."""
        parts = (self.prefix, self.padding, self.told, self.middles)
        return Plan(*(part[rows] for part in parts))


class Binned(nn.Module):
    """
    p(bins | o) = product over ticks t and numbers d of p(k_td | k_<t, k_t,<d, o).

    T A tokens in a row would make one Transformer slow, so there are two: one over the T ticks,
    which knows the context and the tick before, and a small one over the A numbers of a tick,
    which knows what the first made of it. A residual MLP, once a chunk, plans all numbers, as an
    l1 head does, and the Transformers are told how what was drawn differs from that: from
    numbers as they are it is easier to tell where a motion goes on than from the context, so that
    one wrong draw would lead the whole chunk astray. Logits are a bell about the plan, moved by
    the tick before, and the rest, see Line.
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
        self.some = slice(None, None, config.told_every)
        self.deviation = config.deviation
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

    def planned(self, context: Context) -> Plan:
        """Return what the context says."""
        said = self.plan(context.pooled).unflatten(-1, (self.shape[0], -1))
        told, middles = said[..., : -self.shape[1]], said[..., -self.shape[1] :].float()
        return Plan(self.memory(context.tokens), context.padding, told, middles)

    def nats(self, context: Context, actions: Tensor, mask: Tensor) -> Tensor:
        """Return the sum (B,) of mask times -log density over the numbers of (B, T, A)."""
        ticks = torch.arange(self.shape[0], device=actions.device).expand(len(actions), -1)
        return self._nats(self.planned(context), actions, mask, ticks)

    def costs(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """
        Return nats() on average, from a few ticks of some chunks, and the plan's of all, (B,).

        The first tick is always among them: nothing but the context tells what it is.
        """
        plan = self.planned(context)
        own = -(mask * densities.laplace(actions, plan.middles, self.deviation)).sum((1, 2))
        plan, actions, mask = plan.some(self.some), actions[self.some], mask[self.some]
        chance = uniform(generator, actions[:, 1:, 0])  # (B, T - 1)
        others = 1 + chance.topk(self.learned - 1, dim=1).indices
        ticks = nn.functional.pad(others, (1, 0))  # (B, S)
        share = torch.full_like(mask, (self.learned - 1) / max(self.shape[0] - 1, 1))
        share[:, 0] = 1.0  # how likely a tick is among them
        return self._nats(plan, actions, mask / share, ticks), own

    def _nats(self, plan: Plan, actions: Tensor, mask: Tensor, ticks: Tensor) -> Tensor:
        """
        Return the sum (B,) of nats() over the ticks (B, S) alone.

        A masked number carries no loss, and those after it are told that it was as planned.
        """
        indices = self.bins.indices(actions)  # (B, T, A)
        values = torch.where(mask > 0, self.bins.of(self.bins.centres, indices), plan.middles)
        logits = self.logits(plan, values, ticks)  # (A, B, S, K)
        there = (part.take_along_dim(ticks[..., None], 1) for part in (indices, mask))
        labels, weight = (part.movedim(-1, 0) for part in there)  # (A, B, S)
        cost = nn.functional.cross_entropy(
            logits.flatten(0, 2), labels.flatten(), reduction='none'
        ).view_as(labels)
        width = self.bins.widths.gather(1, labels.flatten(1)).view_as(labels)
        return (weight * (cost + width.log())).sum((0, 2))

    def logits(self, plan: Plan, values: Tensor, ticks: Tensor) -> Tensor:
        """Return logits (A, B, S, K) at ticks (B, S), of bins after those before in (B, T, A)."""
        off = values - plan.middles
        before = nn.functional.pad(off, (0, 0, 1, -1))  # of the tick before
        left = nn.functional.pad(off, (1, -1)).detach()  # of the number before
        told = torch.cat([plan.prefix, plan.told + self.done(before.detach())], dim=1)
        seen = self.ticks(told, plan.padding)[:, plan.prefix.shape[1] :]  # (B, T, W)
        parts = (seen, left, plan.middles + before)
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
        """
        Return chunks (B, T, A) of bins' middles; each number is pulled to known at once.

        With low_noise each is the mean of the likely bins side by side with the one drawn.
        """
        plan, rows = self.planned(context), list[Tensor]()
        chances = uniform(generator, plan.middles)
        cache = self.ticks.cache(plan.prefix.shape[1] + self.shape[0], plan.prefix)
        self.ticks(plan.prefix, plan.padding, cache)
        off = torch.zeros_like(chances[:, 0])  # (B, A)
        for t in range(self.shape[0]):
            told = plan.told[:, t] + self.done(off)  # (B, W)
            seen = self.ticks(told[:, None], plan.padding, cache)[:, 0]
            pull = None if known is None or weight is None else (known[:, t], weight[:, t])
            rows.append(self._row(seen, plan.middles[:, t], off, chances[:, t], pull))
            off = rows[-1] - plan.middles[:, t]
        return torch.stack(rows, dim=1)

    def _row(
        self,
        seen: Tensor,
        middles: Tensor,
        before: Tensor,
        chances: Tensor,
        pull: tuple[Tensor, Tensor] | None,
    ) -> Tensor:
        """Return the numbers (B, A) of a tick; seen (B, W), all others (B, A)."""
        told = self.inside(seen).unflatten(-1, self.left.shape)  # (B, A, w)
        cache, centres = self.numbers.cache(self.shape[1], told), self.bins.centres
        off, numbers = torch.zeros_like(middles[:, 0]), list[Tensor]()
        for d in range(self.shape[1]):
            step = told[:, d] + off[:, None] * self.left[d]
            hidden = self.numbers(step[:, None], cache=cache).transpose(0, 1)  # (1, B, w)
            about = (middles + before)[None, :, d]
            logits = self._logits(hidden, about, slice(d, d + 1))[0]  # (B, K)
            drawn = pick(logits, chances[:, d], self.least)
            number = centres[d][drawn]
            if self.least:
                number = around(logits, drawn, centres[d], self.least)
            if pull is not None:
                number = torch.lerp(number, pull[0][:, d], pull[1][:, d])
            numbers.append(number)
            off = number - middles[:, d]
        return torch.stack(numbers, dim=1)

    def _logits(self, hidden: Tensor, about: Tensor, which: slice) -> Tensor:
        """Return logits (D, n, K) of the dimensions `which`; hidden (D, n, w), about (D, n)."""
        centres, widths = self.bins.centres[which], self.bins.widths[which]
        return self.line(hidden, about[..., None], centres[..., None], widths, which)

"""A chunk arm by arm as codes for runs of its frequencies: tens of tokens instead of hundreds."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from il_ros.policy import densities
from il_ros.policy.attention import Transformer
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import uniform
from il_ros.policy.layers import ResidualMlp
from il_ros.policy.tokens.codes import CODES, ROW, Codes
from il_ros.policy.tokens.line import LEAST, Line, pick

HEADS = 4
TOLD = 16  # width of what is planned for one frequency of an arm
START = CODES  # stands before the first code


@dataclass(frozen=True)
class Plan:
    """What the context says before any code is drawn."""

    prefix: Tensor  # (B, L, W) the context's tokens
    padding: Tensor  # (B, L) bool, which of them to ignore
    rows: Tensor  # (B, parts T, TOLD) what is told of each frequency of each part
    chunk: Tensor  # (B, T, A) what each number should be
    middles: Tensor  # (B, T A) what therefore stands at each place, in deviations

    def some(self, rows: slice) -> 'Plan':
        """Return some rows of it."""
        parts = (self.prefix, self.padding, self.rows, self.chunk, self.middles)
        return Plan(*(part[rows] for part in parts))


class Compressed(nn.Module):
    """
    p(codes | o) = product over i of p(c_i | c_<i, o): one arm's codes, then the next one's.

    A code may stand for many frequencies (see Codes), so each is told the place in the chunk that
    it begins at, and one for which there is no room left has probability 0: every sentence is a
    chunk. A residual MLP, once a chunk, plans all numbers, as an l1 head does; logits are a bell
    about each number that a code stands for, plus the rest. The probability is that of one
    spelling of a cell of chunks, which others may spell too: a bound from below.
    Source: Pertsch et al. 2025, arXiv:2501.09747 (FAST).
    """

    likelihood = 'bound'
    inpaints = False

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        width = config.width // 4
        self.deviation = config.deviation
        self.least = LEAST if config.low_noise else 0.0
        self.some = slice(None, None, config.told_every)
        self.codes = Codes(config.T, actions, config.fineness)
        rows = len(self.codes.widths) * config.T
        outputs = rows * TOLD + self.codes.total
        self.plan = ResidualMlp(config.context, outputs, config.width, config.depth)
        self.row = nn.Linear(TOLD, width)
        self.memory = nn.Linear(config.context, width)
        self.code = nn.Embedding(CODES + 1, width)
        self.place = nn.Embedding(self.codes.total, width)
        self.chain = Transformer(width, config.depth, HEADS, is_causal=True)
        self.line = Line(1, width, CODES, ROW)

    def fit(self, actions: Tensor) -> None:
        """Find codes for what often stands side by side in training chunks (N, T, A)."""
        self.codes.fit(actions)

    def nats(self, context: Context, actions: Tensor, mask: Tensor) -> Tensor:
        """Return the sum (B,) of weight times -log density over the codes of (B, T, A)."""
        return self._nats(self.planned(context), actions, mask)

    def costs(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return nats() of some chunks, and the plan's of all, (B,)."""
        plan = self.planned(context)
        own = -(mask * densities.laplace(actions, plan.chunk, self.deviation)).sum((1, 2))
        return self._nats(plan.some(self.some), actions[self.some], mask[self.some]), own

    def _nats(self, plan: Plan, actions: Tensor, mask: Tensor) -> Tensor:
        """
        Return nats().

        A code means all ticks of its arm: it is learned where every number of the arm's chunk is
        a label, with the least of their weights, and told to others as if all were 0 elsewhere.
        """
        least = self.codes.least(mask)  # (B, parts)
        is_label = (least > 0)[:, None, self.codes.part_with]  # (B, 1, A)
        codes, places, is_code = self.codes.written(actions * is_label)
        logits = self.logits(plan, codes, places, is_code)
        cost = nn.functional.cross_entropy(logits, codes[is_code], reduction='none')
        counts = least.take_along_dim(self.codes.part_of[places], dim=1)  # (B, L)
        nats = torch.zeros_like(counts).masked_scatter(is_code, cost)
        return (counts * nats).sum(1) + (least * self.codes.log_volumes).sum(1)

    def logits(self, plan: Plan, codes: Tensor, places: Tensor, is_code: Tensor) -> Tensor:
        """Return logits (n, CODES) of the n codes, among (B, L), that there are."""
        before = nn.functional.pad(codes[:, :-1], (1, 0), value=START)
        told = torch.cat([plan.prefix, self._told(plan, before, places)], dim=1)
        hidden = self.chain(told, plan.padding)[:, plan.prefix.shape[1] :]
        about = self._ahead(plan, places)
        return self._logits(hidden[is_code], about[is_code], places[is_code])

    def covers(self, actions: Tensor) -> Tensor:
        """Whether all of a chunk (B, T, A) could be written without a cut, (B,)."""
        return self.codes.covers(actions)

    def draw(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None,
        weight: Tensor | None,
    ) -> Tensor:
        """
        Return chunks (B, T, A), each in the middle of its cell.

        With low_noise each is what of its cell is nearest to the plan, which is finer than cells.
        """
        plan, total = self.planned(context), self.codes.total
        chances = uniform(generator, plan.middles)
        cache = self.chain.cache(plan.prefix.shape[1] + total, plan.prefix)
        self.chain(plan.prefix, plan.padding, cache)
        code = torch.full_like(chances[:, :1], START, dtype=torch.long)
        place, said = torch.zeros_like(code), list[Tensor]()
        while bool((place < total).any()):
            at = place.clamp(max=total - 1)  # a chunk that is complete waits for the others
            hidden = self.chain(self._told(plan, code, at), plan.padding, cache)[:, 0]
            logits = self._logits(hidden, self._ahead(plan, at)[:, 0], at[:, 0])
            code = pick(logits, chances[:, len(said)], self.least)[:, None]
            said.append(torch.where(place < total, code, -1))
            place = torch.where(place < total, place + self.codes.lengths[code], place)
        return self.codes.read(torch.cat(said, dim=1), plan.middles if self.least else None)

    def planned(self, context: Context) -> Plan:
        """Return what the context says."""
        said = self.plan(context.pooled)
        rows, chunk = said[:, : -self.codes.total], said[:, -self.codes.total :]
        chunk = chunk.unflatten(-1, (self.codes.ticks, -1)).float()
        prefix, rows = self.memory(context.tokens), rows.unflatten(-1, (-1, TOLD))
        return Plan(prefix, context.padding, rows, chunk, self.codes.numbers(chunk))

    def _told(self, plan: Plan, before: Tensor, places: Tensor) -> Tensor:
        """Return what is told (B, L, W) of codes at places (B, L) after the codes `before`."""
        row = plan.rows.take_along_dim(self.codes.row_of[places][..., None], dim=1)
        return self.code(before) + self.place(places) + self.row(row)

    def _ahead(self, plan: Plan, places: Tensor) -> Tensor:
        """Return what is planned (B, L, ROW) at places (B, L) and after them."""
        ahead = places[..., None] + torch.arange(ROW, device=places.device)
        ahead = ahead.clamp(max=self.codes.total - 1).flatten(1)
        return plan.middles.take_along_dim(ahead, dim=1).unflatten(1, (-1, ROW))

    def _logits(self, hidden: Tensor, about: Tensor, places: Tensor) -> Tensor:
        """Return logits (n, CODES) at places (n,), about (n, ROW) of what hidden (n, W) tells."""
        row = self.codes.row[None] / self.codes.spectrum.scale  # (1, CODES, ROW)
        number = torch.arange(1, ROW, device=row.device)
        more = (number < self.codes.lengths[:, None]).float()  # (CODES, ROW - 1)
        even = torch.ones_like(row[..., 0])
        logits = self.line(hidden[None], about[None], row, even, slice(None), more)[0]
        room = self.codes.room_at[places][:, None]
        return logits.masked_fill(self.codes.lengths > room, -torch.inf)

"""A chunk arm by arm as codes for runs of its frequencies: tens of tokens instead of hundreds."""

import torch
from torch import Tensor, nn

from il_ros.policy.attention import Transformer
from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import uniform
from il_ros.policy.layers import ResidualMlp
from il_ros.policy.tokens.codes import CODES, Codes
from il_ros.policy.tokens.line import LEAST, Line, pick

HEADS = 4
ROW = 32  # width of what is planned for one frequency of an arm
START = CODES  # stands before the first code


class Compressed(nn.Module):
    """
    p(codes | o) = product over i of p(c_i | c_<i, o): one arm's codes, then the next one's.

    A code may stand for many frequencies (see Codes), so each is told the place in the chunk that
    it begins at, and one for which there is no room left has probability 0: every sentence is a
    chunk. A residual MLP, once a chunk, plans every frequency; logits are a bell about the first
    number that a code stands for, plus the rest. The probability is that of one spelling of a
    cell of chunks, which others may spell too: a bound from below.
    Source: Pertsch et al. 2025, arXiv:2501.09747 (FAST).
    """

    likelihood = 'bound'
    inpaints = False

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__()
        width = config.width // 4
        self.least = LEAST if config.low_noise else 0.0
        self.codes = Codes(config.T, actions, config.fineness)
        rows = len(self.codes.widths) * config.T
        outputs = rows * ROW + self.codes.total
        self.plan = ResidualMlp(config.context, outputs, config.width, config.depth)
        self.row = nn.Linear(ROW, width)
        self.memory = nn.Linear(config.context, width)
        self.code = nn.Embedding(CODES + 1, width)
        self.place = nn.Embedding(self.codes.total, width)
        self.chain = Transformer(width, config.depth, HEADS, is_causal=True)
        self.line = Line(1, width, CODES)

    def fit(self, actions: Tensor) -> None:
        """Find codes for what often stands side by side in training chunks (N, T, A)."""
        self.codes.fit(actions)

    def some_nats(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return nats(), which is quick enough to learn from whole."""
        return self.nats(context, actions, mask)

    def nats(self, context: Context, actions: Tensor, mask: Tensor) -> Tensor:
        """
        Return the sum (B,) of weight times -log density over the codes of actions (B, T, A).

        A code means all ticks of its arm: it is learned where every number of the arm's chunk is
        a label, with the least of their weights, and told to others as if all were 0 elsewhere.
        """
        least = self.codes.least(mask)  # (B, parts)
        is_label = (least > 0)[:, None, self.codes.part_with]  # (B, 1, A)
        codes, places, is_code = self.codes.written(actions * is_label)
        logits = self.logits(context, codes, places, is_code)
        cost = nn.functional.cross_entropy(logits, codes[is_code], reduction='none')
        counts = least.take_along_dim(self.codes.part_of[places], dim=1)  # (B, L)
        nats = torch.zeros_like(counts).masked_scatter(is_code, cost)
        return (counts * nats).sum(1) + (least * self.codes.log_volumes).sum(1)

    def logits(self, context: Context, codes: Tensor, places: Tensor, is_code: Tensor) -> Tensor:
        """Return logits (n, CODES) of the n codes, among (B, L), that there are."""
        before = nn.functional.pad(codes[:, :-1], (1, 0), value=START)
        prefix = self.memory(context.tokens)
        rows, middles = self._plan(context)
        told = torch.cat([prefix, self._told(rows, before, places)], dim=1)
        hidden = self.chain(told, context.padding)[:, prefix.shape[1] :]
        about = middles.take_along_dim(places, dim=1)
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
        """Return chunks (B, T, A), each in the middle of its cell."""
        (rows, middles), total = self._plan(context), self.codes.total
        memory, chances = self.memory(context.tokens), uniform(generator, middles)
        cache = self.chain.cache(memory.shape[1] + total, memory)
        self.chain(memory, context.padding, cache)
        code = torch.full_like(middles[:, :1], START, dtype=torch.long)
        place, said = torch.zeros_like(code), list[Tensor]()
        while bool((place < total).any()):
            at = place.clamp(max=total - 1)  # a chunk that is complete waits for the others
            hidden = self.chain(self._told(rows, code, at), context.padding, cache)[:, 0]
            logits = self._logits(hidden, middles.take_along_dim(at, 1)[:, 0], at[:, 0])
            code = pick(logits, chances[:, len(said)], self.least)[:, None]
            said.append(torch.where(place < total, code, -1))
            place = torch.where(place < total, place + self.codes.lengths[code], place)
        return self.codes.read(torch.cat(said, dim=1))

    def _plan(self, context: Context) -> tuple[Tensor, Tensor]:
        """Return what is planned of each row (B, rows, ROW) and of each place (B, T A)."""
        said = self.plan(context.pooled)
        rows, middles = said[:, : -self.codes.total], said[:, -self.codes.total :]
        return rows.unflatten(-1, (-1, ROW)), middles.float()

    def _told(self, rows: Tensor, before: Tensor, places: Tensor) -> Tensor:
        """Return what is told (B, L, W) of codes at places (B, L) after the codes `before`."""
        row = rows.take_along_dim(self.codes.row_of[places][..., None], dim=1)
        return self.code(before) + self.place(places) + self.row(row)

    def _logits(self, hidden: Tensor, about: Tensor, places: Tensor) -> Tensor:
        """Return logits (n, CODES) at places (n,), about (n,) of what hidden (n, W) tells."""
        first = self.codes.first[None] / self.codes.spectrum.scale  # (1, CODES)
        even = torch.ones_like(first)
        logits = self.line(hidden[None], about[None], first, even, slice(None))[0]
        room = self.codes.room_at[places][:, None]
        return logits.masked_fill(self.codes.lengths > room, -torch.inf)

"""All heads on all toy densities, side by side: what each can say, and what it cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from il_ros.config import from_mapping
from il_ros.policy.config import TrainConfig
from il_ros.policy.registry import HEADS
from il_ros.studies.study import Cell, Done, Result, Study, Table
from il_ros.studies.toy_heads import SAMPLES, Judgement, drawn, judge, learn, recipe, surplus
from il_ros.studies.toy_table import EXPECTED, PASS
from il_ros.studies.toys import TOYS, Modes, Toy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGER = 10  # times the steps of the recipes that the tests train by
QUICK_STEPS = 5
EXACT = 'exact'  # the column of the picture that needs no head
REACH = 2.6  # of the pictures, to each side


class Distributions(Study):
    """Each head trained on each toy, judged by its samples and by its likelihood."""

    question = 'Which head can say which distribution, whatever it is trained on?'
    method = (
        f'Every head learns every density from exact samples, {LONGER} times as long as in the '
        f'tests; {SAMPLES} of its samples are compared with as many exact ones: the mass of each '
        'mode, the mass between modes, and the energy distance against a permutation threshold. '
        'What is expected was derived from what each head can say and written down with its '
        'reason, in `il_ros/studies/toy_table.py`. `nats off` is by how much exact samples are '
        'less likely to the head than in truth; it is an upper limit where the likelihood is a '
        'bound.'
    )
    does_not_show = (
        'How a head does on a robot, or with little data: samples are endless here. Networks are '
        'tiny and one training of each is shown. `mog` has three components.'
    )
    seeds: Mapping[str, Any] = {'training': 0, 'samples': 1, 'exact samples': '2 and 3'}

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.toys = ('two', 'context') if quick else tuple(TOYS)

    def cells(self) -> Sequence[Cell]:
        """Return a cell for each toy and head."""
        return [self._cell(head, toy) for toy in self.toys for head in HEADS]

    def _cell(self, head: str, toy: str) -> Cell:
        config = recipe(head, toy)
        steps = QUICK_STEPS if self.quick else LONGER * config.steps
        settings = asdict(replace(config, steps=steps))
        return Cell(f'{toy}/{head}', {'toy': toy, 'train': settings})

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Train a head on a toy and judge it; keep what the picture shows of its samples."""
        toy = TOYS[cell.settings['toy']]
        config = from_mapping(TrainConfig, dict(cell.settings['train']), cell.key)
        head = learn(config, toy)
        c, chunks = drawn(head, toy, config.context)
        has_density = head.likelihood != 'none'
        return {
            **asdict(judge(toy, c, chunks)),
            'likelihood': head.likelihood,
            'nats_off': surplus(head, toy, config.context) if has_density else None,
            'points': points(toy, c, chunks),
        }

    def table(self, done: Done) -> Table:
        """Return a row a head and toy: expected, found, and the figures behind it."""
        return [_row(key, found) for key, found in done.items()]

    def verdict(self, done: Done) -> str:
        """Count what came out as expected, and name what did not."""
        rows = self.table(done)
        off = [f'`{row["head"]}` on `{row["toy"]}`' for row in rows if not row['as expected']]
        said = f'{len(rows) - len(off)} of {len(rows)} came out as theory says.'
        return said if not off else f'{said} Not so: {", ".join(off)}.'

    def draw(self, done: Done) -> 'Figure':
        """Return samples, a row a toy and a column a head, exact ones first."""
        from matplotlib.figure import Figure

        columns = (EXACT, *HEADS)
        figure = Figure(figsize=(1.15 * len(columns), 1.2 * len(self.toys)), layout='constrained')
        grid = figure.subplots(len(self.toys), len(columns), squeeze=False)
        for axes, name in zip(grid, self.toys, strict=True):
            toy = TOYS[name]
            axes[0].set_ylabel(name)
            for axis, head in zip(axes, columns, strict=True):
                found = done.get(f'{name}/{head}')
                shown = exact(toy) if head == EXACT else found['points'] if found else []
                scatter(axis, shown, 'C7' if head == EXACT else _colour(name, head, found))
        for axis, head in zip(grid[0], columns, strict=True):
            axis.set_title(head, fontsize=8)
        return figure


def points(toy: Toy, c: Tensor, chunks: Tensor) -> list[list[float]]:
    """
    Return where the picture shows chunks (B, T, A): two numbers each, rounded.

    Both numbers of a chunk; of one that has more, how far it goes each mode's way and how far off
    it is; of one that has one, the number beside c, or beside nothing where c does not matter.
    """
    if toy.shape == (1, 2):
        shown = chunks[:, 0]
    elif toy.shape == (1, 1):
        aside = 2 * c if toy.is_conditional else _spread(len(c))
        shown = torch.stack([aside, chunks[:, 0, 0]], -1)
    else:
        shown = _along_and_off(toy, c, chunks)
    return [[round(value, 2) for value in pair] for pair in shown.tolist()]


def _along_and_off(toy: Toy, c: Tensor, chunks: Tensor) -> Tensor:
    """Return (B, 2): the share of the first mode in a chunk, and the size of the rest of it."""
    assert isinstance(toy, Modes)
    mode = toy.centres(c)[:, 0].flatten(1)  # (B, T A)
    flat = chunks.flatten(1)
    share = (flat * mode).sum(1) / mode.square().sum(1)
    rest = (flat - share[:, None] * mode).norm(dim=1) / mode.norm(dim=1)
    return torch.stack([share, 2 * rest - 1], -1)


def _spread(count: int) -> Tensor:
    """Return places (B,) side by side, for numbers that would hide each other."""
    return torch.linspace(-1.5, 1.5, count)


def exact(toy: Toy) -> list[list[float]]:
    """Return what the picture shows of exact samples."""
    generator = torch.Generator().manual_seed(2)
    c = toy.contexts(SAMPLES, generator)
    return points(toy, c, toy.sample(c, generator))


def scatter(axis: 'Axes', shown: Sequence[Sequence[float]], colour: str) -> None:
    """Draw points into a square without numbers."""
    places = np.array(shown, dtype=float).reshape(-1, 2)
    axis.scatter(places[:, 0], places[:, 1], s=2.5, color=colour, lw=0)
    axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[], yticks=[])
    axis.grid(False)


def _colour(toy: str, head: str, found: Result | None) -> str:
    """Return blue for a head that passes, red for one that does not."""
    return 'C0' if found and judged(found).is_as(PASS) else 'C3'


def judged(found: Result) -> Judgement:
    """Return the judgement that a cell's result holds."""
    return Judgement(**{field.name: found[field.name] for field in fields(Judgement)})


def _row(key: str, found: Result) -> dict[str, Any]:
    """Return a row of the table for the cell called toy/head."""
    toy, head = key.split('/')
    expected, why = EXPECTED[head][toy]
    judgement, nats = judged(found), found['nats_off']
    return {
        'toy': toy,
        'head': head,
        'expected': expected,
        'found': judgement.verdict,
        'as expected': judgement.is_as(expected),
        'between modes': round(judgement.between, 3),
        'energy': round(judgement.energy, 4),
        'threshold': round(judgement.threshold, 4),
        'nats off': None if nats is None else round(nats, 2),
        'likelihood': found['likelihood'],
        'why': why,
    }

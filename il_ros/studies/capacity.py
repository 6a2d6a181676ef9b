"""Capacity: network expressivity is not distribution expressivity."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from il_ros.rollout.statistics import difference, holm, rate
from il_ros.session.seeds import TEST
from il_ros.studies import imitation
from il_ros.studies.conditions import bars, columns, conditions, of, sizes, text
from il_ros.studies.imitation import demonstrations, kinds, play, shipped, wins
from il_ros.studies.study import Cell, Done, Result, Study, Table
from il_ros.studies.version0_vs_version1 import NOISE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TASK = 'detour'
WAYS = {'one way': (0,), 'two ways': tuple(range(6))}  # ways round the post -> who goes them
L2_WIDTHS = {'1x': 128, '3x': 288, '10x': 608, '30x': 1104}  # of a quarter of a million parameters
SMALL_MOG = {'width': 96, 'components': 2}  # as large as l2 1x
SMALL_FLOW = {'width': 352, 'depth': 1}  # 2.5 times that: no narrower, or noise cannot pass
COMPONENTS = (1, 2, 4, 8)
TEN_TIMES = 10


class Capacity(Study):
    """Larger l2 networks and more data against small mixtures and flows; K against modes."""

    question = (
        'Can a larger network, or ten times the data, make up for a distribution that has one '
        'mode? And how many components does a mixture need?'
    )
    does_not_show = (
        'Networks that see images, where capacity is needed to see at all, and tasks in which the '
        'number of ways is not known or not the same everywhere.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.trainings = 1 if quick else 5
        self.steps = 10 if quick else 6000
        self.bags = 2 if quick else 120
        self.more = 4 if quick else TEN_TIMES * self.bags
        self.widths = {'1x': L2_WIDTHS['1x']} if quick else L2_WIDTHS
        self.components = COMPONENTS[:2] if quick else COMPONENTS
        self.test = TEST[: 1 if quick else 100]
        self.seeds = {
            'demonstrations': f'0 to {self.more - 1}',
            'trainings': f'0 to {self.trainings - 1}',
            'success': f'{self.test.start} to {self.test.stop - 1}',
        }
        self.method = (
            f'`{TASK}`, which has two ways round a post; {self.bags} demonstrations by six people,'
            f' half of them each way, or by one. Every network is trained for {self.steps} steps '
            f'of 256 windows, with noise of {NOISE[TASK]:g} deviations on inputs and a learning '
            'rate that falls to zero; the held-out loss of one kind of head can be compared. '
            f'{self.trainings} trainings, {len(self.test)} episodes '
            'each, on the same initial states. Intervals (95 %): bootstrap over trainings and '
            'initial states; p-values are corrected (Holm).'
        )

    def cells(self) -> Sequence[Cell]:
        """Return one training of every condition after the other."""
        found = []
        for seed in range(self.trainings):
            for name, width in self.widths.items():
                found.append(self._cell('two ways', 'l2', name, seed, self.bags, width=width))
            more = {'width': L2_WIDTHS['3x']}
            found.append(self._cell('two ways', 'l2', '3x, 10x data', seed, self.more, **more))
            found.append(self._cell('two ways', 'flow', 'small', seed, self.bags, **SMALL_FLOW))
            for k in self.components:
                mixture = {**SMALL_MOG, 'components': k}
                for ways in WAYS:
                    found.append(self._cell(ways, 'mog', f'K={k}', seed, self.bags, **mixture))
        return found

    def _cell(
        self, ways: str, head: str, name: str, seed: int, bags: int, **differences: Any
    ) -> Cell:
        """Return one training and its roll-outs."""
        length = {'steps': self.steps, 'save_every': self.steps, 'seed': seed}
        settings = {
            'train': shipped(head, input_noise=NOISE[TASK], **length, **differences),
            'test': [self.test.start, self.test.stop],
        }
        need = demonstrations(TASK, WAYS[ways], bags)
        return Cell(f'{ways}/{head} {name}/{seed}', settings, (need,))

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record demonstrations."""
        return imitation.record(need, scratch)

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Train and roll out."""
        given, [need] = cell.settings, cell.needs
        with TemporaryDirectory(dir=scratch) as folder:
            out = Path(folder)
            trained = imitation.fit(given['train'], need.folder(scratch), out)
            tested = play(out, TASK, range(*given['test']))
            size = imitation.parameters(out)
        found = {'test': wins(tested), 'failures': kinds(tested)}
        return {**found, 'parameters': size, 'trained': trained}

    def table(self, done: Done) -> Table:
        """Return success by condition."""
        return [
            {
                'ways': name.split('/')[0],
                'policy': name.split('/')[1],
                'parameters': sizes(done, name),
                'trainings': len(of(done, name)),
                'held-out loss': held_out(done, name),
                **columns('success', rate(of(done, name))),
            }
            for name in conditions(done)
        ]

    def verdict(self, done: Done) -> str:
        """Compare the small expressive heads with the best that capacity and data can do."""
        rich = [f'two ways/l2 {name}' for name in (*self.widths, '3x, 10x data')]
        best = max(rich, key=lambda name: of(done, name).mean())
        gaps = {
            name: difference(of(done, f'two ways/{name}'), of(done, best))
            for name in ('flow small', 'mog K=2')
        }
        p = holm({name: gap.p for name, gap in gaps.items()})
        said = [
            f'{name} is {text(gap)} above it (p = {p[name]:.3f})' for name, gap in gaps.items()
        ]
        ks = [
            f'{k}: {of(done, f"two ways/mog K={k}").mean():.2f} with two ways, '
            f'{of(done, f"one way/mog K={k}").mean():.2f} with one'
            for k in self.components
        ]
        return (
            f'The best that least squares did is {best.split("/")[1]}, success '
            f'{of(done, best).mean():.2f}; {"; ".join(said)}. Mixtures by K: {"; ".join(ks)}.'
        )

    def draw(self, done: Done) -> 'Figure':
        """Return success of every condition, one way beside two."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 3.4), layout='constrained')
        axis = figure.subplots()
        names = list(dict.fromkeys(name.split('/')[1] for name in conditions(done)))
        for offset, ways in ((0.2, 'one way'), (-0.2, 'two ways')):
            bars(axis, done, [f'{ways}/{name}' for name in names], offset, ways)
        axis.set_xticks(range(len(names)), names, rotation=50, ha='right')
        axis.set_ylabel(f'success on {TASK}')
        axis.set_ylim(0, 1)
        if done:
            axis.legend()
        return figure


def held_out(done: Done, condition: str) -> float:
    """Return the loss on held-out demonstrations, over the trainings of a condition."""
    rows = [done[key] for key in done if key.rpartition('/')[0] == condition]
    return sum(row['trained']['validation'] for row in rows) / len(rows)

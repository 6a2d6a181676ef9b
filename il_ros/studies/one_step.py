"""One step against ten: whether a chunk that takes a single call of the network is as good."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from il_ros import checkpoint
from il_ros.policy.config import of_checkpoint
from il_ros.rollout.statistics import Estimate, difference, rate
from il_ros.session.seeds import TEST
from il_ros.studies.conditions import columns, text
from il_ros.studies.imitation import demonstrations, fit_each, lasting, play, shipped, wins
from il_ros.studies.study import Cell, Done, Result, Study, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TASK = 'transfer'
HEADS = ('shortcut', 'flow')
STEPS = (1, 10)
CONDITIONS = [(head, steps) for head in HEADS for steps in STEPS]
MARGIN = 0.03  # of success, that one step may lose against ten
BLOCK = 50  # episodes a cell


class OneStep(Study):
    """Success of a shortcut and of a plain flow, each in one step and in ten, same weights."""

    question = (
        'Does a flow that has learned long steps lose anything when it draws a chunk in one call '
        'of its network instead of ten?'
    )
    does_not_show = (
        'One training of each head, one demonstrator, one task, observation of the state. A '
        'demonstrator without pauses leaves little to choose between, so that one step has less '
        'to bridge than it would with several ways of doing the task.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.seconds = 0.5 if quick else 180.0
        self.bags = 2 if quick else 100
        self.test = TEST[: 1 if quick else 700]
        self.seeds: Mapping[str, Any] = {
            'demonstrations': f'0 to {self.bags - 1}',
            'trainings': 0,
            'success': f'{self.test.start} to {self.test.stop - 1}',
        }
        self.method = (
            f'{self.bags} demonstrations of demonstrator 0 on `{TASK}`; {self.seconds:g} s of one '
            'core for each training. The same checkpoint is rolled out with `sample_steps` of '
            f'{STEPS[0]} and {STEPS[1]}, on the same {len(self.test)} initial states. The plain '
            'flow in one step is the control: it shows what the learned long steps are for. Ten '
            'steps of the shortcut are steps of its flow, as a tenth is no size that it learned. '
            'Intervals (95 %): bootstrap over initial states.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return blocks of episodes, each in all conditions before the next."""
        firsts = range(self.test.start, self.test.stop, BLOCK)
        return [self._cell(*condition, first) for first in firsts for condition in CONDITIONS]

    def _cell(self, head: str, steps: int, first: int) -> Cell:
        """Return the episodes from `first` on of a head that draws in so many steps."""
        last = min(first + BLOCK, self.test.stop)
        settings = {'head': head, 'steps': steps, 'test': [first, last]}
        return Cell(f'{head}/{steps}/{first}', settings, (self._trainings(),))

    def _trainings(self) -> Cell:
        """Return the need of a checkpoint of each head, from the same demonstrations."""
        settings = {head: shipped(head, **lasting(self.seconds)) for head in HEADS}
        return Cell('one-step/trainings', settings, (demonstrations(TASK, (0,), self.bags),))

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record the demonstrations and train, where that was not done."""
        fit_each(need, scratch)
        return {head: trained(need.folder(scratch) / head) for head in HEADS}

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Roll out a checkpoint, with other steps than it came with."""
        [trainings] = cell.needs
        with TemporaryDirectory(dir=scratch) as folder:
            out, source = Path(folder), trainings.folder(scratch) / cell.settings['head']
            copy_with(source, out, sample_steps=cell.settings['steps'])
            return {'wins': wins(play(out, TASK, range(*cell.settings['test'])))}

    def table(self, done: Done) -> Table:
        """Return success by head and steps, and what one step is above ten."""
        rows = []
        for head, steps in CONDITIONS:
            mine = of(done, head, steps)
            if mine.size:
                above = above_ten(done, head) if steps == STEPS[0] else None
                rows.append(
                    {
                        'head': head,
                        'calls a chunk': steps,
                        'episodes': mine.size,
                        **columns('success', rate(mine)),
                        **columns('above ten', above),
                    }
                )
        return rows

    def verdict(self, done: Done) -> str:
        """Say whether the shortcut's one step is within MARGIN of its ten."""
        ours, plain = (above_ten(done, head) for head in HEADS)
        assert ours is not None and plain is not None  # all is done
        is_within = abs(ours.value) <= MARGIN
        is_sure = ours.low >= -MARGIN and ours.high <= MARGIN
        return (
            f'In one call the shortcut succeeds {text(ours)} more often than in ten, '
            f'{"within" if is_within else "not within"} {MARGIN}; the interval '
            f'{"is, too" if is_sure else "reaches beyond"}. A plain flow in one call: '
            f'{text(plain)} more often than in ten.'
        )

    def draw(self, done: Done) -> 'Figure':
        """Return success with its interval, a bar a head and number of steps."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4.5, 3), layout='constrained')
        axis = figure.subplots()
        names = [f'{head}\n{steps} call{"s"[: steps > 1]}' for head, steps in CONDITIONS]
        for place, (head, steps) in enumerate(CONDITIONS):
            if of(done, head, steps).size:
                found = rate(of(done, head, steps))
                ends = [[found.value - found.low], [found.high - found.value]]
                axis.bar(place, found.value, 0.6, yerr=ends, capsize=3, color=f'C{place // 2}')
        axis.set_xticks(range(len(names)), names)
        axis.set_ylabel(f'success on {TASK}')
        axis.set_ylim(0, 1)
        return figure


def trained(folder: Path) -> Result:
    """Return what a checkpoint remembers of its training."""
    return checkpoint.read_provenance(folder)['training']


def copy_with(source: Path, out: Path, **differences: Any) -> None:
    """Write to folder out the checkpoint in folder source, with another configuration."""
    found = checkpoint.load(source)
    config = replace(of_checkpoint(found.config, source), **differences)
    checkpoint.save(out, config, found.robot, found.weights, found.statistics, found.provenance)


def of(done: Done, head: str, steps: int) -> np.ndarray:
    """Return wins (1, E) of what is done of a condition, in the order of seeds; (1, 0) of none."""
    blocks = [found['wins'] for key, found in done.items() if key.startswith(f'{head}/{steps}/')]
    return np.array([[digit == '1' for digit in ''.join(blocks)]], dtype=float)


def above_ten(done: Done, head: str) -> Estimate | None:
    """Return by how much a head's one step is above its ten; None unless both are as far."""
    one, ten = (of(done, head, steps) for steps in STEPS)
    return difference(one, ten) if one.size and one.shape == ten.shape else None

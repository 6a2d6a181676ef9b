"""Version 0 against version 1: whether an expressive distribution pays, and why."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from il_ros.observation.told import DEMONSTRATOR
from il_ros.rollout.statistics import Estimate, difference, holm, interaction, rate
from il_ros.session.seeds import TEST, VALIDATION
from il_ros.studies import imitation
from il_ros.studies.conditions import bars, columns, conditions, of, sizes, text
from il_ros.studies.imitation import demonstrations, kinds, lasting, play, shipped, wins
from il_ros.studies.study import Cell, Done, Result, Study, Table, finished_tasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BASE = 'l2'  # what the claim is about
VERSION_0 = (BASE, 'l1')  # the mean of what people did, and its median
VERSION_1 = ('gaussian', 'mog', 'cvae', 'autoregressive', 'diffusion', 'flow')
WIDTHS = {  # that make all networks 1.3 million parameters, within 20 %
    'l2': 400,
    'l1': 400,
    'gaussian': 384,
    'mog': 240,
    'cvae': 336,
    'autoregressive': 288,
    'diffusion': 384,
    'flow': 384,
}
INPUTS = ('position', 'velocity', 'objects', 'grasp')
# On the inputs while training, chosen with flow, taught by six, on 30 validation episodes each:
# without, with 0.1 and with 0.3 it succeeds in 29, 29, 20; 3, 25, 30; and 0, 9, 16 of them.
NOISE = {'transfer': 0.0, 'detour': 0.3, 'transport': 0.3}
CONTROL = 'flow'  # the expressive head of the controls, which are about data
SIX = tuple(range(6))
PAUSING = 6  # the reference demonstrator, but with pauses


class Version0VsVersion1(Study):
    """Success of every head, taught by one demonstrator or by six; and what explains the gap."""

    question = (
        'Does a policy with an expressive distribution beat one that has a single answer, more so '
        'when several people demonstrate, and is it because they do it in different ways?'
    )
    does_not_show = (
        'Images, real people, or trainings of hours: the demonstrators are scripted, the '
        'observation is the state, and each training has a minute or so on one core. Heads differ '
        'in how much that is enough for.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.tasks = ('detour',) if quick else ('transfer', 'detour', 'transport')
        self.heads = (BASE, CONTROL) if quick else (*VERSION_0, *VERSION_1)
        self.bases = [head for head in VERSION_0 if head in self.heads]
        self.trainings = 1 if quick else 5
        self.seconds = 0.5 if quick else 75.0
        self.bags = 2 if quick else 120
        self.validation = VALIDATION[: 1 if quick else 30]
        self.test = TEST[: 1 if quick else 100]
        self.seeds = {
            'demonstrations': f'0 to {self.bags - 1}',
            'trainings': f'0 to {self.trainings - 1}',
            'choosing the best head': f'{self.validation.start} to {self.validation.stop - 1}',
            'success': f'{self.test.start} to {self.test.stop - 1}',
        }
        self.method = (
            f'{self.bags} demonstrations in each condition, by demonstrator 0 alone or by six in '
            f'turns; {self.seconds:g} s of one core for each training, the same encoder, networks '
            'of the same size within 20 %, the same noise on the inputs while training (chosen '
            f'for each task with {CONTROL}, taught by six, on validation seeds: '
            f'{", ".join(f"{task} {NOISE[task]:g}" for task in self.tasks)} of their deviation); '
            f'{self.trainings} trainings, {len(self.test)} episodes '
            'each, on the same initial states. The best expressive head is chosen on validation '
            'seeds, in each condition of its own. Intervals (95 %): bootstrap over trainings and '
            'initial states. Controls: each demonstrator alone, a sixth of the data, the reference'
            f' demonstrator with pauses (heads {BASE} and {CONTROL}), and '
            f'{" and ".join(VERSION_0)} told whose demonstration they see, and then asked to '
            'imitate each of the six in turn.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return the claim's cells, one training of each condition after the other; controls."""
        return self._claims() if self.quick else self._claims() + self._controls()

    def _claims(self) -> list[Cell]:
        """Return every head, taught by one and by six; version 0 told by whom, too."""
        found = []
        for seed in range(self.trainings):
            for task in self.tasks:
                for crowd, who in (('one', SIX[:1]), ('six', SIX)):
                    found += [self._cell(task, crowd, who, head, seed) for head in self.heads]
                for head in self.bases:
                    found.append(self._cell(task, 'six', SIX, head, seed, told=True))
        return found

    def _controls(self) -> list[Cell]:
        """Return what else could explain a gap: who demonstrates, how much, and how steadily."""
        found = []
        for seed in range(self.trainings):
            for task in self.tasks:
                for head in (BASE, CONTROL):
                    less = self.bags // len(SIX)
                    found.append(self._cell(task, 'sixth', SIX[:1], head, seed, bags=less))
                    found.append(self._cell(task, 'pausing', (PAUSING,), head, seed))
                    if seed < 2:
                        alone = [(f'alone {who}', (who,)) for who in SIX[1:]]
                        found += [self._cell(task, *who, head, seed) for who in alone]
        return found

    def _cell(
        self,
        task: str,
        crowd: str,
        who: Sequence[int],
        head: str,
        seed: int,
        told: bool = False,
        bags: int = 0,
    ) -> Cell:
        """Return one training and its roll-outs."""
        inputs = [*INPUTS, DEMONSTRATOR] if told else list(INPUTS)
        common = {**lasting(self.seconds), 'seed': seed, 'input_noise': NOISE[task]}
        settings = {
            'train': shipped(head, inputs=inputs, width=WIDTHS[head], **common),
            'task': task,
            'validation': [self.validation.start, self.validation.stop],
            'test': [self.test.start, self.test.stop],
            'told': len(who) if told else 0,
        }
        name = f'{head} told' if told else head
        need = demonstrations(task, who, bags or self.bags)
        return Cell(f'{task}/{crowd}/{name}/{seed}', settings, (need,))

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record demonstrations."""
        return imitation.record(need, scratch)

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Train, choose nothing, and roll out on validation and on test seeds."""
        given, [need] = cell.settings, cell.needs
        with TemporaryDirectory(dir=scratch) as folder:
            out = Path(folder)
            trained = imitation.fit(given['train'], need.folder(scratch), out)
            chosen = play(out, given['task'], range(*given['validation']), given['told'])
            tested = play(out, given['task'], range(*given['test']), given['told'])
            size = imitation.parameters(out)
        told = {'validation': wins(chosen), 'test': wins(tested), 'failures': kinds(tested)}
        return {**told, 'parameters': size, 'trained': trained}

    def table(self, done: Done) -> Table:
        """Return success by task, crowd and head, and what it is above least squares."""
        rows = []
        for name in conditions(done):
            task, crowd, head = name.split('/')
            mine, base = of(done, name), of(done, f'{task}/{crowd}/{BASE}')
            above = difference(mine, base) if len(mine) == len(base) else None
            rows.append(
                {
                    'task': task,
                    'demonstrators': crowd,
                    'head': head,
                    'parameters': sizes(done, name),
                    'trainings': len(mine),
                    **columns('success', rate(mine)),
                    **columns(f'above {BASE}', above),
                }
            )
        return rows

    def verdict(self, done: Done) -> str:
        """Return the interaction of each task, and what telling who demonstrates does."""
        return self._answer(done, self.tasks)

    def so_far(self, done: Done) -> str:
        """Return the same of the tasks whose trainings of the claim are all there."""
        return self._answer(done, finished_tasks(self._claims(), done))

    def _answer(self, done: Done, tasks: Sequence[str]) -> str:
        rich = [head for head in self.heads if head not in VERSION_0]
        claims = {
            (task, base): claim(done, task, base, rich) for task in tasks for base in self.bases
        }
        p = holm({f'{task} {base}': found.p for (task, base), (_, found) in claims.items()})
        said = []
        for (task, base), (best, found) in claims.items():
            before = of(done, f'{task}/six/{base}')
            told = difference(of(done, f'{task}/six/{base} told'), before)
            gap = difference(of(done, f'{task}/six/{best["six"]}'), before)
            said.append(
                f'{task}: with six demonstrators {best["six"]} is {text(gap)} above {base}; with '
                f'one, {best["one"]} is the best; the interaction is {text(found)}, '
                f'p = {p[f"{task} {base}"]:.3f} after Holm. Told who demonstrates, {base} gains '
                f'{text(told)}.'
            )
        return ' '.join(said)

    def draw(self, done: Done) -> 'Figure':
        """Return success by head, a panel a task, one demonstrator beside six."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(3.6 * len(self.tasks) + 1, 3.4), layout='constrained')
        axes = figure.subplots(1, len(self.tasks), sharey=True, squeeze=False)[0]
        heads = [*self.heads, *(f'{head} told' for head in self.bases)]
        for axis, task in zip(axes, self.tasks, strict=True):
            for offset, crowd in ((-0.2, 'one'), (0.2, 'six')):
                bars(axis, done, [f'{task}/{crowd}/{head}' for head in heads], offset, crowd)
            axis.set_xticks(range(len(heads)), heads, rotation=60, ha='right')
            axis.set_title(task)
        axes[0].set_ylabel('success')
        axes[0].set_ylim(0, 1)
        shown = [axis for axis in axes if axis.get_legend_handles_labels()[0]]
        if shown:
            told = shown[0].get_legend_handles_labels()
            figure.legend(*told, title='demonstrators', loc='outside right upper')
        return figure


def claim(
    done: Done, task: str, base: str, heads: Sequence[str]
) -> tuple[dict[str, str], Estimate]:
    """
    Return the best of heads in each crowd, and the interaction of that, or base, and crowd.

    The best is chosen for one demonstrator, too, which can only make the interaction smaller.
    """
    best = {
        crowd: max(heads, key=lambda h: of(done, f'{task}/{crowd}/{h}', 'validation').mean())
        for crowd in ('one', 'six')
    }
    ours, before = (of(done, f'{task}/{crowd}/{best[crowd]}') for crowd in ('six', 'one'))
    theirs, theirs_before = (of(done, f'{task}/{crowd}/{base}') for crowd in ('six', 'one'))
    return best, interaction(ours, theirs, before, theirs_before)

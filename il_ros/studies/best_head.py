"""Best head: how far imitation alone gets on each task, with a choice made beforehand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from il_ros.config import load_yaml
from il_ros.rollout.statistics import wilson
from il_ros.session.seeds import TEST, VALIDATION
from il_ros.share import share
from il_ros.studies.imitation import demonstrations, fit_each, kinds, lasting, play, shipped, wins
from il_ros.studies.study import Cell, Done, Result, Study, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WANTED = {'transfer': 0.95, 'detour': 0.90, 'transport': 0.85, 'insertion': 0.80, 'hang': 0.80}
CANDIDATES = ('l1', 'cvae', 'diffusion', 'flow')


class BestHead(Study):
    """The candidate that does best on validation seeds, on test seeds; a cell a task."""

    question = (
        'How often does imitation alone succeed on each task, with the head that suits it best?'
    )
    does_not_show = (
        'Which head is best in general: one training of each decides, and the ones that were not '
        'chosen are not rolled out on test seeds. One demonstrator, who is scripted; the '
        'observation is the state.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.wanted = {'transfer': WANTED['transfer']} if quick else WANTED
        self.candidates = CANDIDATES[-1:] if quick else CANDIDATES
        self.bags = 2 if quick else 200
        self.seconds = 0.5 if quick else 240.0
        self.validation = VALIDATION[: 1 if quick else 50]
        self.test = TEST[: 1 if quick else 300]
        self.seeds: Mapping[str, Any] = {
            'demonstrations': f'0 to {self.bags - 1}',
            'trainings': 0,
            'choosing the head': f'{self.validation.start} to {self.validation.stop - 1}',
            'success': f'{self.test.start} to {self.test.stop - 1}',
        }
        self.method = (
            f'{self.bags} demonstrations of demonstrator 0 on each task; {self.seconds:g} s of one'
            f' core for each training of {", ".join(f"`{head}`" for head in self.candidates)}, as '
            'they ship, with settings of `config/train/` for a task that has some. The one with '
            f'most successes in {len(self.validation)} validation episodes is rolled out in '
            f'{len(self.test)} others. Intervals: Wilson, 95 %.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return a cell a task."""
        return [self._cell(task) for task in self.wanted]

    def _cell(self, task: str) -> Cell:
        """Return the choice among trained candidates, and the roll-outs of the chosen one."""
        settings = {
            'task': task,
            'validation': [self.validation.start, self.validation.stop],
            'test': [self.test.start, self.test.stop],
        }
        training = {
            head: _settings(task, head, **lasting(self.seconds)) for head in self.candidates
        }
        bags = demonstrations(task, (0,), self.bags)
        return Cell(task, settings, (Cell(f'best-head/{task}', training, (bags,)),))

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record the demonstrations and train the candidates, where that was not done."""
        fit_each(need, scratch)
        return {}

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Choose on validation seeds; roll the chosen one out on test seeds."""
        given, [need] = cell.settings, cell.needs
        found = {}
        for head in need.settings:
            trials = play(need.folder(scratch) / head, given['task'], range(*given['validation']))
            found[head] = wins(trials)
        best = max(found, key=lambda head: found[head].count('1'))
        tested = play(need.folder(scratch) / best, given['task'], range(*given['test']))
        told = {'validation': found, 'head': best, 'test': wins(tested)}
        return {**told, 'failures': kinds(tested)}

    def table(self, done: Done) -> Table:
        """Return a row a task."""
        return [
            {
                'task': task,
                'head': found['head'],
                'success': round(_success(found['test'])[0], 3),
                'success, 95 %': [round(end, 3) for end in _success(found['test'])[1:]],
                'wanted': self.wanted[task],
                'failures': ', '.join(f'{n} {kind}' for kind, n in found['failures'].items()),
                'validation': ', '.join(
                    f'{head} {digits.count("1")}/{len(digits)}'
                    for head, digits in found['validation'].items()
                ),
            }
            for task, found in done.items()
        ]

    def verdict(self, done: Done) -> str:
        """Say of each task whether it is reached."""
        said = []
        for row in self.table(done):
            word = 'reached' if row['success'] >= row['wanted'] else 'not reached'
            said.append(
                f'{row["task"]}: {row["head"]} {row["success"]:.3f}, {row["wanted"]} {word}'
            )
        return '; '.join(said) + '.'

    def draw(self, done: Done) -> 'Figure':
        """Return success with its interval beside what was wanted."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5, 3), layout='constrained')
        axis = figure.subplots()
        for place, (task, found) in enumerate(done.items()):
            value, low, high = _success(found['test'])
            ends = [[value - low], [high - value]]
            axis.bar(place, value, 0.6, yerr=ends, capsize=3, color='C0')
            axis.hlines(self.wanted[task], place - 0.4, place + 0.4, color='C3')
        axis.set_xticks(range(len(done)), [f'{t}\n{found["head"]}' for t, found in done.items()])
        axis.set_ylabel('success; red: wanted')
        axis.set_ylim(0, 1)
        return figure


def _settings(task: str, head: str, **common: Any) -> dict[str, Any]:
    """Return the settings of a head as it ships, on a task that may have settings of its own."""
    path = share('config', 'train', f'{task}.yaml')
    own = load_yaml(path) if path.is_file() else {}
    return {**shipped(head), **own, 'head': head, **common}


def _success(digits: str) -> tuple[float, float, float]:
    """Return the success of one checkpoint, and its interval."""
    won = digits.count('1')
    return won / len(digits), *wilson(won, len(digits))

"""The table of heads: what each can say, what a chunk costs, how well it did in the studies."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from il_ros.dataset.cache import load_episodes
from il_ros.dataset.windows import Windows
from il_ros.policy.pilot import Pilot, load_pilot
from il_ros.policy.registry import HEADS
from il_ros.robot.load import load_robot
from il_ros.share import share
from il_ros.spec import Observation
from il_ros.studies import imitation
from il_ros.studies.imitation import ROBOT, shipped
from il_ros.studies.page import RESULT
from il_ros.studies.study import Cell, Done, Result, Study, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUCCESS = 'version0-vs-version1'  # the study whose rows say how often a head succeeds
TASK = 'transfer'  # that a head is shown before its chunks are timed
TASKS = ('transfer', 'detour', 'transport')
CROWDS = ('one', 'six')  # demonstrators
WARM_UP = 3  # chunks that are not timed


class Heads(Study):
    """Milliseconds a chunk, measured; distribution, likelihood, success and source, looked up."""

    question = 'Which heads are there, what can each say, and what does a chunk cost?'
    does_not_show = (
        'Policies that see images, or other chunk lengths than those in `config/train/`. Networks '
        'are trained for a moment only, so that `autoregressive` writes chunks as short as they '
        'are; of the processor only the time of this program counts, on whatever else the machine '
        'was doing it depends a little.'
    )
    seeds: Mapping[str, Any] = {'weights': 0, 'demonstrations': 'from 0'}

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.chunks = 3 if quick else 50
        self.bags = 2 if quick else 10
        self.steps = 1 if quick else 300
        self.method = (
            f'Every head as it ships, one thread, batch 1: the median time of {self.chunks} '
            f'chunks of 14 joints, after {self.steps} steps on {self.bags} demonstrations of '
            f"`{TASK}`. Distribution and source are the head's own words; success is "
            f'that of the study `{SUCCESS}`, and – where it has none yet.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return a cell a head."""
        need = imitation.demonstrations(TASK, (0,), self.bags)
        common = {'steps': self.steps, 'batch': 64}
        return [
            Cell(head, {'train': shipped(head, **common), 'chunks': self.chunks}, (need,))
            for head in HEADS
        ]

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record demonstrations."""
        return imitation.record(need, scratch)

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Train a head for a moment, and time its chunks."""
        spec, bags = load_robot(ROBOT), cell.needs[0].folder(scratch)
        with TemporaryDirectory(dir=scratch) as folder:
            imitation.fit(cell.settings['train'], bags, Path(folder))
            pilot = load_pilot(Path(folder), spec, 'cpu')
        seen = Windows(load_episodes(bags, spec, include_suspect=True), spec, pilot.config).values
        return {
            'ms': milliseconds(pilot, seen, cell.settings['chunks']),
            'parameters': sum(weight.numel() for weight in pilot.policy.parameters()),
            'likelihood': pilot.policy.head.likelihood,
            'T': pilot.config.T,
        }

    def table(self, done: Done) -> Table:
        """Return a row a head; None for what no study has found yet."""
        known = successes()
        return [{**_row(head, found), **_found(head, known)} for head, found in done.items()]

    def verdict(self, done: Done) -> str:
        """Say which head is fastest and slowest, and which successes are missing."""
        order = sorted(done, key=lambda head: done[head]['ms'])
        known = successes()
        wanted = [(task, crowd, head) for task in TASKS for crowd in CROWDS for head in done]
        missing = sum(place not in known for place in wanted)
        said = (
            f'A chunk takes from {done[order[0]]["ms"]:.1f} ms (`{order[0]}`) to '
            f'{done[order[-1]]["ms"]:.1f} ms (`{order[-1]}`) of one core.'
        )
        if not missing:
            return said
        return f'{said} {missing} of {len(wanted)} successes are not in `{SUCCESS}`.'

    def draw(self, done: Done) -> 'Figure':
        """Return milliseconds a chunk as bars, on a logarithmic scale."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 3), layout='constrained')
        axis = figure.subplots()
        axis.barh(list(done), [found['ms'] for found in done.values()])
        axis.set(xlabel='milliseconds a chunk, one core, batch 1', xscale='log')
        return figure


def milliseconds(pilot: Pilot, seen: Mapping[str, np.ndarray], chunks: int) -> float:
    """Return the median processor time [ms] of chunks, spread over what was seen, (R, D) each."""
    rows, spent = len(next(iter(seen.values()))), []
    for row in np.linspace(0, rows - 1, WARM_UP + chunks).astype(int):
        pilot.observe(Observation(0, {name: values[row] for name, values in seen.items()}))
        began = time.thread_time()
        pilot.plan()
        spent.append(1e3 * (time.thread_time() - began))
    return round(median(spent[WARM_UP:]), 3)


def successes(docs: Path | None = None) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return (task, demonstrators, head) -> row of the study that knows; {} where it never ran."""
    path = (docs or share('docs')) / 'studies' / SUCCESS / RESULT
    rows = json.loads(path.read_text())['table'] if path.is_file() else []
    return {(row['task'], row['demonstrators'], row['head']): row for row in rows}


def words(head: str) -> tuple[str, str]:
    """Return what a head says of itself: its distribution, and its first source on arXiv."""
    module, name = HEADS[head].split(':')
    loaded = import_module(module)
    first = (loaded.__doc__ or '').split('\n')[0]
    source = re.search(r'arXiv:(\d{4}\.\d{4,5})', getattr(loaded, name).__doc__ or '')
    link = f'[{source[0]}](https://arxiv.org/abs/{source[1]})' if source else '–'
    return first.partition(': ')[2].rstrip('.'), link


def _row(head: str, found: Result) -> dict[str, Any]:
    """Return what is known of a head without a robot."""
    distribution, source = words(head)
    return {
        'head': f'`{head}`',
        'distribution': distribution,
        'likelihood': found['likelihood'],
        'ms a chunk': round(found['ms'], 1),
        'ticks': found['T'],
        'source': source,
    }


def _found(head: str, known: Mapping[tuple[str, str, str], dict[str, Any]]) -> dict[str, Any]:
    """Return a head's success on each task, with one demonstrator and with six."""
    return {
        f'{task}, {crowd}': known.get((task, crowd, head), {}).get('success')
        for task in TASKS
        for crowd in CROWDS
    }

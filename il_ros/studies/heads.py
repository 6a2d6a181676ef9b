"""The table of heads: what each can say, what a chunk costs, how well it did in the studies."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from il_ros.config import from_mapping
from il_ros.policy.config import TrainConfig
from il_ros.policy.model import ACTION, Policy
from il_ros.policy.pilot import Pilot
from il_ros.policy.registry import HEADS
from il_ros.robot.load import load_robot
from il_ros.share import share
from il_ros.spec import Observation, RobotSpec
from il_ros.studies.imitation import ROBOT, shipped
from il_ros.studies.page import RESULT
from il_ros.studies.study import Cell, Done, Result, Study, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUCCESS = 'version0-vs-version1'  # the study whose rows say how often a head succeeds
TASKS = ('transfer', 'detour', 'transport')
CROWDS = ('one', 'six')  # demonstrators
INPUTS = (
    'position',
    'velocity',
)  # of which every robot knows the width; what is seen costs little
WARM_UP = 3  # chunks that are not timed


class Heads(Study):
    """Milliseconds a chunk, measured; distribution, likelihood, success and source, looked up."""

    question = 'Which heads are there, what can each say, and what does a chunk cost?'
    does_not_show = (
        'Policies that see images, or other chunk lengths than those in `config/train/`. Networks '
        'are untrained, which takes as long; of the processor only the time of this program '
        'counts, on whatever else the machine was doing it depends a little.'
    )
    seeds: Mapping[str, Any] = {'weights': 0}

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.chunks = 3 if quick else 50
        self.method = (
            f'Every head as it ships, one thread, batch 1: the median time of {self.chunks} '
            "chunks of 14 joints. Distribution and source are the head's own words; success is "
            f'that of the study `{SUCCESS}`, and – where it has none yet.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return a cell a head."""
        return [Cell(name, {'train': shipped(name), 'chunks': self.chunks}) for name in HEADS]

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Time a head's chunks."""
        spec = load_robot(ROBOT)
        given = {**cell.settings['train'], 'inputs': INPUTS}
        policy = untrained(from_mapping(TrainConfig, given, cell.key), spec)
        return {
            'ms': milliseconds(Pilot(policy, spec, ''), spec, cell.settings['chunks']),
            'parameters': sum(weight.numel() for weight in policy.parameters()),
            'likelihood': policy.head.likelihood,
            'T': policy.config.T,
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


def untrained(config: TrainConfig, spec: RobotSpec) -> Policy:
    """Return a policy with its first weights, for any observation of the robot."""
    statistics = {}
    for name in (*config.inputs, ACTION):
        statistics[f'{name}.mean'] = torch.zeros(spec.size)
        statistics[f'{name}.std'] = torch.ones(spec.size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Policy(config, statistics)


def milliseconds(pilot: Pilot, spec: RobotSpec, chunks: int) -> float:
    """Return the median processor time of a chunk [ms]."""
    pilot.observe(Observation(0, {name: np.zeros(spec.size) for name in INPUTS}))
    spent = []
    for _ in range(WARM_UP + chunks):
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

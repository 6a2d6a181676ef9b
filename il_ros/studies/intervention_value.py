"""What a person is worth, moment by moment: the policy and an expert go on from saved states."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from il_ros.config import load_yaml
from il_ros.report.palette import COLOURS
from il_ros.rollout.branching import Moment, expert_goes_on, policy_goes_on, run_with_moments
from il_ros.rollout.evaluate import make_loop
from il_ros.rollout.statistics import rate
from il_ros.session.seeds import VALIDATION
from il_ros.share import share
from il_ros.spec import Who
from il_ros.studies import imitation
from il_ros.studies.conditions import columns
from il_ros.studies.study import Cell, Done, Result, Study, Table, finished_tasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVERY_S = 0.5  # moments that are saved
JUDGED = 8  # one saved moment in so many is judged, the first of them at random
ROLLOUTS = 10  # of the policy, and of the expert, from a moment
AGREED = 4  # that end alike, and none otherwise, decide a moment
HALF = 0.5  # a value above it is taken for success
# Weakened on purpose, mostly by few demonstrations: about every other episode fails.
WEAK = {  # config/train, demonstrations, steps
    'transfer': ('flow', 20, 8000),
    'insertion': ('insertion', 60, 8000),
    'transport': ('flow', 30, 8000),
}
Wins = tuple[int, int]  # and of how many


class InterventionValue(Study):
    """The value of going on, and of a take-over, at moments of a weakened policy's episodes."""

    question = (
        'At which moments of an episode is a person needed: when does the policy fail from there, '
        'while an expert who takes over still succeeds, and until when?'
    )
    does_not_show = (
        'What a real person would do: the expert knows the state, takes over at once and errs '
        'little. An episode that only runs out of time counts as failed; nobody is given more.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.weak = {'detour': ('flow', 2, 10)} if quick else WEAK  # its failures are short
        self.tested = VALIDATION[: 1 if quick else 200]
        self.rollouts = 1 if quick else ROLLOUTS
        self.judged = JUDGED
        self.every_s = 5.0 if quick else EVERY_S
        self.seeds = {
            'demonstrations': f'0 to {max(bags for _, bags, _ in self.weak.values()) - 1}',
            'episodes': f'{self.tested.start} to {self.tested.stop - 1}',
        }
        self.method = (
            f'A weakened checkpoint for each task, {len(self.tested)} episodes each. The state of '
            'simulator, arbiter and policy is saved at every '
            f'{self.every_s:g} s; from one in {self.judged} of these moments up to '
            f'{self.rollouts} roll-outs of the policy, each with draws of its own, and up to as '
            'many of an expert '
            f'who takes over at once; {AGREED} that end alike decide. Where the policy is sure to '
            f'succeed the expert is not asked. *Needed*: the policy succeeds in at most {HALF:g} '
            'of its roll-outs, the expert in more. The last recoverable moment of a failed '
            'episode, the last from which the expert succeeds, is found by halving among all '
            'saved moments. Intervals (95 %): bootstrap over episodes.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return an episode each, the tasks in turn."""
        return [self.cell_of(task, seed) for seed in self.tested for task in self.weak]

    def cell_of(self, task: str, seed: int) -> Cell:
        """Return the episode of a seed."""
        config, bags, steps = self.weak[task]
        length = {'steps': steps, 'save_every': steps}
        train = {**load_yaml(share('config', 'train', f'{config}.yaml')), **length}
        need = Cell(
            f'intervention-value/{task}',
            {'weak': train},
            (imitation.demonstrations(task, (0,), bags),),
        )
        settings = {
            'task': task,
            'seed': seed,
            'rollouts': self.rollouts,
            'judged': self.judged,
            'every_s': self.every_s,
        }
        return Cell(f'{task}/{seed}', settings, (need,))

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record the demonstrations and train the weakened policy."""
        imitation.fit_each(need, scratch)
        return {}

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Judge the moments of an episode."""
        judged = cell.folder(scratch) / 'judged.json'  # for other studies of the same episodes
        if not judged.is_file():
            found = self._judge(cell, scratch)
            judged.parent.mkdir(parents=True, exist_ok=True)
            judged.write_text(json.dumps(found))
        return json.loads(judged.read_text())

    def _judge(self, cell: Cell, scratch: Path) -> Result:
        given, [need] = cell.settings, cell.needs
        loop = make_loop(str(need.folder(scratch) / 'weak'), imitation.ROBOT, given['task'])
        with closing(loop.world):
            outcome, moments = run_with_moments(loop, given['seed'], given['every_s'])
            values = Values(loop, given['task'], given['rollouts'])
            first = np.random.default_rng(given['seed']).integers(given['judged'])
            rows = [values.at(m) for m in moments[first % len(moments) :: given['judged']]]
            is_failed = outcome.state != 'success'
            last = last_recoverable(moments, values.is_recoverable) if is_failed else None
        return {
            'state': outcome.state,
            'reason': outcome.reason,
            'elapsed_s': outcome.elapsed_s,
            'moment_s': outcome.moment_s,
            'moments': rows,
            'last_recoverable_s': None if last is None else last.at_s,
            'rollouts': values.spent,
        }

    def table(self, done: Done) -> Table:
        """Return what became of each task's episodes, and how often a person is needed."""
        return [self._row(task, of_task(done, task)) for task in self.weak if of_task(done, task)]

    def _row(self, task: str, episodes: Sequence[Result]) -> dict[str, Any]:
        wins = np.array([[e['state'] == 'success' for e in episodes]], dtype=float)
        asked = np.array([[any(is_needed(m) for m in e['moments']) for e in episodes]], float)
        moments = [m for e in episodes for m in e['moments']]
        margins = [margin_s(e) for e in episodes if e['last_recoverable_s'] is not None]
        return {
            'task': task,
            'episodes': len(episodes),
            **columns('success', rate(wins)),
            **columns('episodes that need a person', rate(asked)),
            'moments': len(moments),
            'needed': round(float(np.mean([is_needed(m) for m in moments])), 3),
            'lost': round(float(np.mean([is_lost(m) for m in moments])), 3),
            'from last recoverable to failure [s]': (
                round(float(np.median(margins)), 1) if margins else None
            ),
            'roll-outs an episode': round(float(np.mean([e['rollouts'] for e in episodes])), 1),
        }

    def draw(self, done: Done) -> 'Figure':
        """Draw both values over the time that is left in failed episodes, task by task."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4 * len(self.weak), 3), layout='constrained')
        axes = figure.subplots(1, len(self.weak), sharey=True, squeeze=False)[0]
        for axis, task in zip(axes, self.weak, strict=True):
            failed = [e for e in of_task(done, task) if e['state'] != 'success']
            for who, colour in (('policy', COLOURS[Who.POLICY]), ('expert', COLOURS[Who.HUMAN])):
                rows = [
                    (m['at_s'] - e['elapsed_s'], m[who][0] / m[who][1])
                    for e in failed
                    for m in e['moments']
                    if m[who]
                ]
                if rows:
                    axis.plot(*binned(np.array(rows)), color=colour, marker='o', label=who)
            axis.set(title=f'{task}, {len(failed)} failed', xlabel='before the end [s]')
            axis.set_ylim(-0.03, 1.03)
        axes[0].set_ylabel('value: success from there')
        if axes[0].get_legend_handles_labels()[0]:
            axes[0].legend()
        return figure

    def verdict(self, done: Done) -> str:
        """Say how often, and for how long, a person is needed."""
        return self._answer(done, list(self.weak))

    def so_far(self, done: Done) -> str:
        """Return the same of the tasks whose episodes are all there."""
        return self._answer(done, finished_tasks(self.cells(), done))

    def _answer(self, done: Done, tasks: Sequence[str]) -> str:
        said = []
        for row in self.table(done):
            if row['task'] not in tasks:
                continue
            low, high = row['episodes that need a person, 95 %']
            said.append(
                f'{row["task"]}: the policy succeeds in {row["success"]:.2f} of '
                f'{row["episodes"]}; {row["episodes that need a person"]:.2f} [{low:.2f}, '
                f'{high:.2f}] have a moment at which a person is needed, and '
                f'{row["needed"]:.2f} of all moments are such, {row["lost"]:.2f} '
                'are lost to both; from the last recoverable moment to the end of a failed '
                f'episode it is {row["from last recoverable to failure [s]"]} s in the median.'
            )
        return ' '.join(said)


class Values:
    """What a moment is worth with the policy, and with the expert, by rolling both out."""

    def __init__(self, loop: Any, task: str, rollouts: int):
        self._loop, self._task, self._rollouts = loop, task, rollouts
        self._experts: dict[float, Wins] = {}
        self.spent = 0  # roll-outs

    def at(self, moment: Moment) -> dict[str, Any]:
        """Return wins and roll-outs of the policy and of the expert, None where not asked."""
        policy = self.policy(moment)
        expert = None if policy[0] == policy[1] else self.expert(moment)
        return {'at_s': moment.at_s, 'policy': policy, 'expert': expert}

    def policy(self, moment: Moment) -> Wins:
        """Return wins and roll-outs of the policy."""
        most = self._rollouts if moment.pilot.policy.head.is_random else 1
        return self._count(lambda seed: policy_goes_on(self._loop, moment, seed), most)

    def expert(self, moment: Moment) -> Wins:
        """Return wins and roll-outs of the expert, which are made once."""
        if moment.at_s not in self._experts:
            self._experts[moment.at_s] = self._count(
                lambda seed: expert_goes_on(self._loop, moment, self._task, seed),
                self._rollouts,
            )
        return self._experts[moment.at_s]

    def is_recoverable(self, moment: Moment) -> bool:
        """Whether the expert is more likely than not to succeed from there."""
        wins, n = self.expert(moment)
        return wins > HALF * n

    def _count(self, succeeds: Callable[[int], bool], most: int) -> Wins:
        """Return wins and roll-outs, as many as it takes to decide, and no more than most."""
        wins = 0
        for seed in range(most):
            wins += succeeds(seed)
            self.spent += 1
            if seed + 1 >= AGREED and wins in (0, seed + 1):
                return wins, seed + 1
        return wins, most


def last_recoverable(
    moments: Sequence[Moment], is_recoverable: Callable[[Moment], bool]
) -> Moment | None:
    """
    Return the last moment from which there was help, None if there never was; by halving.

    What cannot be saved any more is taken to stay so.
    """
    if not is_recoverable(moments[0]):
        return None
    low, high = 0, len(moments)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_recoverable(moments[middle]) else (low, middle)
    return moments[low]


def of_task(done: Done, task: str) -> list[Result]:
    """Return the finished episodes of a task."""
    return [result for key, result in done.items() if key.startswith(f'{task}/')]


def is_needed(moment: Mapping[str, Any]) -> bool:
    """Whether the policy fails from there, and the expert does not."""
    return not _wins(moment['policy']) and moment['expert'] is not None and _wins(moment['expert'])


def is_lost(moment: Mapping[str, Any]) -> bool:
    """Whether both fail from there."""
    is_failed = moment['expert'] is not None and not _wins(moment['expert'])
    return is_failed and not _wins(moment['policy'])


def _wins(found: Sequence[int]) -> bool:
    return found[0] > HALF * found[1]


def margin_s(episode: Mapping[str, Any]) -> float:
    """Return how long before its end a failed episode could last be saved [s]."""
    return float(episode['elapsed_s'] - episode['last_recoverable_s'])


def binned(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean value of each second, of rows (n, 2) of time [s] and value."""
    seconds = np.floor(rows[:, 0])
    places = np.unique(seconds)
    return places + 0.5, np.array([rows[seconds == place, 1].mean() for place in places])

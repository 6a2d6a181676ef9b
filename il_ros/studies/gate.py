"""Whether a policy's scores tell when a person is needed, and how long before it is too late."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from il_ros.dataset.cache import load_episodes
from il_ros.policy.load import load_policy
from il_ros.policy.scores import SCORES
from il_ros.policy.scores.base import NoScore
from il_ros.policy.scores.gauges import MEMBERS, members
from il_ros.policy.scores.kept import TABLE, Kept, keep
from il_ros.registry import lookup, make
from il_ros.robot.load import load_robot
from il_ros.rollout.evaluate import make_loop
from il_ros.session.collect import Collection, collect
from il_ros.session.local import LocalRig
from il_ros.session.seeds import TRAINING, VALIDATION
from il_ros.spec import Step
from il_ros.studies import imitation
from il_ros.studies.gate_figure import draw
from il_ros.studies.gate_table import (
    RATE,
    SPLITS,
    newest,
    records,
    replicates,
    row_of,
    with_baselines,
)
from il_ros.studies.intervention_value import InterventionValue, is_lost, is_needed, of_task
from il_ros.studies.study import Cell, Done, Result, Study, Table, finished_tasks
from il_ros.trainer.gauging import fitted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BASELINES = ('time', 'random')  # what any score has to beat
OTHERS = TRAINING[500_000:]  # seeds that no demonstration has


class Gate(Study):
    """Every score against the ground truth of moments, on weakened policies."""

    question = (
        'Can it be known when a person is needed: which score tells the moments from which the '
        'policy fails and an expert still succeeds, and how long before it is too late?'
    )
    does_not_show = (
        'What a gate brings to HG-DAgger, and other checkpoints than one weakened on purpose, on '
        'the state. Moments at which nobody could help any more count for neither side. The best '
        'score is named on the episodes that it is reported on.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.value = InterventionValue(quick)
        self.judged = self.value.tested
        self.plain = VALIDATION[:0] if quick else VALIDATION[200:1200]
        self.scores = ('distance', 'risk') if quick else tuple(SCORES)
        self.members = 0 if quick else 2
        self.practice = 1 if quick else 100  # episodes to learn from, alone, and as many corrected
        self.operators = ('off',) if quick else ('off', 'correct')
        self.seeds = {
            'to fit scores': f'{OTHERS[0]} to {OTHERS[2 * self.practice - 1]}',
            'judged episodes': f'{self.judged.start} to {self.judged.stop - 1}',
            'other episodes': f'{self.plain.start} to {self.plain.stop - 1}',
        }
        self.method = (
            'The policies, episodes and judged moments of `intervention-value`. Scores are fitted '
            'to the demonstrations; those that learn from interventions also to '
            f'{self.practice} episodes of the policy alone and as many in which the synthetic '
            f'operator corrects it; an ensemble has {self.members + 1} members. AUROC: needed '
            'against not needed, the expert failing in neither. Failed episodes last longer, so '
            'that the clock alone would know: at matched length each counts only as far as '
            'successes last, moment by moment by the share of these. Also told are all pairs at '
            'any time, and only those in the same second since the start. Intervals (95 %): '
            'bootstrap over episodes. The bound is '
            f'calibrated on half of the successful episodes for {RATE:g} false alarms each, and '
            f'counted on the other half, over {SPLITS} splits; a warning is the time from the '
            'first call to the last recoverable moment. `time` and `random` are a gate that only '
            'looks at the clock (which at the same rate of false alarms is also a periodic check) '
            'and one that draws.'
        )

    def cells(self) -> Sequence[Cell]:
        """Return an episode each, the tasks in turn; judged ones first."""
        seeds = [('judged', seed) for seed in self.judged]
        seeds += [('plain', seed) for seed in self.plain]
        return [self._cell(task, *which) for which in seeds for task in self.value.weak]

    def _cell(self, task: str, kind: str, seed: int) -> Cell:
        truth = self.value.cell_of(task, seed)
        need = Cell(
            f'gate/{task}',
            {
                'task': task,
                'scores': list(self.scores),
                'members': self.members,
                'practice': self.practice,
                'operators': list(self.operators),
            },
            truth.needs,
        )
        given = {**truth.settings, 'kind': kind} if kind == 'judged' else {'kind': kind}
        return Cell(f'{task}/{kind}/{seed}', {**given, 'task': task, 'seed': seed}, (need,))

    # -- what it takes ------------------------------------------------------------------------

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Train the weakened policy and its ensemble, let it practise, and fit its scores."""
        [trained], given = need.needs, need.settings
        imitation.fit_each(trained, scratch)
        out = need.folder(scratch) / 'policy'
        if not (out / TABLE).is_file():
            weak = trained.folder(scratch) / 'weak'
            shutil.copytree(weak, out, dirs_exist_ok=True)
            demonstrations = trained.needs[0].folder(scratch)
            for seed in range(1, given['members'] + 1):
                member = {**trained.settings['weak'], 'seed': seed}
                if not imitation.is_trained(out / MEMBERS / str(seed)):
                    imitation.fit(member, demonstrations, out / MEMBERS / str(seed))
            practised = self._practise(need, weak, scratch)
            _fit(out, given['scores'], [demonstrations], practised)
        return {'scores': list(given['scores'])}

    def _practise(self, need: Cell, weak: Path, scratch: Path) -> list[Path]:
        """Return bags of the policy alone, and of the operator correcting it."""
        given, folders = need.settings, []
        rig = LocalRig(load_robot(imitation.ROBOT), given['task'])
        rig.load(str(weak))
        for number, operator in enumerate(given['operators']):
            seeds = OTHERS[number * given['practice'] :]
            folder = need.folder(scratch) / operator
            plan = (given['task'], given['practice'], seeds, operator)
            collect(rig, Collection(folder, *plan, with_policy=True), lambda result: None)
            folders.append(folder)
        return folders

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Roll an episode out with its scores, and look up or judge its moments."""
        given, [need] = cell.settings, cell.needs
        plans: list[tuple[float, dict[str, float]]] = []

        def note(step: Step) -> None:
            if step.chunk is not None:
                scores = {name: reading.value for name, reading in step.chunk.scores.items()}
                plans.append((step.outcome.elapsed_s, scores))

        folder = need.folder(scratch) / 'policy'
        loop = make_loop(str(folder), imitation.ROBOT, given['task'])
        loop.subscribers.append(note)
        with closing(loop.world):
            outcome = loop.run(given['seed'])
        plans = with_baselines(plans, given['seed'])
        found: Result = {
            'state': outcome.state,
            'elapsed_s': outcome.elapsed_s,
            'records': {name: records(plans, name) for name in plans[0][1]},
        }
        if given['kind'] == 'judged':
            truth = self.value.run(self.value.cell_of(given['task'], given['seed']), scratch)
            rows = [m for m in truth['moments'] if not is_lost(m)]
            found['last_recoverable_s'] = truth['last_recoverable_s']
            found['moments'] = [
                {'at_s': m['at_s'], 'needed': is_needed(m), **newest(plans, m['at_s'])}
                for m in rows
            ]
        return found

    # -- what comes of it ---------------------------------------------------------------------

    def table(self, done: Done) -> Table:
        """Return how well each score foretells, task by task; baselines last."""
        rows = []
        for task in self.value.weak:
            episodes = of_task(done, task)
            judged = _judged(done, task)
            names = list(episodes[0]['records']) if episodes else []
            clock = replicates(judged, 'time') if names else {}
            rows += [row_of(task, name, judged, episodes, clock) for name in names]
        return rows

    def draw(self, done: Done) -> 'Figure':
        """Draw how well each score tells, and the best ones second by second."""
        judged = {task: _judged(done, task) for task in self.value.weak}
        return draw(self.table(done), judged, BASELINES)

    def verdict(self, done: Done) -> str:
        """Name the best score of each task and what it is worth."""
        return self._answer(done, list(self.value.weak))

    def so_far(self, done: Done) -> str:
        """Return the same of the tasks whose episodes are all there."""
        return self._answer(done, finished_tasks(self.cells(), done))

    def _answer(self, done: Done, tasks: Sequence[str]) -> str:
        table = self.table(done)
        said, found = [], _best(table)
        clock = {row['task']: row for row in table if row['score'] == 'time'}
        for task in tasks:
            if task not in found:
                said.append(f'{task}: no moment to tell apart.')
                continue
            best = found[task]
            said.append(
                f'{task}: best is {best["score"]}, AUROC {best["AUROC"]} {best["AUROC, 95 %"]}, '
                f'{best["AUROC above the clock"]} {best["AUROC above the clock, 95 %"]} above the '
                f'clock ({best["AUROC at any time"]} at any time, '
                f'{best["AUROC in the same second"]} in the same second); at '
                f'{RATE:g} false alarms asked for and {best["false alarms"]} reached it calls in '
                f'time in {best["detected"]} of the failures, {best["warning [s]"]} s ahead, the '
                f'clock in {clock[task]["detected"]}, {clock[task]["warning [s]"]} s ahead.'
            )
        return ' '.join(said)

    def findings(self, table: Table) -> Mapping[str, Any]:
        """Return each task's best score and what it is worth."""
        tasks = {
            task: {
                'best': row['score'],
                'auroc': row['AUROC'],
                'warning_s': row['warning [s]'],
                'false_alarm': row['false alarms'],
            }
            for task, row in _best(table).items()
        }
        return {'tasks': tasks}


def _judged(done: Done, task: str) -> list[Result]:
    """Return the episodes of a task of which moments were judged that somebody could save."""
    return [episode for episode in of_task(done, task) if episode.get('moments')]


def _best(table: Table) -> dict[str, dict[str, Any]]:
    """Return the line of each task's best score, of those that have one."""
    known = [row for row in table if row['score'] not in BASELINES and row['AUROC'] is not None]
    return {row['task']: row for row in sorted(known, key=lambda row: row['AUROC'])}


def _fit(
    out: Path, names: Sequence[str], demonstrations: Sequence[Path], more: Sequence[Path]
) -> None:
    """Keep those scores that the policy in folder out can have, each fitted to what it may see."""
    spec = load_robot(imitation.ROBOT)
    policy, found = load_policy(out, spec)
    kept: dict[str, Kept] = {}
    for learned_from, folders in (
        ('demonstrations', [*demonstrations]),
        ('interventions', [*demonstrations, *more]),
    ):
        wanted = [n for n in names if lookup(SCORES, n).learned_from == learned_from]
        possible = [n for n in wanted if _is_possible(n, policy, members(out, spec))]
        episodes = load_episodes(folders, spec, include_suspect=True, say=lambda line: None)
        kept |= fitted(out, possible, episodes, spec)
    keep(out, found.version, kept)


def _is_possible(name: str, policy: Any, others: Sequence[Any]) -> bool:
    try:
        make(SCORES, name, policy, others)
    except NoScore:
        return False
    return True

"""What HG-DAgger is worth per second of a person's attention: success against minutes of it."""

import fcntl
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from il_ros.report.palette import SERIES
from il_ros.rollout.evaluate import EXPERT, make_loop, trial_of
from il_ros.rollout.sequential import LEVEL
from il_ros.session.seeds import TEST, VALIDATION
from il_ros.studies import imitation
from il_ros.studies.attention_answer import MAIN, answer, draw_arm, draw_before, row_of
from il_ros.studies.attention_arms import (
    ARMS,
    IMPRECISION_RAD,
    INATTENTION,
    REACTION_S,
    SWITCH_S,
)
from il_ros.studies.attention_rounds import Plan, Rounds, begin, described, tested
from il_ros.studies.intervention_value import InterventionValue
from il_ros.studies.study import Cell, Done, Result, Study, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TASKS = ('insertion', 'transport')
SCORE = 'risk'  # the best that needs no ensemble: see study gate
FALSE_ALARMS = 0.2  # a success; a false alarm is a lesson, too
CHOOSING = VALIDATION[2000:2200]  # 40 hardly ever tell 0.85 from 0.95
COLLECTED = (600_000, 1000)  # no other study's seeds


class Attention(Study):
    """Five ways of spending a person's attention, from the same weak policy; a cell each."""

    question = (
        "What is a person's attention worth in HG-DAgger: does one who comes only when the gate "
        'calls teach as much as one who watches, at half the attention, and more than plain '
        'demonstrations, random calls or periodic looks at equal attention?'
    )
    does_not_show = (
        'What it costs a real person to be called away; one training of each round, so that '
        'intervals are about these trainings; roll-outs without a person, which calibrate the '
        'gate and choose the policy, take time of the robot that is not counted here.'
    )

    def __init__(self, quick: bool = False):
        super().__init__(quick)
        self.value = InterventionValue(quick)
        self.tasks = tuple(self.value.weak) if quick else TASKS
        self.arms = ('gated', 'demonstrations') if quick else tuple(ARMS)
        self.plans = {task: self._plan(task) for task in self.tasks}
        plan = next(iter(self.plans.values()))
        self.seeds: Mapping[str, Any] = {
            'demonstrations': self.value.seeds['demonstrations'],
            'rounds': f'{plan.collected[0]}, a round further each {plan.collected[1]}',
            'replacing a policy, calibrating': f'{plan.validation[0]} to {plan.validation[1] - 1}',
            'success': f'{plan.test} to {plan.test + max(plan.tested) - 1}',
        }
        self.method = (
            f'From the weakened policy of `intervention-value`, {plan.rounds} rounds. A person '
            f'who watches or is called corrects {plan.episodes} episodes a round; the others get '
            "as many as last as long as the gated one's attention of that round, at most "
            f'{plan.most}. Reaction {REACTION_S:g} s, away from what is watched '
            f'{INATTENTION:g} of the time, hands off by {IMPRECISION_RAD:g} rad. Attention: '
            'watching, looking, coming and acting, and '
            f'{SWITCH_S:g} s for each switch to the robot. The gate: `{plan.score}`, fitted for '
            'each policy to all bags of its arm and to every other roll-out that chose it, and '
            f'calibrated on the rest for {plan.false_alarms:g} false alarms a success. After a '
            'round the policy is trained anew on all there is, and replaces the last one only if '
            f'a sequential test on {plan.validation[1] - plan.validation[0]} validation seeds at '
            f'most shows it to be better (error {LEVEL:g}). Success: {plan.tested[0]} test '
            f'seeds, of the last round {plan.tested[1]}. Slope: Poisson regression of '
            'interventions per episode on the round. Intervals: 95 %, paired by seed.'
        )

    def _plan(self, task: str) -> Plan:
        """Return what the arms of a task have in common."""
        return Plan(
            task=task,
            rounds=1 if self.quick else 5,
            episodes=1 if self.quick else 20,
            most=1 if self.quick else 40,
            score='distance' if self.quick else SCORE,  # an episode is too few to learn risk
            false_alarms=FALSE_ALARMS,
            train=dict(self._weak(task).settings['weak']),
            collected=COLLECTED,
            validation=(CHOOSING.start, CHOOSING.start + 1 if self.quick else CHOOSING.stop),
            tested=(1, 1) if self.quick else (40, 300),
            test=TEST.start,
        )

    def _weak(self, task: str) -> Cell:
        """Return the need of the policy that all arms begin with."""
        [need] = self.value.cell_of(task, 0).needs
        return need

    # -- what it takes ------------------------------------------------------------------------

    def cells(self) -> Sequence[Cell]:
        """
        Return the beginning and the arms of each task, the gated ones first.

        On one core of a present x86 an arm takes about 35 min (insertion) or 50 (transport), a
        beginning 15 or 20: 15 ms a step of training, 1 to 2 s an episode. All take 8 hours.
        """
        first = [
            Cell(f'{task}/before', {'plan': self._said(task)}, (self._need(task),))
            for task in self.tasks
        ]
        arms = [self._cell(task, name) for name in self.arms for task in self.tasks]
        return [*first, *arms]

    def _said(self, task: str) -> dict[str, Any]:
        return described(self.plans[task], ARMS['gated'])['plan']

    def _need(self, task: str) -> Cell:
        return Cell(f'attention/{task}', {'plan': self._said(task)}, (self._weak(task),))

    def _cell(self, task: str, name: str) -> Cell:
        settings = {**described(self.plans[task], ARMS[name]), 'name': name}
        if ARMS[name].is_matched:
            settings['matches'] = self._cell(task, 'gated').mark
        return Cell(f'{task}/{name}', settings, (self._need(task),))

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """Record the demonstrations, train the weak policy, gauge, validate and test it."""
        [weak] = need.needs
        imitation.fit_each(weak, scratch)
        task = need.settings['plan']['task']
        bags = weak.needs[0].folder(scratch)
        begin(weak.folder(scratch) / 'weak', self._first(need, scratch), self.plans[task], bags)
        return {}

    def _first(self, need: Cell, scratch: Path) -> Path:
        return need.folder(scratch) / 'first' / 'policy'

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Test the beginning and the expert, or do an arm's rounds."""
        [need], plan = cell.needs, self.plans[cell.settings['plan']['task']]
        if cell.key.endswith('/before'):
            seeds = range(plan.test, plan.test + max(plan.tested))
            loop = make_loop(EXPERT, imitation.ROBOT, plan.task)
            with closing(loop.world):
                expert = imitation.wins([trial_of(loop, seed) for seed in seeds])
            return {'test': self._before(need, scratch, plan), 'expert': expert}
        return {'rounds': self._rounds(cell.settings['name'], plan, scratch)}

    def _before(self, need: Cell, scratch: Path, plan: Plan) -> str:
        return tested(self._first(need, scratch), plan, max(plan.tested))

    def _rounds(self, name: str, plan: Plan, scratch: Path) -> list[dict[str, Any]]:
        """Do an arm's rounds, or go on with them; before them the gated one's, if it matches."""
        cell = self._cell(plan.task, name)
        [need] = cell.needs
        budgets_s = []
        if ARMS[name].is_matched:
            budgets_s = [row['charged_s'] for row in self._rounds('gated', plan, scratch)]
        folder = cell.folder(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        bags = need.needs[0].needs[0].folder(scratch)
        with folder.with_suffix('.lock').open('w') as file:  # who matches wants the same rounds
            fcntl.flock(file, fcntl.LOCK_EX)
            given = (plan, ARMS[name], folder, bags, self._first(need, scratch))
            return Rounds(*given).run(budgets_s)

    # -- what comes of it ---------------------------------------------------------------------

    def table(self, done: Done) -> Table:
        """Return each arm's last round: what it took, and what it brought."""
        return [
            row_of(task, name, done[f'{task}/{name}']['rounds'])
            for task in self.tasks
            for name in self.arms
            if f'{task}/{name}' in done
        ]

    def draw(self, done: Done) -> 'Figure':
        """Draw success against minutes of attention, task by task, the rounds as points."""
        from matplotlib.figure import Figure

        begun = {task: done[f'{task}/before'] for task in self.tasks if f'{task}/before' in done}
        size = (0.8 + 5.2 * max(len(begun), 1), 4.4)
        figure = Figure(figsize=size, layout='constrained')
        axes = figure.subplots(1, max(len(begun), 1), sharey=True, squeeze=False)[0]
        for axis, (task, before) in zip(axes, begun.items(), strict=False):
            draw_before(axis, before)
            for name, colour in zip(self.arms, SERIES, strict=False):
                if f'{task}/{name}' in done:
                    rounds = done[f'{task}/{name}']['rounds']
                    draw_arm(axis, name, rounds, before, colour)
            axis.set(title=task, xlabel="minutes of a person's attention, switches charged")
            axis.set_xlim(left=0)
            axis.set_ylim(0, 1.08)
        axes[0].set_ylabel('success of the policy alone')
        if axes[0].get_legend_handles_labels()[0]:
            axes[0].legend(loc='lower right', fontsize='small')
        return figure

    def verdict(self, done: Done) -> str:
        """Say of each task whether the gate, and HG-DAgger, pay."""
        return ' '.join(f'{task}: {self._answer(task, done)}' for task in self.tasks)

    def so_far(self, done: Done) -> str:
        """Return the answer for tasks whose main arms are done, without those that are not."""
        parts = ('before', *(name for name in MAIN if name in self.arms))
        known = [t for t in self.tasks if all(f'{t}/{part}' in done for part in parts)]
        return ' '.join(f'{task}: {self._answer(task, done)}' for task in known)

    def _answer(self, task: str, done: Done) -> str:
        arms = [name for name in self.arms if f'{task}/{name}' in done]
        rounds = {name: done[f'{task}/{name}']['rounds'] for name in arms}
        return answer(rounds, done[f'{task}/before'])

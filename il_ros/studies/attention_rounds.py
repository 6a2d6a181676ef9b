"""Rounds of learning from one kind of person: what they took of attention, and what came of it."""

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from il_ros.arbiter.gate import Gate
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.episode import Episode
from il_ros.policy.scores import SCORES
from il_ros.registry import lookup
from il_ros.robot.load import load_robot
from il_ros.rollout.sequential import verdict
from il_ros.session.acting import write_whole
from il_ros.session.collect import Collection, collect
from il_ros.session.episode import EpisodeResult
from il_ros.session.local import LocalRig
from il_ros.sim.attention import Spent
from il_ros.studies import imitation
from il_ros.studies.attention_arms import DEMONSTRATES, Arm, charged_s
from il_ros.trainer.gauging import calibrate, fit_scores


@dataclass(frozen=True)
class Plan:
    """What all arms of a task have in common; as JSON can say it."""

    task: str
    rounds: int
    episodes: int  # a round
    most: int  # episodes of a round that is matched
    score: str  # that calls
    false_alarms: float  # per successful episode
    train: dict[str, Any]  # settings of a training
    collected: tuple[int, int]  # seeds of the first round's episodes, and how far on the next's
    validation: tuple[int, int]  # seeds by which a policy replaces another
    tested: tuple[int, ...]  # how many test episodes each round's policy has, and the last
    test: int  # the first of their seeds


class Rounds:
    """
    The rounds of one arm in a folder; what is there is not made again.

    bags: demonstrations that all is learned from, too; first: the checkpoint that acts at first,
    from begin().
    """

    def __init__(self, plan: Plan, arm: Arm, folder: Path, bags: Path, first: Path):
        self.plan, self.arm, self.folder, self.bags = plan, arm, folder, bags
        self._spec = load_robot(imitation.ROBOT)
        self._first = first

    def run(self, budgets_s: Sequence[float] = ()) -> list[dict[str, Any]]:
        """Do all rounds; budgets_s: what each may take of attention, of an arm that is matched."""
        acting, rows = self._first, []
        for number in range(self.plan.rounds):
            budget_s = budgets_s[number] if self.arm.is_matched else None
            row, acting = self._round(number, acting, budget_s)
            rows.append(row)
        return rows

    def _round(
        self, number: int, acting: Path, budget_s: float | None
    ) -> tuple[dict[str, Any], Path]:
        """Do a round; return what is to be said of it, and the checkpoint that acts afterwards."""
        folder = self.folder / f'round_{number + 1:02d}'
        results = self._collect(number, acting, budget_s)
        new = folder / 'checkpoint' / 'policy'
        rounds = [self.folder / f'round_{n + 1:02d}' / 'bags' for n in range(number + 1)]
        bags = [self.bags, *rounds]
        if not imitation.is_trained(new):
            imitation.fit(self.plan.train, bags, new)
        found = self._decided(folder, new, acting, bags)
        acting = new if found['verdict'] == 'better' else acting
        spent = [spent_in(result) for result in results]
        row = {
            'episodes': len(results),
            'charged_s': round(charged_s(spent, self.arm), 2),
            'attention_s': round(sum(each.attention_s for each in spent), 2),
            'calls': [each.calls for each in spent],
            'switches': sum(each.switches for each in spent),
            'interventions': [result.interventions for result in results],
            'assisted': sum(result.outcome == 'success' for result in results),
            **found,
            'test': self._tested(acting, number),
        }
        return row, acting

    # -- with a person ------------------------------------------------------------------------

    def _collect(self, number: int, acting: Path, budget_s: float | None) -> list[EpisodeResult]:
        """Return the episodes of a round, so many as are asked for or the attention lasts."""
        plan, arm = self.plan, self.arm
        first, apart = plan.collected
        seeds = range(first + number * apart, first + (number + 1) * apart)
        gate = Gate(plan.score) if arm.is_gated else None
        rig = LocalRig(self._spec, plan.task, person=arm.person, gate=gate)
        rig.load(str(acting))
        with closing(rig.world):
            count = plan.episodes if budget_s is None else 1
            while True:
                results = collect(rig, self._corrections(number, count, seeds), ignore)
                spent = charged_s([spent_in(result) for result in results], arm)
                if budget_s is None or spent >= budget_s or count >= plan.most:
                    return results
                count += 1

    def _corrections(self, number: int, episodes: int, seeds: range) -> Collection:
        folder = self.folder / f'round_{number + 1:02d}' / 'bags'
        is_corrected = self.arm.operator != DEMONSTRATES
        given = (folder, self.plan.task, episodes, seeds, self.arm.operator)
        return Collection(*given, with_policy=is_corrected, round=number + 1)

    # -- whether to act with what was learned -------------------------------------------------

    def _decided(
        self, folder: Path, new: Path, acting: Path, bags: Sequence[Path]
    ) -> dict[str, Any]:
        """Compare the new policy with the acting one, until it shows; keep what came of it."""
        path = folder / 'decided.json'
        if not path.is_file():
            seeds = range(*self.plan.validation)
            theirs = validated(acting, self.plan.task, seeds)
            ours = validated(new, self.plan.task, seeds, lambda wins: bool(verdict(wins, theirs)))
            said = verdict(ours, theirs)
            if said == 'better' and self.arm.is_gated:
                gauge(new, self.plan, bags)
            write_whole(path, {'verdict': said, 'ours': ours, 'theirs': theirs})
        return json.loads(path.read_text())

    def _tested(self, acting: Path, number: int) -> str:
        """Return the wins of a policy on the test seeds of a round."""
        is_last = number + 1 == self.plan.rounds
        return tested(acting, self.plan, self.plan.tested[int(is_last)])


def spent_in(result: EpisodeResult) -> Spent:
    """Return what an episode took of attention."""
    return Spent(result.attention_s, result.calls, result.switches)


def ignore(result: EpisodeResult) -> None:
    """Take the news of an episode."""


def validated(
    checkpoint: Path,
    task: str,
    seeds: range,
    is_enough: Callable[[str], bool] = lambda wins: False,
) -> str:
    """
    Return wins of a checkpoint that acts alone on seeds for choosing, recorded beside it.

    is_enough: asked after each episode, so that what has shown already is not gone on with.
    """
    rig = LocalRig(load_robot(imitation.ROBOT), task)
    rig.load(str(checkpoint))
    folder, wins = checkpoint.parent / 'validation', ''
    with closing(rig.world):
        while len(wins) < len(seeds) and not is_enough(wins):
            given = (folder, task, len(wins) + 1, seeds, 'off')
            results = collect(rig, Collection(*given, with_policy=True), ignore)
            wins = ''.join('01'[result.outcome == 'success'] for result in results)
    return wins[: len(seeds)]


def tested(checkpoint: Path, plan: Plan, episodes: int) -> str:
    """Return wins of a checkpoint on test seeds; those that it had are kept beside it."""
    path = checkpoint.parent / 'tested.json'
    wins: str = json.loads(path.read_text()) if path.is_file() else ''
    if len(wins) < episodes:
        seeds = range(plan.test + len(wins), plan.test + episodes)
        wins += imitation.wins(imitation.play(checkpoint, plan.task, seeds))
        write_whole(path, wins)
    return wins[:episodes]


def gauge(checkpoint: Path, plan: Plan, bags: Sequence[Path]) -> None:
    """
    Give a checkpoint the score that calls, with bounds from its validation, whose rest is made.

    A score that learns from failures has every other roll-out to learn from, too, and bounds from
    those that it has not seen. With too few successes the checkpoint is left without bounds, and
    the gate then calls at once: a policy that hardly ever succeeds is not to be trusted.
    """
    validated(checkpoint, plan.task, range(*plan.validation))
    rollouts = _episodes([checkpoint.parent / 'validation'])
    seen = rollouts[::2] if lookup(SCORES, plan.score).learned_from == 'interventions' else []
    unseen = rollouts[1::2] if seen else rollouts
    spec = load_robot(imitation.ROBOT)
    fit_scores(checkpoint, (plan.score,), [*_episodes(bags), *seen], spec)
    wins = sum(episode.meta.get('outcome') == 'success' for episode in unseen)
    if wins + 1 >= 1 / plan.false_alarms:
        calibrate(checkpoint, unseen, spec, plan.false_alarms, None, lambda episode: None)


def _episodes(folders: Sequence[Path]) -> list[Episode]:
    spec = load_robot(imitation.ROBOT)
    return load_episodes(folders, spec, include_suspect=True, say=lambda line: None)


def begin(weak: Path, out: Path, plan: Plan, bags: Path) -> None:
    """Put the policy that all arms begin with into out, gauged, validated and tested."""
    mark = out.parent / 'begun.json'
    if not mark.is_file():
        shutil.copytree(weak, out, dirs_exist_ok=True)
        gauge(out, plan, [bags])
        tested(out, plan, max(plan.tested))
        write_whole(mark, True)


def described(plan: Plan, arm: Arm) -> dict[str, Any]:
    """Return both as the settings of a cell."""
    return {'plan': asdict(plan), 'arm': asdict(arm)}

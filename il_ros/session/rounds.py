"""
Rounds of DAgger and HG-DAgger: act, be corrected, learn from all there is, act better.

Everything a round makes is a file in its folder, and what exists is not made again: a crashed
session goes on where it was.
Sources: Ross et al. 2011, arXiv:1011.0686; Kelly et al. 2019, arXiv:1810.02890.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from il_ros.session.collect import Collection, collect
from il_ros.session.episode import EpisodeResult, Rig
from il_ros.session.seeds import TRAINING, VALIDATION

LEARN_FROM = {'hg_dagger': 'demonstrations', 'dagger': 'dagger'}


@dataclass(frozen=True)
class Rounds:
    """What a session of rounds is to do."""

    root: Path
    checkpoint: Path  # acts in the first round; its configuration trains the later ones
    task: str
    method: str = 'hg_dagger'  # or 'dagger'
    episodes: int = 20  # a round
    rounds: int = 5
    evaluation_episodes: int = 20  # a round, without the operator
    train_seconds: float = 0.0  # of wall-clock a round, 0 as the first checkpoint was trained
    data: tuple[Path, ...] = ()  # to learn from besides; empty: the bags the checkpoint saw
    operator: str = 'correct'  # who corrects, in HG-DAgger
    in_background: bool = False  # learn from a round while the next one is collected
    seeds: range = TRAINING
    evaluation_seeds: range = VALIDATION  # an evaluation chooses, so it is no report

    def folder(self, number: int) -> Path:
        """Return the folder of a round, counted from 1."""
        return self.root / f'round_{number:02d}'

    def checkpoint_of(self, number: int) -> Path:
        """Return the checkpoint that a round makes."""
        return self.folder(number) / 'checkpoint'

    def corrections(self, number: int) -> Collection:
        """Return the collection of a round: the policy acts, the operator corrects or labels."""
        return Collection(
            folder=self.folder(number) / 'bags',
            task=self.task,
            episodes=self.episodes,
            seeds=self.seeds[number * 10_000 :],
            operator='off' if self.method == 'dagger' else self.operator,
            with_policy=True,
            round=number,
        )

    def evaluation(self, number: int) -> Collection:
        """Return the evaluation of a round's policy: alone, on seeds it never learned from."""
        return Collection(
            folder=self.folder(number) / 'evaluation',
            task=self.task,
            episodes=self.evaluation_episodes,
            seeds=self.evaluation_seeds,
            operator='off',
            with_policy=True,
            round=number,
        )


Say = Callable[[str, dict[str, Any]], None]


def run_rounds(rig: Rig, wanted: Rounds, say: Say) -> list[dict[str, Any]]:
    """
    Run or resume all rounds; return one row a round, also kept as rounds.json.

    say(event, values) is told 'episode', 'acts', 'train', 'await', 'trained', 'failed',
    'evaluated', 'decided', 'rolled back' as they happen. Raises ValueError for what cannot work,
    TrainingFailed where nothing else is left to do.
    """
    from il_ros.session.learner import Learner

    if wanted.method not in LEARN_FROM:
        raise ValueError(f'unknown method {wanted.method!r}; known: {", ".join(LEARN_FROM)}')
    learner = Learner(rig, wanted, LEARN_FROM[wanted.method], say)
    for number in range(1, wanted.rounds + 1):
        results = collect(rig, wanted.corrections(number), each(say, number), learner.look)
        learner.wait()
        learner.start(number, results)
        if not wanted.in_background:
            learner.wait()
    learner.wait()
    learner.check()
    return learner.rows


def each(say: Say, number: int) -> Callable[[EpisodeResult], None]:
    """Return what tells of each episode of a round."""
    return lambda result: say('episode', {'round': number, **result.row()})

"""What a session of rounds is to do, and where each round leaves what it makes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from il_ros.session.collect import Collection
from il_ros.session.episode import EpisodeResult
from il_ros.session.seeds import TRAINING, VALIDATION


@dataclass(frozen=True)
class Rounds:
    """What a session of rounds is to do."""

    root: Path
    checkpoint: Path  # acts in the first round; its configuration trains the later ones
    task: str
    robot: str  # name in config/robots, or a robot YAML
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

    @property
    def learn_from(self) -> str:
        """Whose word is learned: a person may tell, too, what to do, and not only do it."""
        tells = self.method == 'dagger' or self.operator == 'person'
        return 'dagger' if tells else 'demonstrations'

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
            is_gated=False,
        )


Say = Callable[[str, dict[str, Any]], None]


def each(say: Say, number: int) -> Callable[[EpisodeResult], None]:
    """Return what tells of each episode of a round."""
    return lambda result: say('episode', {'round': number, **result.row()})

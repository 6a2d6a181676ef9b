"""
Rounds of DAgger and HG-DAgger: act, be corrected, learn from all there is, act better.

Everything a round makes is a file in its folder, and what exists is not made again: a crashed
session goes on where it was.
Sources: Ross et al. 2011, arXiv:1011.0686; Kelly et al. 2019, arXiv:1810.02890.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from il_ros.checkpoint import is_checkpoint, read_provenance
from il_ros.session.collect import Collection, collect, summary
from il_ros.session.episode import EpisodeResult, Rig
from il_ros.session.seeds import TEST, TRAINING
from il_ros.session.training import run_training

LEARN_FROM = {'hg_dagger': 'demonstrations', 'dagger': 'dagger'}
OPERATOR = {'hg_dagger': 'correct', 'dagger': 'off'}


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
    seeds: range = TRAINING
    evaluation_seeds: range = TEST

    def folder(self, number: int) -> Path:
        """Return the folder of a round, counted from 1."""
        return self.root / f'round_{number:02d}'


Say = Callable[[str, dict[str, Any]], None]


def run_rounds(rig: Rig, wanted: Rounds, say: Say) -> list[dict[str, Any]]:
    """
    Run or resume all rounds; return one row a round, also kept as rounds.json.

    say(event, values) is told 'episode', 'train', 'trained', 'evaluated' as they happen.
    """
    if wanted.method not in LEARN_FROM:
        raise ValueError(f'unknown method {wanted.method!r}; known: {", ".join(LEARN_FROM)}')
    checkpoint = wanted.checkpoint
    data = list(wanted.data) or [Path(bag) for bag in read_provenance(checkpoint)['bags']]
    rig.load(str(checkpoint))
    rows = []
    for number in range(1, wanted.rounds + 1):
        folder = wanted.folder(number)
        collected = collect(rig, _corrections(wanted, number), _each(say, number))
        data.append(folder / 'bags')
        checkpoint = _train(wanted, data, checkpoint, folder / 'checkpoint', say)
        rig.load(str(checkpoint))
        rows.append(
            _row(number, checkpoint, summary(collected), _evaluate(rig, wanted, number, say))
        )
        (wanted.root / 'rounds.json').write_text(json.dumps(rows, indent=1))
    return rows


def _corrections(wanted: Rounds, number: int) -> Collection:
    """Return the collection of a round: the policy acts, the operator corrects or labels."""
    return Collection(
        folder=wanted.folder(number) / 'bags',
        task=wanted.task,
        episodes=wanted.episodes,
        seeds=wanted.seeds[number * 10_000 :],
        operator=OPERATOR[wanted.method],
        with_policy=True,
        round=number,
    )


def _train(wanted: Rounds, data: list[Path], like: Path, out: Path, say: Say) -> Path:
    """Train on everything so far, unless that was done before; return the checkpoint."""
    if not is_checkpoint(out):
        say('train', {'checkpoint': str(out)})
        learned = run_training(data, like, out, LEARN_FROM[wanted.method], wanted.train_seconds)
        say('trained', learned)
    return out


def _evaluate(rig: Rig, wanted: Rounds, number: int, say: Say) -> dict[str, Any]:
    """Evaluate the policy of a round without its operator, on seeds it never learned from."""
    path = wanted.folder(number) / 'evaluation.json'
    if path.is_file():
        return json.loads(path.read_text())
    evaluation = Collection(
        folder=wanted.folder(number) / 'evaluation',
        task=wanted.task,
        episodes=wanted.evaluation_episodes,
        seeds=wanted.evaluation_seeds,
        operator='off',
        with_policy=True,
        round=number,
    )
    result = summary(collect(rig, evaluation, _each(say, number)))
    path.write_text(json.dumps(result, indent=1))
    say('evaluated', {'round': number, **result})
    return result


def _each(say: Say, number: int) -> Callable[[EpisodeResult], None]:
    """Return what tells of each episode of a round."""
    return lambda result: say('episode', {'round': number, **result.row()})


def _row(number: int, checkpoint: Path, collected: dict, evaluated: dict) -> dict[str, Any]:
    """Return a round as one row of the table."""
    return {
        'round': number,
        'checkpoint': str(checkpoint),
        'interventions_per_episode': collected['interventions_per_episode'],
        'human_share': collected['human_share'],
        'assisted_success': collected['success'],
        **evaluated_only(evaluated),
    }


def evaluated_only(evaluated: dict[str, Any]) -> dict[str, Any]:
    """Return what an evaluation says of the policy alone."""
    return {key: evaluated[key] for key in ('n', 'success', 'low', 'high', 'failures')}

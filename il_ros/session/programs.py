"""The programs of a session, the same over any rig: record, evaluate, rounds of HG-DAgger."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from il_ros.session import seeds
from il_ros.session.collect import ENDLESS, Collection, collect, summary
from il_ros.session.episode import Rig
from il_ros.sim.demonstrators import turns

RESULTS = 'results.json'

Say = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Wanted:
    """What a session is to do; see the parameters of session_node."""

    root_dir: str
    task: str
    robot: str  # name in config/robots, or a robot YAML
    episodes: int
    checkpoint: str = ''
    seed: int = -1  # -1 begins the range that the program stands for
    demonstrators: int = 1
    operator: str = 'always'  # who demonstrates
    rounds: int = 1
    evaluation_episodes: int = 0
    train_seconds: float = 0.0
    background: bool = False  # learn from a round while the next one is collected
    data: tuple[str, ...] = ()

    def seeds(self, default: range) -> range:
        """Return the seeds to use, by default a range kept for the purpose."""
        return default if self.seed < 0 else range(self.seed, self.seed + len(default))


def run_program(kind: str, rig: Rig, wanted: Wanted, say: Say) -> dict[str, Any]:
    """
    Run record, evaluate or hg_dagger to its end; return its result, also kept in results.json.

    say(event, values) is told 'episode', and of rounds what run_rounds tells, as they happen.
    """
    result = PROGRAMS[kind](rig, wanted, say)
    (Path(wanted.root_dir) / RESULTS).write_text(json.dumps(result, indent=1))
    return result


def record(rig: Rig, wanted: Wanted, say: Say) -> dict[str, Any]:
    """Collect demonstrations."""
    return _collection(rig, wanted, say, wanted.operator, seeds.TRAINING, with_policy=False)


def evaluate(rig: Rig, wanted: Wanted, say: Say) -> dict[str, Any]:
    """Let the policy act, alone or with a person who may take over, and count."""
    rig.load(wanted.checkpoint)
    operator = 'person' if wanted.operator == 'person' else 'off'
    return _collection(rig, wanted, say, operator, seeds.TEST, with_policy=True)


def hg_dagger(rig: Rig, wanted: Wanted, say: Say) -> dict[str, Any]:
    """Rounds of acting, being corrected and learning from it."""
    from il_ros.session.rounds import Rounds, run_rounds  # torch, which only rounds need

    rounds = Rounds(
        root=Path(wanted.root_dir),
        checkpoint=Path(wanted.checkpoint),
        task=wanted.task,
        robot=wanted.robot,
        episodes=wanted.episodes,
        rounds=wanted.rounds,
        evaluation_episodes=wanted.evaluation_episodes,
        train_seconds=wanted.train_seconds,
        data=tuple(Path(path) for path in wanted.data),
        operator='correct' if wanted.operator == 'always' else wanted.operator,
        in_background=wanted.background,
        seeds=wanted.seeds(seeds.TRAINING),
    )
    return {'rounds': run_rounds(rig, rounds, say)}


def _collection(
    rig: Rig, wanted: Wanted, say: Say, operator: str, default: range, with_policy: bool
) -> dict[str, Any]:
    """Collect episodes into root_dir, telling of each; return their summary."""
    collection = Collection(
        Path(wanted.root_dir),
        wanted.task,
        wanted.episodes or ENDLESS,
        wanted.seeds(default),
        operator,
        turns(wanted.demonstrators),
        with_policy,
    )
    return summary(collect(rig, collection, lambda result: say('episode', result.row())))


PROGRAMS: dict[str, Callable[[Rig, Wanted, Say], dict[str, Any]]] = {
    'record': record,
    'evaluate': evaluate,
    'hg_dagger': hg_dagger,
}

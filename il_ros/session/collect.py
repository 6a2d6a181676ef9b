"""A collection: episodes into a folder, going on where an earlier, interrupted one stopped."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from il_ros.recorder import label
from il_ros.rollout.statistics import wilson
from il_ros.session.episode import REDO, EpisodePlan, EpisodeResult, Rig

ENDLESS = 1_000_000  # episodes of a collection that goes on until it is stopped
RESULTS = 'episodes.jsonl'  # one line for each episode that ended, written when it ended


@dataclass(frozen=True)
class Collection:
    """Episodes that belong together."""

    folder: Path
    task: str
    episodes: int
    seeds: range
    operator: str
    demonstrators: tuple[int, ...] = (0,)  # numbers; they take turns
    with_policy: bool = False
    is_recorded: bool = True
    round: int = 0
    is_gated: bool = True  # the gate, where there is one, may call

    @property
    def purpose(self) -> str:
        """What its episodes are for."""
        if not self.with_policy:
            return 'demonstrations'
        return 'evaluation' if self.operator == 'off' else 'corrections'

    def plan(self, number: int, so_far: tuple[str, ...] = ()) -> EpisodePlan:
        """Return the plan of episode number; so_far: how those before it went."""
        return EpisodePlan(
            number,
            self.seeds[number],
            self.task,
            self.operator,
            self.demonstrators[number % len(self.demonstrators)],
            self.with_policy,
            str(self.folder) if self.is_recorded else '',
            self.round,
            self.purpose,
            self.episodes if self.episodes < ENDLESS else 0,
            so_far,
            self.is_gated,
        )


def collect(
    rig: Rig,
    wanted: Collection,
    say: Callable[[EpisodeResult], None],
    look: Callable[[], None] = lambda: None,
) -> list[EpisodeResult]:
    """
    Run the episodes that the folder does not have yet; return the results of all.

    look() is called before each of them.
    """
    wanted.folder.mkdir(parents=True, exist_ok=True)
    results = read_results(wanted.folder)
    while len(results) < wanted.episodes:
        look()
        so_far = tuple(result.outcome for result in results)
        result = rig.episode(wanted.plan(len(results), so_far))
        if result.termination == REDO:
            rig.settle()
            _take_back(wanted.folder, results)
        elif result.termination != 'discarded':  # then the person wants another try at the scene
            results.append(result)
            with (wanted.folder / RESULTS).open('a') as file:
                file.write(json.dumps(result.row()) + '\n')
            say(result)
    rig.settle()
    return results


def _take_back(folder: Path, results: list[EpisodeResult]) -> None:
    """Discard the last episode after all, so that its scene comes again."""
    last = results.pop()
    if last.bag:
        label.discard(last.bag)
    new = folder / f'{RESULTS}.new'
    new.write_text(''.join(json.dumps(result.row()) + '\n' for result in results))
    new.replace(folder / RESULTS)


def read_results(folder: Path) -> list[EpisodeResult]:
    """Return what became of the episodes of a folder; a line cut off by a crash is left out."""
    path = folder / RESULTS
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    whole = [line for line in lines if line.endswith('\n')]
    if len(whole) != len(lines):
        path.write_text(''.join(whole))
    return [EpisodeResult(**json.loads(line)) for line in whole]


def summary(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Return rates and counts over episodes: success with its 95 % interval, failures by kind."""
    wins = sum(result.outcome == 'success' for result in results)
    n = len(results)
    low, high = wilson(wins, n)
    failures: dict[str, int] = {}
    for result in results:
        if result.outcome != 'success':
            failures[result.reason or 'other'] = failures.get(result.reason or 'other', 0) + 1
    return {
        'n': n,
        'success': wins / n if n else 0.0,
        'low': low,
        'high': high,
        'failures': failures,
        'interventions_per_episode': sum(r.interventions for r in results) / max(n, 1),
        'human_share': sum(r.human_ticks for r in results) / max(sum(r.ticks for r in results), 1),
    }

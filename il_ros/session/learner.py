"""What is learned from rounds: a training at a time, and what becomes of its checkpoint."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import Any

from il_ros.checkpoint import is_checkpoint, read_provenance
from il_ros.session.acting import Acting, write_whole
from il_ros.session.carry_gate import carry_gate, has_gate
from il_ros.session.collect import collect, read_results, summary
from il_ros.session.episode import EpisodeResult, Rig
from il_ros.session.round_plan import Rounds, Say, each
from il_ros.session.training import Training, TrainingFailed, train_command

ROLLBACK = 'rollback'  # what a person says to have the last checkpoint back
LOOK_EVERY_S = 0.05


class _Unwanted(Exception):
    """A person does not want the policy that is being evaluated."""


class Learner:
    """
    Trains after each round, evaluates what came of it, and keeps it or lets the last one act.

    look() is to be called between two episodes. A training that fails in the background is told
    once, and the rounds go on. rows: one a round that was learned from.
    """

    def __init__(self, rig: Rig, wanted: Rounds, say: Say):
        self._rig, self._wanted, self._say = rig, wanted, say
        self._acting = Acting(wanted.root, wanted.checkpoint, wanted.checkpoint_of)
        self._bags = [Path(bag) for bag in read_provenance(wanted.checkpoint)['bags']]
        self._file = wanted.root / 'rounds.json'
        self.rows = json.loads(self._file.read_text()) if self._file.is_file() else []
        self._training: Training | None = None
        self._failure: TrainingFailed | None = None
        self._round = 0  # that is being learned from
        self._loaded = -1  # the round whose checkpoint the rig has
        if self.rows:
            self._write_rows()  # a crash may have come between a decision and its row
        self._act(self._acting.round)

    # -- training -----------------------------------------------------------------------------

    def start(self, number: int, collected: Sequence[EpisodeResult]) -> None:
        """Begin to learn from all rounds up to number, unless that was done, or is superseded."""
        wanted, out = self._wanted, self._wanted.checkpoint_of(number)
        if self._is_superseded(number):
            return
        given = (self._data(number), self._acting.checkpoint(self._acting.round), out)
        how = (wanted.robot, wanted.learn_from, wanted.train_seconds)
        command = train_command(*given, *how)
        self._round, self._collected, self._failure = number, summary(collected), None
        self._training = Training(command, out, wanted.in_background)
        self._say('train', {'round': number, 'checkpoint': str(out)})

    def _is_superseded(self, number: int) -> bool:
        """Whether a round's training was decided on, or would come after that of a later one."""
        if any(row['round'] >= number for row in self.rows):
            return True
        if number == self._wanted.rounds or is_checkpoint(self._wanted.checkpoint_of(number)):
            return False
        following = self._wanted.corrections(number + 1)
        return len(read_results(following.folder)) >= following.episodes

    def look(self) -> None:
        """Do what is due between two episodes: roll back, take up what was learned."""
        if self._rig.is_asked(ROLLBACK):
            self._roll_back()
        if self._training is not None and self._training.is_done():
            self._take_up(self._training)

    def wait(self) -> None:
        """Wait for the training that goes on, and take up what was learned."""
        if self._training is None:
            return
        if not self._training.is_done():
            self._say('await', {'round': self._round})
        while not self._training.is_done():
            sleep(LOOK_EVERY_S)
        self.look()

    def check(self) -> None:
        """Do what was asked for last; raise TrainingFailed when the last training failed."""
        self.look()
        if self._failure is not None:
            raise self._failure

    def _data(self, number: int) -> list[Path]:
        """Return all there is to learn from after a round."""
        rounds = [self._wanted.corrections(n).folder for n in range(1, number + 1)]
        return [*(self._wanted.data or self._bags), *rounds]

    def _take_up(self, training: Training) -> None:
        """Evaluate what was learned and decide what becomes of it; or tell, once, of a failure."""
        number, self._training = self._round, None
        try:
            self._say('trained', {'round': number, **training.result()})
            self._decide(number)
        except TrainingFailed as error:
            why = f'the training of round {number} failed: {error}'
            self._failure = TrainingFailed(f'{why}. Start the session again to try again')
            if not self._wanted.in_background:
                raise self._failure from error
            self._say('failed', {'round': number, 'why': why})
            self._act(self._acting.round)

    # -- deciding -----------------------------------------------------------------------------

    def _decide(self, number: int) -> None:
        """Keep a round's checkpoint if it succeeds at least as often as the one that acts."""
        result = None
        while result is None:
            try:
                before = self._evaluated(self._acting.round)
                result = self._evaluated(number)
            except _Unwanted as error:
                if error.args[0] == number:
                    break
                self._give_up()
        if result is not None and result['success'] >= before['success']:
            self._gauge(number)
            self._acting.keep(number)
        done = result or alone(read_results(self._wanted.evaluation(number).folder))
        self._note(self._row(number, done))
        self._act(self._acting.round)

    def _evaluated(self, number: int) -> dict[str, Any]:
        """Return how a round's policy does alone; _Unwanted when a person has seen enough."""
        collection = self._wanted.evaluation(number)
        path = collection.folder.with_suffix('.json')
        if path.is_file():
            return json.loads(path.read_text())
        self._act(number, is_tried=True)

        def look() -> None:
            if self._rig.is_asked(ROLLBACK):
                raise _Unwanted(number)

        result = alone(collect(self._rig, collection, each(self._say, number), look))
        look()  # it may have been said in the last episode
        write_whole(path, result)
        self._say('evaluated', {'round': number, **result})
        return result

    def _gauge(self, number: int) -> None:
        """Give a round's checkpoint a gate of its own, where the one given at first has one."""
        wanted, first = self._wanted, self._acting.checkpoint(0)
        if not has_gate(first):
            return
        self._say('gauge', {'round': number})
        given = (first, wanted.checkpoint_of(number), wanted.robot)
        rollouts = wanted.evaluation(number).folder
        why = carry_gate(*given, rollouts, wanted.in_background)
        event = 'gauged' if not why else 'not gauged'
        self._say(event, {'round': number, 'why': why})
        self._loaded = -1  # it was loaded without

    def _row(self, number: int, evaluated: dict[str, Any]) -> dict[str, Any]:
        """Return a round as one row of the table."""
        return {
            'round': number,
            'checkpoint': str(self._wanted.checkpoint_of(number)),
            'interventions_per_episode': self._collected['interventions_per_episode'],
            'human_share': self._collected['human_share'],
            'assisted_success': self._collected['success'],
            **{key: evaluated[key] for key in ('n', 'success', 'low', 'high', 'failures')},
        }

    def _note(self, row: dict[str, Any]) -> None:
        """Keep a row, and tell what was decided."""
        self.rows.append(row)
        self._write_rows()
        self._say('decided', {key: row[key] for key in ('round', 'success', 'n', 'is_kept')})

    def _write_rows(self) -> None:
        """Write the table, in which a round that was given up is not kept."""
        for row in self.rows:
            row['is_kept'] = row['round'] in self._acting.kept
        write_whole(self._file, self.rows)

    # -- acting -------------------------------------------------------------------------------

    def _act(self, number: int, is_tried: bool = False) -> None:
        """Act with a round's checkpoint; is_tried: it is not kept yet, and may be refused."""
        checkpoint = self._acting.checkpoint(number)
        if number != self._loaded:
            self._load(checkpoint, number != self._acting.round)
            self._loaded = number
        back = len(self._acting.kept) - 1 + (is_tried and number != self._acting.round)
        self._say('acts', {'acting': number, 'checkpoint': str(checkpoint), 'back': back})

    def _load(self, checkpoint: Path, is_new: bool) -> None:
        """Have the rig load a checkpoint; TrainingFailed for a new one that it refuses."""
        try:
            self._rig.load(str(checkpoint))
        except ValueError as error:
            if not is_new:
                raise
            raise TrainingFailed(f'{checkpoint} cannot act: {error}') from error

    def _roll_back(self) -> None:
        """Let the checkpoint act that acted before."""
        self._give_up()
        self._act(self._acting.round)

    def _give_up(self) -> None:
        """Give up the checkpoint that was kept last."""
        if len(self._acting.kept) == 1:  # asked for in the moment in which another was given up
            return
        given_up = self._acting.roll_back()
        self._write_rows()
        self._say('rolled back', {'round': given_up, 'acting': self._acting.round})


def alone(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Return the summary of an evaluation: where a person had to take over, it is a failure."""
    return summary(
        [
            replace(r, outcome='failure', reason='taken over') if r.interventions else r
            for r in results
        ]
    )

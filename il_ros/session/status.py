"""How a session stands, in one line, from what its topics say."""

from collections.abc import Sequence
from math import isnan
from typing import Any

SILENT_S = 3.0  # of a node that says something every second, or of who decides 50 times in one
Row = tuple[str, str, dict[str, str]]  # name, message and values of a DiagnosticStatus
TOLD_S = 0.5  # for so long it is shown that a person has told what to learn
WHY = ('hold', 'estop')  # of whom it is told why


class Status:
    """Takes what is heard, with the time [s] at which it was; line() tells it at a time."""

    def __init__(self) -> None:
        self._phase = ''
        self._values: dict[str, str] = {}
        self._arms: Sequence[Row] = ()
        self._told_s: dict[str, float] = {}  # arm -> when a person told what to learn of it
        self._lost = ''  # messages, of the episode that is recorded
        self._heard_s: dict[str, float] = {}  # of each source

    def take_episode(self, phase: str, values: dict[str, str]) -> None:
        """Take the topic `episode`."""
        self._phase, self._values = phase, values

    def take_authority(self, rows: Sequence[Row], now_s: float) -> None:
        """Take the topic `authority`: a row an arm."""
        self._arms, self._heard_s['authority'] = rows, now_s

    def take_told(self, arms: Sequence[str], now_s: float) -> None:
        """Take of which arms a person tells what to learn, who does not have them."""
        self._told_s.update(dict.fromkeys(arms, now_s))

    def take_diagnostics(self, rows: Sequence[Row], now_s: float) -> None:
        """Take what a node says of itself on /diagnostics."""
        for name, _, values in rows:
            self._heard_s[name.rpartition('/')[2]] = now_s
            if name == 'recorder':
                self._lost = values.get('lost', '')

    @property
    def is_whole(self) -> bool:
        """Whether both were heard that every session has: how it stands, and who has the arms."""
        return bool(self._phase and self._arms)

    def line(self, now_ns: int, now_s: float) -> str:
        """Return how it stands; '' where nothing was heard. now_ns: the clock of stamps."""
        return ' · '.join(part for part in self._parts(now_ns, now_s) if part)

    def gist(self, now_s: float) -> tuple[Any, ...]:
        """Return what is worth a line of its own when it changes: not the time that passes."""
        who = tuple((*row[:2], self._is_told(row[0], now_s)) for row in self._arms)
        counts = tuple(v for k, v in self._values.items() if k != 'since_ns')
        return self._phase, counts, who, self._is_silent('authority', now_s)

    def _parts(self, now_ns: int, now_s: float) -> list[str]:
        return [
            self._phase_for(now_ns, now_s),
            self._who(now_s),
            self._episode(),
            self._success(),
            f'{self._lost} lost' if self._lost else '',
            self._gate(),
            self._learning(),
        ]

    def _phase_for(self, now_ns: int, now_s: float) -> str:
        if self._phase and self._phase != 'done' and self._is_silent('session_node', now_s):
            return 'the session is gone: start it again, it goes on where it was'
        since_ns = int(self._values.get('since_ns', 0))
        seconds = max(0, (now_ns - since_ns) // 1_000_000_000)
        return f'{self._phase} {seconds} s' if self._phase and since_ns else self._phase

    def _who(self, now_s: float) -> str:
        """Return who has the arms; both in one word where it is the same."""
        if self._is_silent('authority', now_s):
            return 'nobody commands'
        told = [
            (name, _with_reason(who, values) + ' (told)' * self._is_told(name, now_s))
            for name, who, values in self._arms
        ]
        if len({who for _, who in told}) == 1 and len(told) > 1:
            told = [('both', told[0][1])]
        return ', '.join(f'{name} {who}' for name, who in told)

    def _episode(self) -> str:
        values = self._values
        if 'number' not in values:
            return ''
        of = f' of {values["of"]}' if values.get('of', '0') != '0' else ''
        where = f', round {values["round"]}' if values.get('round', '0') != '0' else ''
        kind = ', evaluation' if values.get('purpose') == 'evaluation' else ''
        return f'episode {int(values["number"]) + 1}{of}{where}{kind}'

    def _success(self) -> str:
        counts = [int(self._values.get(k, 0)) for k in ('success', 'failure', 'unlabeled')]
        return f'success {counts[0]} of {sum(counts)}' if 'success' in self._values else ''

    def _gate(self) -> str:
        scores = [float(values.get('gate_score', 'nan')) for _, _, values in self._arms]
        known = [score for score in scores if not isnan(score)]
        return f'gate {max(known):.2f}' if known else ''

    def _learning(self) -> str:
        training = self._values.get('training', '')
        if training.endswith('failed'):
            return f'the training of {training}'
        return f'learning from {training}' if training else ''

    def _is_told(self, arm: str, now_s: float) -> bool:
        """Whether a person tells, now, what to learn of an arm."""
        return now_s - self._told_s.get(arm, -TOLD_S) < TOLD_S

    def _is_silent(self, source: str, now_s: float) -> bool:
        """Whether a source that was heard is not heard any more."""
        return now_s - self._heard_s.get(source, now_s) > SILENT_S


def _with_reason(who: str, values: dict[str, str]) -> str:
    why = values.get('why', '')
    return f'{who} ({why})' if who in WHY and why else who

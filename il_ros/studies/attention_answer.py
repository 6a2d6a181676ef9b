"""The figures, the words and the drawing of `study attention`, from the rounds of its arms."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from il_ros.rollout.statistics import contrast, difference, rate
from il_ros.rollout.trend import percent, slope
from il_ros.studies.attention_arms import ARMS, DEMONSTRATES, LABELS
from il_ros.studies.conditions import columns, text
from il_ros.studies.study import Result

PART = 0.95  # of the expert's success that the last round is to reach
HALF = 0.5  # of the watching one's attention that the gated one may take
MAIN = ('gated', 'watching')  # the question; the others are what it has to beat


def row_of(task: str, name: str, rounds: Sequence[Result]) -> dict[str, Any]:
    """Return an arm's line of the table: what its rounds took, and what the last one brought."""
    episodes = sum(row['episodes'] for row in rounds)
    is_corrected = ARMS[name].operator != DEMONSTRATES  # who demonstrates has the arms all along
    trend = slope([row['interventions'] for row in rounds]) if is_corrected else None
    return {
        'task': task,
        'arm': LABELS[name],
        'attention [min]': round(minutes(rounds)[-1], 2),
        'of it switches [min]': round(_switches_s(rounds) / 60, 2),
        'episodes': episodes,
        'calls an episode': round(sum(sum(row['calls']) for row in rounds) / episodes, 2),
        'switches an episode': round(sum(row['switches'] for row in rounds) / episodes, 2),
        **columns('success', rate(wins(rounds[-1]['test']))),
        'replaced': ''.join('-+'[row['verdict'] == 'better'] for row in rounds),
        'interventions': '–' if trend is None else percent(trend),
    }


def draw_before(axis: Any, before: Result) -> None:
    """Draw what there is without anybody's attention, and what there could be."""
    expert = rate(wins(before['expert'])).value
    axis.axhline(expert, color='#6b7680', ls='--', lw=1)
    axis.annotate(
        'expert',
        (1, expert),
        xycoords=('axes fraction', 'data'),
        ha='right',
        va='bottom',
        fontsize='small',
        color='#6b7680',
    )
    axis.plot(0, rate(wins(before['test'])).value, 'o', color='#333333', clip_on=False, zorder=5)


def draw_arm(axis: Any, name: str, rounds: Sequence[Result], before: Result, colour: str) -> None:
    """Draw an arm's success against its minutes, a point a round, from where all begin."""
    found = [rate(wins(row['test'])) for row in rounds]
    start = rate(wins(before['test'])).value
    x, y = minutes(rounds), [each.value for each in found]
    is_main = name in MAIN
    axis.plot([0, *x], [start, *y], color=colour, lw=2.2 if is_main else 1.2, zorder=3)
    ends = [[e.value - e.low for e in found], [e.high - e.value for e in found]]
    axis.errorbar(
        x,
        y,
        ends,
        fmt='o',
        ms=6 if is_main else 4,
        color=colour,
        lw=1,
        capsize=2,
        label=LABELS[name],
        zorder=4,
    )


def answer(rounds: Mapping[str, Sequence[Result]], before: Result) -> str:
    """Say what the arms of a task show, against what was to be reached."""
    last = {name: wins(rows[-1]['test']) for name, rows in rounds.items()}
    expert, start = wins(before['expert']), rate(wins(before['test'])).value
    said = [f'before {start:.2f}, expert {rate(expert).value:.2f}']
    if 'watching' in rounds:
        apart = difference(last['gated'], last['watching'])
        part = minutes(rounds['gated'])[-1] / minutes(rounds['watching'])[-1]
        said.append(
            f'gated above watching: {text(apart)} at {part:.2f} of the attention '
            f'({_word(apart.high >= 0 and part <= HALF)}: no less, at {HALF:g})'
        )
    for name in (name for name in MAIN if name in rounds):
        trend = slope([row['interventions'] for row in rounds[name]])
        told = 'no slope' if trend is None else percent(trend)
        above = contrast([(1.0, last[name]), (-PART, expert)])
        said.append(
            f'{name} {rate(last[name]).value:.2f}, above {PART:g} of the expert '
            f'{text(above)} ({_word(above.value >= 0)}), interventions {told} '
            f'({_word(trend is not None and trend.high < 0)}: below 0)'
        )
    for other in (other for other, arm in ARMS.items() if arm.is_matched and other in rounds):
        found = difference(last['gated'], last[other])
        said.append(
            f'gated above {other} at equal attention: {text(found)} '
            f'({_word(found.low > 0)}: above 0)'
        )
    return '; '.join(said) + '.'


def wins(digits: str) -> np.ndarray:
    """Return wins (1, E) of digits."""
    return np.array([[digit == '1' for digit in digits]], dtype=float)


def minutes(rounds: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the attention until the end of each round [min], switches charged."""
    return list(np.cumsum([row['charged_s'] for row in rounds]) / 60)


def _switches_s(rounds: Sequence[Mapping[str, Any]]) -> float:
    return sum(row['charged_s'] - row['attention_s'] for row in rounds)


def _word(is_reached: bool) -> str:
    return 'reached' if is_reached else 'not reached'

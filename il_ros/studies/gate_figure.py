"""The figure of `study gate`: how well each score tells, and from which second on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from il_ros.report.palette import SERIES
from il_ros.studies.gate_table import moments_of
from il_ros.studies.study import Result, Table
from il_ros.studies.warnings import by_second

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HAVE_SEEN = {'demonstrations': SERIES[0], 'interventions': SERIES[4], '': SERIES[5]}


def draw(
    table: Table, judged: Mapping[str, Sequence[Result]], baselines: Sequence[str]
) -> 'Figure':
    """Draw a column a task: every score's AUROC, and below it the best ones' by the second."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.6 + 4.2 * len(judged), 5.6), layout='constrained')
    above, below = figure.subplots(2, len(judged), sharey='row', squeeze=False)
    for column, (task, episodes) in enumerate(judged.items()):
        rows = [r for r in table if r['task'] == task and r['AUROC'] is not None]
        _draw_scores(above[column], rows)
        above[column].set_title(task)
        for name in _best_of_each(rows, baselines):
            at_s, values = by_second(moments_of(episodes, name))
            [row] = [r for r in rows if r['score'] == name]
            colour = HAVE_SEEN[row['learned from']]
            below[column].plot(at_s + 0.5, values, 'o-', color=colour, label=name)
            below[column].legend(fontsize='small', loc='lower right')
        below[column].axhline(0.5, color='#cccccc', zorder=0)
        below[column].set(xlabel='since the start [s]', ylim=(0, 1.03))
    for seen, colour in HAVE_SEEN.items():
        above[0].plot([], [], 'o', color=colour, label=seen or 'nothing')
    above[0].legend(title='has learned from', fontsize='small', loc='lower left')
    above[0].set_ylabel('AUROC, matched length')
    below[0].set_ylabel('AUROC within a second')
    return figure


def _draw_scores(axis: 'Axes', rows: Table) -> None:
    for place, row in enumerate(rows):
        colour = HAVE_SEEN[row['learned from']]
        axis.plot([place, place], row['AUROC, 95 %'], color=colour)
        axis.plot(place, row['AUROC'], 'o', color=colour)
    axis.set_xticks(range(len(rows)), [r['score'] for r in rows], rotation=45, ha='right')
    axis.axhline(0.5, color='#cccccc', zorder=0)
    axis.set_ylim(0, 1.03)


def _best_of_each(rows: Table, baselines: Sequence[str]) -> list[str]:
    """Return the best score of those that have seen failures, and of those that have not."""
    known = [row for row in rows if row['score'] not in baselines]
    best = {row['learned from']: row['score'] for row in sorted(known, key=lambda r: r['AUROC'])}
    return list(best.values())

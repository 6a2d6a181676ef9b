"""Figures as SVG text whose ink is the page's own, so that they suit a light and a dark page."""

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from il_ros.report.palette import COLOURS, SERIES
from il_ros.report.table import Row
from il_ros.spec import Who

INK = '#123457'  # a colour nothing else has: becomes currentColor in the SVG
STYLE: dict[Any, Any] = {
    'svg.fonttype': 'none',
    'font.size': 11,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'grid.alpha': 0.15,
    'legend.frameon': False,
    'lines.linewidth': 2.0,
} | {key: INK for key in ('text.color', 'axes.labelcolor', 'axes.edgecolor', 'grid.color')}
LINES: dict[str, Any] = {'training': ':', 'held out': '-'}
STYLE |= {'xtick.color': INK, 'ytick.color': INK}


def success_curve(curves: Mapping[str, Sequence[Row]]) -> str:
    """Return an SVG of success over rounds, a curve a name, with 95 % intervals as bars."""
    with rc_context(STYLE):
        figure, axes = _figure(7.2, 3.6)
        for i, (name, rows) in enumerate(curves.items()):
            rounds = np.arange(len(rows)) + 0.06 * (i - (len(curves) - 1) / 2)
            success = np.array([row.success for row in rows])
            reach = [[r.success - r.low for r in rows], [r.high - r.success for r in rows]]
            colour = SERIES[i % len(SERIES)]
            axes.errorbar(
                rounds, success, yerr=reach, color=colour, marker='o', capsize=4, label=name
            )
        axes.set(xlabel='round', ylabel='success', ylim=(-0.03, 1.03))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc='lower right')
        return _svg(figure)


def authority_over_time(
    episodes: Mapping[str, np.ndarray], dt_s: float, arms: Sequence[str] = ('left', 'right')
) -> str:
    """
    Return an SVG of who was in control: a bar an arm and episode, over time.

    episodes: name -> who (n, arms), codes of Episode.who; dt_s: one row's duration [s].
    """
    lanes = [(name, arm) for name in episodes for arm in range(len(arms))]
    with rc_context(STYLE | {'axes.grid': False}):
        figure, axes = _figure(7.2, 1.0 + 0.34 * len(lanes))
        places = [i + 0.45 * (i // len(arms)) for i in range(len(lanes))]  # a gap an episode
        for place, (name, arm) in zip(places, lanes, strict=True):
            _bar(axes, place, episodes[name][:, arm], dt_s)
        axes.set_yticks(places, [f'{name} · {arms[arm]}' for name, arm in lanes])
        axes.tick_params(axis='y', length=0)
        axes.spines['left'].set_visible(False)
        axes.invert_yaxis()
        axes.set_xlabel('time [s]')
        entries = [Patch(color=COLOURS[who], label=who.value) for who in Who]
        figure.legend(handles=entries, loc='outside upper center', ncols=len(entries))
        return _svg(figure)


def runs_of(codes: np.ndarray) -> list[tuple[int, int, int]]:
    """Return (start, length, code) of each run of equal values in codes (n,)."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    bounds = [0, *edges.tolist(), len(codes)] if len(codes) else []
    return [(a, b - a, int(codes[a])) for a, b in pairwise(bounds)]


def _bar(axes: Axes, place: float, codes: np.ndarray, dt_s: float) -> None:
    """Draw one lane of coloured runs at a height."""
    runs = runs_of(codes)
    axes.broken_barh(
        [(start * dt_s, length * dt_s) for start, length, _ in runs],
        (place - 0.4, 0.8),
        facecolors=[COLOURS[tuple(Who)[code]] for _, _, code in runs],
    )


def training_curves(logs: Mapping[str, str | Path]) -> str:
    """
    Return an SVG of the losses in trainers' CSV files, name -> path, on a logarithmic scale.

    Columns loss or train... are dotted, validation... full. ValueError when a file has neither.
    """
    with rc_context(STYLE):
        figure, axes = _figure(7.2, 3.6)
        entries = [Line2D([], [], color=INK, linestyle=s, label=n) for n, s in LINES.items()]
        for i, (name, path) in enumerate(logs.items()):
            colour = SERIES[i % len(SERIES)]
            entries.append(Line2D([], [], color=colour, label=name))
            for column, (step, loss) in losses(path).items():
                style = LINES['held out' if column.startswith('validation') else 'training']
                axes.plot(step, loss, color=colour, linestyle=style)
        axes.set(xlabel='step', ylabel='loss', yscale='log')
        figure.legend(handles=entries, loc='outside right upper')
        return _svg(figure)


def losses(path: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """
    Read the columns loss, train... and validation... of a CSV: name -> (steps, values).

    Cells without a number are left out, and rows without a `step`. Raises ValueError for a file
    that is no training's log.
    """
    with open(path, newline='') as file:
        table = csv.DictReader(file)
        rows, columns = list(table), table.fieldnames or ()
    names = [name for name in columns if name.startswith(('loss', 'train', 'validation'))]
    if not names or 'step' not in columns:
        raise ValueError(f'{path}: no columns step and loss, train... or validation...')
    return {name: _column(rows, name) for name in names}


def _column(rows: list[dict[str, str]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (steps, values) of a column's rows that hold numbers."""
    pairs = [(_number(row.get('step')), _number(row.get(name))) for row in rows]
    good = np.array([p for p in pairs if np.isfinite(p).all()]).reshape(-1, 2)
    return good[:, 0], good[:, 1]


def _number(text: str | None) -> float:
    """Return a CSV cell as a number, NaN when it is none."""
    try:
        return float(text or 'nan')
    except ValueError:
        return float('nan')


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure [inch] without pyplot, whose global state belongs to the caller."""
    figure = Figure(figsize=(width, height), layout='constrained')
    return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    """Return the figure as an <svg> element in the page's own ink; same figure, same bytes."""
    buffer = io.StringIO()
    with rc_context({'svg.hashsalt': 'il_ros'}):
        figure.savefig(buffer, format='svg', transparent=True, metadata={'Date': None})
    text = buffer.getvalue()
    return text[text.index('<svg') :].replace(INK, 'currentColor')

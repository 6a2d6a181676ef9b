"""The table that a terminal and the report both show: one row a policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADINGS = ('demonstrations', 'policy', 'success', '95 % interval', 'interventions', 'seconds')


@dataclass(frozen=True)
class Row:
    """One policy's evaluation, with its interval."""

    policy: str  # 'diffusion, round 2'
    demonstrations: int
    n: int  # episodes evaluated
    success: float  # share of them, 0..1
    low: float  # Wilson, 95 %
    high: float
    seconds: float  # of wall clock, to train it
    interventions: float | None = None  # take-overs an episode; None where nobody could
    group: str = ''  # the curve that it is a point of, e.g. 'diffusion'


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's texts, in the order of HEADINGS."""
    return (
        str(row.demonstrations),
        row.policy,
        f'{row.success:.2f} of {row.n}',
        f'{row.low:.2f} to {row.high:.2f}',
        '–' if row.interventions is None else f'{row.interventions:.1f} an episode',
        f'{row.seconds:.0f}',
    )


def terminal_table(rows: Iterable[Row]) -> str:
    """Return the rows as aligned text with headings."""
    return aligned([HEADINGS, *map(cells, rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells as columns two blanks apart, a rule under the first line."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    texts = [
        '  '.join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    rule = '  '.join('─' * w for w in widths)
    return '\n'.join([texts[0], rule, *texts[1:]])

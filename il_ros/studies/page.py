"""What a study leaves for people and programs: result.json, figure.png and README.md."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import rc_context

from il_ros.studies.ledger import Ledger
from il_ros.studies.run import needs_of
from il_ros.studies.study import Done, Study, Table

RESULT, FIGURE, PAGE = 'result.json', 'figure.png', 'README.md'
DPI = 120
STYLE: dict[Any, Any] = {
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'grid.alpha': 0.2,
    'legend.frameon': False,
}


def write(
    study: Study, name: str, ledger: Ledger, folder: Path, failed: Mapping[str, str]
) -> dict[str, Any]:
    """Write the three files from what is done so far; return what result.json holds."""
    cells = study.cells()
    done = ledger.done(cells)
    is_whole = len(done) == len(cells)
    table = study.table(done)
    result = {
        'study': name,
        'question': study.question,
        'command': f'il-ros study {name}' + (' --quick' if study.quick else ''),
        'seeds': dict(study.seeds),
        'seconds': round(ledger.seconds([*cells, *needs_of(cells)]), 1),
        'cells': len(cells),
        'done': len(done),
        'failed': dict(failed),
        'verdict': study.verdict(done) if is_whole else unfinished(study, done, len(cells)),
        'table': table,
        **study.findings(table),
    }
    (folder / RESULT).write_text(json.dumps(result, indent=1) + '\n')
    (folder / PAGE).write_text(markdown(study, result))
    with rc_context(STYLE):
        study.draw(done).savefig(folder / FIGURE, dpi=DPI, metadata={'Software': None})
    return result


def unfinished(study: Study, done: Done, cells: int) -> str:
    """Say that there is no answer yet, or to what part of the question there is one."""
    so_far = study.so_far(done)
    answer = f'and this holds already. {so_far}' if so_far else 'so there is no answer yet.'
    return f'Not finished: {len(done)} of {cells} cells are done, {answer}'


def markdown(study: Study, result: Mapping[str, Any]) -> str:
    """Return the page: question, method, command, seeds, time, table, verdict, limits."""
    seeds = '; '.join(f'{what} {which}' for what, which in result['seeds'].items())
    hours = result['seconds'] / 3600
    spent = f'{result["seconds"]:.0f} s' if hours < 1 else f'{hours:.1f} h'
    parts = [
        f'# {result["study"]}',
        f'**Question.** {study.question}',
        f'**Verdict.** {result["verdict"]}',
        table_text(result['table']),
        f'![{study.question}]({FIGURE})',
        f'**Method.** {study.method}',
        f'**Command.** `{result["command"]}`: {result["done"]} of {result["cells"]} cells, '
        f'{spent} of work in all, spread over the processes. It goes on where it was stopped.',
        f'**Seeds.** {seeds}.',
        f'**What it does not show.** {study.does_not_show}',
    ]
    return '\n\n'.join(part for part in parts if part) + '\n'


def table_text(table: Table) -> str:
    """Return rows as a Markdown table, '' without rows."""
    if not table:
        return ''
    names = list(table[0])
    lines = [names, ['---'] * len(names), *([text(row[name]) for name in names] for row in table)]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def put_table(page: Path, name: str, table: Table) -> None:
    """Put a study's table between its two marks in a page; ValueError where there are none."""
    begin, end = f'<!-- study {name} -->\n', '<!-- end -->'
    before, mark, rest = page.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not mark or not closing:
        raise ValueError(f'{page}: put {begin.strip()} and {end} where the table is to be')
    page.write_text(f'{before}{begin}{table_text(table)}\n{end}{after}')


def text(value: Any) -> str:
    """Return a value as people read it: three digits, a pair as an interval."""
    if value is None:
        return '–'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, float):
        return f'{value:.3g}' if abs(value) >= 1 else f'{value:.3f}'
    if isinstance(value, (list, tuple)):
        return ' to '.join(text(part) for part in value)
    return str(value)

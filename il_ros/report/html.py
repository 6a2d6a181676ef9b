"""A run's report: one HTML file that holds everything it shows and opens from disk."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from il_ros.report.table import HEADINGS, Row, cells

STYLE = """
:root { color-scheme: light dark; --ground: #fbfbfa; --card: #ffffff; --ink: #1d2127;
  --soft: #667080; --line: #e3e5e8; --bar: #2f81c7; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --card: #1c2024; --ink: #e4e7ea;
  --soft: #98a2ae; --line: #30363c; --bar: #5ba3e0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1.5rem; letter-spacing: -0.01em; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1.25rem 1.5rem; margin: 0 0 1.25rem; }
h2 { font-size: 1.05rem; margin: 0 0 0.75rem; }
.notes { margin: 0 0 1.5rem; padding: 0; list-style: none; color: var(--soft); }
.notes li { margin: 0.15rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 0.85rem; }
th, td { padding: 0.45rem 0.9rem 0.45rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.interval { width: 9rem; padding-right: 0; }
.interval svg { display: block; width: 100%; height: 0.8rem; }
svg, video, img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
svg text { font-family: inherit !important; }
video { width: 100%; border-radius: 8px; background: #000; }
"""


def write_report(
    path: str | Path,
    title: str,
    rows: Sequence[Row],
    figures: Mapping[str, str | bytes],
    videos: Mapping[str, str | Path],
    notes: Iterable[str] = (),
) -> Path:
    """
    Write the report and return its path.

    figures: heading -> SVG text or PNG bytes; videos: heading -> an MP4, which is put inside.
    """
    sections = [_section('Results', _table(rows))] if rows else []
    sections += [_section(name, _figure(figure, name)) for name, figure in figures.items()]
    sections += [_section(name, _video(Path(film))) for name, film in videos.items()]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(title, notes, sections), encoding='utf-8')
    return path


def _page(title: str, notes: Iterable[str], sections: Iterable[str]) -> str:
    """Return the whole document."""
    lines = ''.join(f'<li>{escape(note)}</li>' for note in notes)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n'
        f'<h1>{escape(title)}</h1>\n<ul class="notes">{lines}</ul>\n'
        + '\n'.join(sections)
        + '\n</main>\n</body>\n</html>\n'
    )


def _section(heading: str, body: str) -> str:
    """Return a card."""
    return f'<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>'


def _table(rows: Iterable[Row]) -> str:
    """Return the results, each with its interval drawn on a scale of 0 to 1."""
    head = ''.join(f'<th>{escape(heading)}</th>' for heading in (*HEADINGS, ''))
    body = ''.join(
        '<tr>'
        + ''.join(f'<td>{escape(cell)}</td>' for cell in cells(row))
        + f'<td class="interval">{_interval(row)}</td></tr>'
        for row in rows
    )
    table = f'<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide">{table}</div>'


def _interval(row: Row) -> str:
    """Return a small drawing of an interval: the scale, the reach, the estimate."""
    low, high, success = (100 * x for x in (row.low, row.high, row.success))
    return (
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect x="0" y="3" width="100" height="2" fill="var(--line)"/>'
        f'<rect x="{low:.1f}" y="2" width="{high - low:.1f}" height="4" fill="var(--bar)" '
        f'opacity="0.45"/><rect x="{success - 0.6:.1f}" y="0" width="1.2" height="8" '
        'fill="var(--bar)"/></svg>'
    )


def _figure(figure: str | bytes, name: str) -> str:
    """Return SVG text as it is, PNG bytes as an image."""
    if isinstance(figure, str):
        return figure
    data = base64.b64encode(figure).decode()
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{data}">'


def _video(path: Path) -> str:
    """Return an MP4 as a player that holds the file itself."""
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        '<video autoplay controls loop muted playsinline '
        f'src="data:video/mp4;base64,{data}"></video>'
    )

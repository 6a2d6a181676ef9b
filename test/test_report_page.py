"""Table, figures and page: every figure given appears, and the file needs nothing else."""

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from il_ros.report.html import write_report
from il_ros.report.plots import (
    authority_over_time,
    losses,
    runs_of,
    success_curve,
    training_curves,
)
from il_ros.report.table import HEADINGS, Row, terminal_table
from il_ros.report.video import write_video

ROWS = [
    Row('l2', 40, 200, 0.12, 0.08, 0.17, 85.4),
    Row('diffusion, round <1>', 52, 200, 0.78, 0.72, 0.83, 60.0, 1.94),
]


def test_terminal_table_is_aligned_and_complete():
    """Each column starts at the same place in each line."""
    lines = terminal_table(ROWS).splitlines()
    assert len(lines) == 2 + len(ROWS)
    starts = [lines[0].index(h) for h in HEADINGS]
    assert [lines[2][s:].split('  ')[0] for s in starts] == [
        '40', 'l2', '0.12 of 200', '0.08 to 0.17', '–', '85',
    ]  # fmt: skip
    assert lines[3][starts[4] :].startswith('1.9 an episode')


def texts(svg):
    """Return the texts in an SVG, which must be well-formed."""
    return [
        ''.join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith('text')
    ]


def test_figures_are_svg_in_the_pages_ink(tmp_path):
    """Names and axes can be read; nothing is drawn in a fixed black."""
    log = tmp_path / 'log.csv'
    log.write_text('step,train,validation,note\n0,1.0,,warm\n10,0.5,0.6,\n20,oops,0.4,\n')
    who = np.repeat(np.array([[0, 1]], dtype=np.uint8), 50, axis=0)
    figures = {
        success_curve({'diffusion': ROWS}): {'success', 'round', 'diffusion'},
        authority_over_time({'seed 7': who}, 0.02): {'seed 7 · left', 'time [s]', 'human'},
        training_curves({'l2': log}): {'l2', 'training', 'held out', 'step'},
    }
    for svg, words in figures.items():
        assert words <= set(texts(svg))
        assert 'currentColor' in svg and '#000000' not in svg


def test_same_figure_is_the_same_text():
    """No dates, no random identifiers: reports can be compared."""
    assert success_curve({'a': ROWS}) == success_curve({'a': ROWS})


def test_losses_skip_what_is_no_number(tmp_path):
    """Validation is rarer than training; a cell may be empty or spoilt."""
    log = tmp_path / 'log.csv'
    log.write_text('step,loss,validation\n0,1.0,\n10,nan,0.6\n20,0.25,oops\n')
    found = losses(log)
    np.testing.assert_array_equal(found['loss'], ([0, 20], [1.0, 0.25]))
    np.testing.assert_array_equal(found['validation'], ([10], [0.6]))
    log.write_text('step,loss\n')  # killed before its first line
    assert losses(log)['loss'][0].shape == (0,)
    log.write_text('step,speed\n0,1\n')
    with pytest.raises(ValueError, match=r'log\.csv: no columns'):
        losses(log)


def test_runs_cover_the_episode():
    """Runs are maximal and end to end."""
    assert runs_of(np.array([0, 0, 1, 1, 1, 0])) == [(0, 2, 0), (2, 3, 1), (5, 1, 0)]
    assert runs_of(np.array([], dtype=np.uint8)) == []


class Links(HTMLParser):
    """Collects every address that a page would load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        """Keep src and href."""
        self.found += [v for k, v in attrs if k in ('src', 'href') and not v.startswith('#')]


def test_report_is_one_file_that_holds_all(tmp_path):
    """Figures, table and the very bytes of the video are inside; nothing is loaded."""
    film = tmp_path / 'v.mp4'
    write_video(film, [np.zeros((32, 32, 3), dtype=np.uint8)] * 3, 25)
    png = b'\x89PNG not really'
    figures = {'Success': success_curve({'diffusion': ROWS}), 'Photo': png}
    path = write_report(tmp_path / 'r.html', 'a < b', ROWS, figures, {'Film': film}, ['x & y'])
    page = path.read_text()
    links = Links()
    links.feed(page)
    assert all(link.startswith('data:') for link in links.found)
    inside = [base64.b64decode(link.split(',')[1]) for link in links.found]
    assert inside == [png, film.read_bytes()]
    for text in ('a &lt; b', 'x &amp; y', 'diffusion, round &lt;1&gt;', '0.72 to 0.83', 'Film'):
        assert text in page
    assert page.count('<svg') == 1 + len(ROWS)
    assert re.search(r'prefers-color-scheme: dark', page)

"""The table of heads: measured, looked up in other studies, and never made up."""

import json

import pytest

from il_ros.policy.registry import HEADS
from il_ros.studies.heads import CROWDS, SUCCESS, TASKS, Heads, successes, words
from il_ros.studies.page import put_table, table_text


def measured(head):
    """Return a cell's result as it would be."""
    return {'ms': 2.5 + len(head), 'parameters': 1000, 'likelihood': 'exact', 'T': 24}


def written(folder, rows):
    """Leave a result of the study that knows successes below folder; return the folder."""
    path = folder / 'studies' / SUCCESS
    path.mkdir(parents=True)
    (path / 'result.json').write_text(json.dumps({'table': rows}))
    return folder


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """A documentation folder in which one success of one head is known."""
    row = {'task': 'detour', 'demonstrators': 'six', 'head': 'flow', 'success': 0.91}
    written(tmp_path, [row])
    monkeypatch.setattr('il_ros.studies.heads.share', lambda name: tmp_path)
    return tmp_path


@pytest.mark.parametrize('head', HEADS)
def test_a_head_says_what_it_is_in_its_own_words(head):
    distribution, source = words(head)
    assert len(distribution.split()) > 4 and not distribution.endswith('.')
    assert source == '–' or source.startswith('[arXiv:')


def test_what_no_study_has_found_is_left_open_and_counted(docs):
    done = {head: measured(head) for head in ('flow', 'l2')}
    rows = {row['head']: row for row in Heads().table(done)}
    assert rows['`flow`']['detour, six'] == 0.91
    open_ones = [row[f'{t}, {c}'] for row in rows.values() for t in TASKS for c in CROWDS]
    assert open_ones.count(None) == len(open_ones) - 1
    said = Heads().verdict(done)
    assert f'{len(open_ones) - 1} of {len(open_ones)} successes are not in' in said
    assert '(`l2`)' in said and '(`flow`)' in said


def test_a_study_that_never_ran_knows_nothing(tmp_path):
    assert successes(tmp_path) == {}


def test_a_table_goes_between_its_marks_and_nothing_else_changes(tmp_path):
    page = tmp_path / 'README.md'
    begin, after = 'above\n<!-- study heads -->\n', '\n<!-- end -->\nbelow\n<!-- end -->\n'
    page.write_text(f'{begin}old{after}')
    table = [{'head': 'l2', 'success': 0.5}]
    for _ in range(2):
        put_table(page, 'heads', table)
        assert page.read_text() == f'{begin}{table_text(table)}{after}'


def test_a_page_without_marks_is_told_of_them(tmp_path):
    page = tmp_path / 'README.md'
    page.write_text('nothing here')
    with pytest.raises(ValueError, match='put <!-- study heads --> and <!-- end -->'):
        put_table(page, 'heads', [])
    assert page.read_text() == 'nothing here'

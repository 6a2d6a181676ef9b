# ruff: noqa: D102  what the methods of a Study do is said there
"""The frame of studies: cells are kept as they end, resumed, and written up as they are."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import ClassVar

import pytest
from matplotlib.figure import Figure

from il_ros.cli.main import main
from il_ros.studies import STUDIES
from il_ros.studies.ledger import CELLS, Ledger
from il_ros.studies.page import text, write
from il_ros.studies.run import Stop, run
from il_ros.studies.study import Cell, Study

KEYS = {
    *('study', 'question', 'command', 'seeds', 'seconds', 'cells', 'done', 'failed', 'verdict'),
    'table',
}
FINDINGS = {'gate': {'tasks'}}  # what a study's result has besides


class Squares(Study):
    """Squares of numbers, each from a file that holds the number, prepared once for all."""

    question = 'What are the squares?'
    method = 'Multiplication.'
    does_not_show = 'Cubes.'
    seeds: ClassVar = {'none': 0}
    count, slow_s = 4, 0.0

    def cells(self):
        need = Cell('offset', {'offset': 1})
        return [Cell(f'square/{n}', {'n': n}, (need,)) for n in range(self.count)]

    def prepare(self, need, scratch):
        (need.folder(scratch) / 'offset').write_text(str(need.settings['offset']))
        return {'made': True}

    def run(self, cell, scratch):
        time.sleep(self.slow_s)
        n = cell.settings['n']
        if n == getattr(self, 'impossible', None):
            raise ArithmeticError('this one cannot be squared')
        offset = int((cell.needs[0].folder(scratch) / 'offset').read_text())
        return {'square': n * n + offset - 1, 'process': os.getpid()}

    def table(self, done):
        return [{'n': key, 'square': found['square']} for key, found in done.items()]

    def draw(self, done):
        return Figure(figsize=(2, 2))

    def verdict(self, done):
        return f'The last square is {done[f"square/{self.count - 1}"]["square"]}.'


class Meeting(Squares):
    """Each process waits in its first cell until there is another process."""

    def run(self, cell, scratch):
        (scratch / f'{os.getpid()}.here').touch()
        until = time.monotonic() + 30
        while len(list(scratch.glob('*.here'))) < 2:
            assert time.monotonic() < until
            time.sleep(0.02)
        return super().run(cell, scratch)


class Slow(Squares):
    """The same, long enough to be interrupted."""

    count, slow_s = 50, 0.3


def told(cell, error):
    """Take the news of a cell and do nothing about it."""


def study_in(folder, study=None, limit_s=None, processes=1, only=''):
    """Run a study to a folder; return result.json, read back."""
    study = study or Squares()
    with Ledger.open(folder) as ledger, Stop(limit_s, print) as stop:
        failed = run(study, ledger, folder / 'scratch', processes, stop, told, only)
        write(study, 'squares', ledger, folder, failed)
    return json.loads((folder / 'result.json').read_text())


def kept(folder):
    """Return the keys of the rows in a folder's ledger."""
    return [json.loads(line)['key'] for line in (folder / CELLS).read_text().splitlines()]


@pytest.mark.parametrize('name', STUDIES)
def test_study_keeps_the_contract(name, tmp_path, monkeypatch, capsys):
    """Any study: --quick answers with all keys and files, and its table is a table."""
    monkeypatch.chdir(tmp_path)
    assert main(['study', name, '--quick', '--processes', '1', '--json']) == 0
    result = json.loads(capsys.readouterr().out)
    folder = tmp_path / 'runs' / 'quick' / name
    assert result == json.loads((folder / 'result.json').read_text())
    assert set(result) == KEYS | FINDINGS.get(name, set())
    assert result['done'] == result['cells'] and not result['failed']
    assert result['verdict'] and not result['verdict'].startswith('Not finished')
    assert result['table'] and len({tuple(row) for row in result['table']}) == 1
    assert (folder / 'figure.png').read_bytes().startswith(b'\x89PNG')
    page = (folder / 'README.md').read_text()
    for part in ('Question', 'Verdict', 'Method', 'Command', 'Seeds', 'What it does not show'):
        assert f'**{part}.**' in page


@pytest.mark.parametrize('name', STUDIES)
def test_a_study_is_written_up_whatever_is_missing(name, tmp_path):
    from il_ros.registry import lookup

    study = lookup(STUDIES, name)(False)
    with Ledger.open(tmp_path) as ledger:
        result = write(study, name, ledger, tmp_path, {})
    assert result['verdict'] == (
        f'Not finished: 0 of {len(study.cells())} cells are done, so there is no answer yet.'
    )


def test_a_study_leaves_json_page_and_figure(tmp_path):
    result = study_in(tmp_path)
    assert set(result) == KEYS
    assert result['table'] == [{'n': f'square/{n}', 'square': n * n} for n in range(4)]
    assert result['verdict'] == 'The last square is 9.'
    assert (result['done'], result['cells'], result['failed']) == (4, 4, {})
    page = (tmp_path / 'README.md').read_text()
    for said in ('What are the squares?', 'Multiplication.', 'Cubes.', '| square/3 | 9 |'):
        assert said in page


def test_what_is_done_is_not_done_again(tmp_path):
    study_in(tmp_path)
    before = (tmp_path / CELLS).read_text()
    assert study_in(tmp_path)['done'] == 4
    assert (tmp_path / CELLS).read_text() == before


def test_an_unfinished_study_says_how_much_is_done_and_goes_on(tmp_path):
    result = study_in(tmp_path, limit_s=0.0)
    assert result['verdict'].startswith('Not finished: 0 of 4 cells') and result['table'] == []
    study_in(tmp_path)
    rows = (tmp_path / CELLS).read_text().splitlines(keepends=True)
    (tmp_path / CELLS).write_text(''.join(rows[:3]) + rows[3][:9])  # as a crash leaves it
    with Ledger.open(tmp_path) as ledger:
        assert write(Squares(), 'squares', ledger, tmp_path, {})['done'] == 2
    assert study_in(tmp_path)['done'] == 4
    assert [key[-1] for key in kept(tmp_path)] == ['t', '0', '1', 't', '2', '3']


def test_other_settings_are_another_cell(tmp_path):
    class Shifted(Squares):
        def cells(self):
            need = Cell('offset', {'offset': 2})
            return [Cell(c.key, c.settings, (need,)) for c in super().cells()]

    study_in(tmp_path)
    assert [row['square'] for row in study_in(tmp_path, Shifted())['table']] == [1, 2, 5, 10]
    assert [row['square'] for row in study_in(tmp_path)['table']] == [0, 1, 4, 9]


def test_a_part_of_the_cells_can_be_run_first(tmp_path):
    assert study_in(tmp_path, only='/2')['verdict'].startswith('Not finished: 1 of 4')
    assert [key[-1] for key in kept(tmp_path)] == ['t', '2']
    assert study_in(tmp_path)['done'] == 4


def test_a_cell_that_fails_does_not_take_others_with_it(tmp_path):
    study = Squares()
    study.impossible = 1
    result = study_in(tmp_path, study)
    assert result['failed'] == {'square/1': 'ArithmeticError: this one cannot be squared'}
    assert result['verdict'].startswith('Not finished: 3 of 4')
    assert study_in(tmp_path)['failed'] == {}


def test_cells_run_in_several_processes(tmp_path):
    study_in(tmp_path, Meeting(), processes=2)
    rows = [json.loads(line) for line in (tmp_path / CELLS).read_text().splitlines()]
    processes = {row['result']['process'] for row in rows if row['key'] != 'offset'}
    assert len(processes) == 2 and os.getpid() not in processes


def test_what_json_cannot_say_fails_the_cell_alone(tmp_path):
    class Wrong(Squares):
        def run(self, cell, scratch):
            return {'square': float('nan')} if cell.settings['n'] == 2 else {'square': 0}

    result = study_in(tmp_path, Wrong())
    assert result['done'] == 3 and 'square/2' in result['failed']


def test_two_cells_of_one_key_are_refused(tmp_path):
    class Double(Squares):
        def cells(self):
            return [*super().cells(), Cell('square/1', {'n': 7})]

    with pytest.raises(ValueError, match=r"the key \['square/1'\]"):
        study_in(tmp_path, Double())


def test_two_runs_do_not_write_into_one_study(tmp_path):
    with Ledger.open(tmp_path), pytest.raises(ValueError, match='another'):
        study_in(tmp_path)


INTERRUPTED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_studies import Slow, study_in
if __name__ == '__main__':
    result = study_in(Path(sys.argv[2]), Slow(), processes=2)
    print(result['done'])
"""


def test_ctrl_c_ends_after_the_running_cells_and_keeps_them(tmp_path):
    """As a terminal sends it: to all processes of the group."""
    script = tmp_path / 'interrupted.py'
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), os.path.dirname(__file__), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    while not (tmp_path / CELLS).is_file() or len(kept(tmp_path)) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=20)[0].splitlines()
    assert process.returncode == 0 and said[0].startswith('finishing the cells')
    done = [key for key in kept(tmp_path) if key != 'offset']
    assert int(said[-1]) == len(done) and 1 <= len(done) < 20


@pytest.mark.parametrize(
    ('value', 'said'),
    [
        (None, '–'),
        (0.5, '0.500'),
        (12345.678, '1.23e+04'),
        ([0.1, 0.25], '0.100 to 0.250'),
        (True, 'yes'),
        (7, '7'),
    ],
)
def test_values_are_written_as_people_read_them(value, said):
    assert text(value) == said


def test_an_unknown_study_is_bad_input(capsys):
    assert main(['study', 'distribution']) == 2
    assert capsys.readouterr().err.startswith("il-ros study: unknown name 'distribution'")

"""The command line: verbs with help, one line for bad input, one JSON value where asked."""

import json
import os
import re
import subprocess
import sys

import pytest

from il_ros.cli import listing
from il_ros.cli.main import VERBS, main, module


def il_ros(*words):
    return subprocess.run(
        [sys.executable, '-m', 'il_ros.cli.main', *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_lists_every_verb_with_what_it_does(capsys):
    with pytest.raises(SystemExit) as ended:
        main(['--help'])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    for verb in VERBS:
        assert re.search(rf'\n    {verb}\s+{module(verb).HELP.split()[0]}', said)


@pytest.mark.parametrize('verb', VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, '--help'])
    assert ended.value.code == 0 and f'il-ros {verb}' in capsys.readouterr().out


def test_help_needs_neither_ros_nor_torch():
    code = """
import sys
from il_ros.cli.main import main
try:
    main(['--help'])
finally:
    print([name for name in ('rclpy', 'torch', 'pybullet') if name in sys.modules])
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == '[]'


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['up', 'recrod'], "unknown session 'recrod' (did you mean 'record'?)"),
        (['up', 'record', 'episods:=1'], "unknown argument 'episods' (did you mean 'episodes'?)"),
        (['up', 'record', 'episodes=1'], "'episodes=1': expected name:=value"),
        (['up', 'bc_deployment'], 'checkpoint:=... is missing'),
        (['teleop', 'hands:=operator'], 'hands:=operator: expected joystick or leader'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(words, message, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == '' and err.startswith(f'il-ros {words[0]}: {message}') and err.count('\n') == 1


def test_up_shows_sessions_and_their_arguments(capsys):
    assert main(['up']) == 0
    assert 'hg_dagger' in capsys.readouterr().out
    assert main(['up', 'hg_dagger', '--show-args']) == 0
    said = capsys.readouterr().out
    assert (
        'checkpoint:=... ' in said and 'lockstep:=false' in said and 'operator | joystick' in said
    )


@pytest.mark.parametrize('what', listing.NAMES)
def test_list_prints_an_array_of_names(what, capsys):
    assert main(['list', what, '--json']) == 0
    names = json.loads(capsys.readouterr().out)
    assert names == sorted(names) and all(isinstance(name, str) for name in names)


def test_list_knows_what_ships(capsys):
    expected = {'heads': 'l2', 'tasks': 'transfer', 'robots': 'sim', 'sessions': 'record'}
    for what, name in expected.items():
        main(['list', what, '--json'])
        assert name in json.loads(capsys.readouterr().out)


def test_doctor_prints_one_object_and_says_what_to_do_about_what_is_broken():
    done = il_ros('doctor', '--json', '--seconds', '0.3')
    found = json.loads(done.stdout)
    names = [check['name'] for check in found['checks']]
    assert {'ros', 'middleware', 'pybullet', 'egl', 'joystick', 'torch', 'images'} <= set(names)
    broken = [check for check in found['checks'] if check['state'] == 'broken']
    assert found['ok'] == (not broken) == (done.returncode == 0)
    assert all(check['remedy'] for check in broken)


def test_doctor_sees_that_another_middleware_was_chosen(monkeypatch):
    from il_ros.cli import doctor

    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_zenoh_cpp')
    assert doctor.middleware().state == 'note' and 'zenoh' in doctor.middleware().says
    monkeypatch.delenv('RMW_IMPLEMENTATION')
    for name in list(os.environ):
        if name.endswith('_DEFAULT_PROFILES_FILE'):
            monkeypatch.delenv(name)
    assert doctor.middleware().state == 'ok'

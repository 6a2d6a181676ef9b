"""`il-ros train`: what it prints, to people and to the session that started it."""

import json

from small_bags import SmallBag

from il_ros.cli.main import main
from il_ros.cli.progress import shown
from il_ros.robot.load import load_robot

SPEC = load_robot('sim')
SMALL = ('head=l2', 'steps=2', 'width=336', 'context=16', 'warmup=1', 'threads=1')


def test_episodes_that_nothing_was_learned_from_are_counted_and_named(tmp_path, capsys):
    for number, grade in enumerate(('OK', 'SUSPECT', 'OK')):
        bag = SmallBag(SPEC, seed=number)
        bag.meta |= {'grade': grade, 'reasons': ['command: a gap of 0.80 s']}
        bag.write(tmp_path / 'demos' / f'episode_{number:06d}')
    words = [word for pair in SMALL for word in ('--set', pair)]
    out = ['--data', str(tmp_path / 'demos'), '--out', str(tmp_path / 'policy'), *words, '--json']
    assert main(['train', *out]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found['left_out'] == 1
    assert 'episode_000001: SUSPECT: command: a gap of 0.80 s' in told.err
    assert '; 1 episodes left out, see training.log' in shown('trained', {'round': 1, **found})


def test_a_training_of_an_earlier_session_is_told_as_such():
    assert shown('trained', {'round': 2}) == '   round 2 had been trained already'
    found = {'steps': 5, 'validation': 0.5, 'left_out': 0}
    assert shown('trained', {'round': 2, **found}) == '   trained 5 steps, held-out loss 0.5'

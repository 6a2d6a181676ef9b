"""What the study of attention says of rounds whose answer is known."""

import numpy as np
import pytest

from il_ros.sim.attention import Spent
from il_ros.studies.attention import Attention
from il_ros.studies.attention_answer import minutes
from il_ros.studies.attention_arms import ARMS, SWITCH_S, charged_s


def digits(random, chance, n):
    """Return wins of n episodes."""
    return ''.join('01'[int(won)] for won in random.random(n) < chance)


def rounds(random, last, minutes_each, interventions):
    """Return five rounds in which success grows up to `last`."""
    rows = []
    for number, chance in enumerate(np.linspace(0.55, last, 5)):
        rows.append(
            {
                'episodes': 20,
                'charged_s': 60.0 * minutes_each,
                'attention_s': 50.0 * minutes_each,
                'calls': [1] * 20,
                'switches': 20,
                'interventions': random.poisson(interventions * 0.6**number, 20).tolist(),
                'assisted': 20,
                'verdict': 'better',
                'ours': '1',
                'theirs': '0',
                'test': digits(random, chance, 300 if number == 4 else 40),
            }
        )
    return rows


def finished(study):
    """Return a study in which the gate pays."""
    random, done = np.random.default_rng(0), {}
    each = {
        'gated': (0.97, 1.4),
        'watching': (0.97, 4.0),
        'demonstrations': (0.7, 1.4),
        'periodic': (0.8, 1.4),
        'random': (0.75, 1.4),
    }
    for task in study.tasks:
        done[f'{task}/before'] = {'test': digits(random, 0.5, 300), 'expert': '1' * 300}
        for name, (last, minutes_each) in each.items():
            done[f'{task}/{name}'] = {'rounds': rounds(random, last, minutes_each, 2.0)}
    return done


def test_a_gate_that_pays_is_said_to_pay():
    study = Attention()
    done = finished(study)
    said = study.verdict(done)
    assert 'not reached' not in said and said.count('at 0.35 of the attention (reached') == 2
    for name in ('demonstrations', 'periodic', 'random'):
        assert f'gated above {name} at equal attention: +0.' in said
    assert said.count('% a round [') == 4
    part = study.so_far(dict(list(done.items())[:6]))  # of the first task
    assert [f'{task}:' in part for task in study.tasks] == [True, False]
    row = study.table(done)[0]
    assert row['attention [min]'] == pytest.approx(5 * 1.4)
    assert row['of it switches [min]'] == pytest.approx(5 * 1.4 / 6, abs=0.01)
    assert row['replaced'] == '+++++'


def test_figure_has_a_line_an_arm_that_goes_right_and_up():
    study = Attention()
    axes = study.draw(finished(study)).axes
    assert len(axes) == len(study.tasks)
    lines = [line for line in axes[0].get_lines() if len(line.get_xdata()) == 6]
    assert len(lines) == len(ARMS)
    for line in lines:
        assert line.get_xdata()[0] == 0 and (np.diff(line.get_xdata()) > 0).all()


def test_switches_are_charged_and_who_is_there_came_once():
    spent = [Spent(3.0, 1, 1), Spent(0.0), Spent(4.0, 2, 2)]
    assert charged_s(spent, ARMS['gated']) == 7.0 + 3 * SWITCH_S
    watched = [Spent(10.0)] * 3
    assert charged_s(watched, ARMS['watching']) == 30.0 + SWITCH_S
    assert minutes([{'charged_s': 30.0}, {'charged_s': 90.0}]) == [0.5, 2.0]


def test_what_equals_the_gated_one_is_done_anew_when_that_changes():
    one, other = Attention(), Attention()
    plan = other.plans['insertion']
    other.plans['insertion'] = type(plan)(**{**vars(plan), 'false_alarms': 0.3})
    marks = [{c.key: c.mark for c in study.cells()} for study in (one, other)]
    assert marks[0]['insertion/random'] != marks[1]['insertion/random']
    assert marks[0]['transport/random'] == marks[1]['transport/random']
    keys = list(marks[0])
    assert keys.index('transport/gated') < keys.index('insertion/demonstrations')

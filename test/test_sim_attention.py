"""When synthetic operators look, what they do then, and what it costs them."""

import numpy as np
import pytest

from il_ros.robot.load import load_robot
from il_ros.sim.attention import LOOKS, Look, Person, Spent
from il_ros.sim.operator import SyntheticOperator
from il_ros.spec import JointSample

SPEC = load_robot('sim')
DT_NS = SPEC.dt_ns


class OnlyProgress:
    """An expert who knows how far the task is: as far as the test says."""

    now = 0.0

    def reset(self):
        """Plan nothing."""

    def progress(self, joints, objects):
        """Return what the test says."""
        return self.now

    def act(self, joints, objects):
        """Stay."""
        return joints.position


def episode(person, progress, called=lambda s: False, seed=0, seconds=20.0):
    """Return the seconds at which the operator was engaged, and what was spent."""
    expert = OnlyProgress()
    operator = SyntheticOperator(SPEC, expert, person, seed, patience_s=2.0)
    engaged = []
    for tick in range(round(seconds / SPEC.dt_s)):
        at_s = tick * SPEC.dt_s
        expert.now = progress(at_s)
        still = np.zeros(SPEC.size)
        joints = JointSample(tick * DT_NS, SPEC.home, still, still)
        if operator.act(joints, np.zeros((0, 7)), called(at_s))[1]:
            engaged.append(at_s)
    return np.array(engaged), operator.spent


def well(at_s):
    """Go on."""
    return at_s / 30


def stuck(at_s):
    """Go on for 4 s, and never again."""
    return min(at_s, 4.0) / 30


def test_who_watches_takes_over_after_patience_and_reaction_and_attends_all_the_time():
    engaged, spent = episode(Person(reaction_s=1.0), stuck)
    assert engaged[0] == pytest.approx(4.0 + 2.0 + 1.0, abs=0.2)
    assert spent == Spent(20.0, calls=0, switches=0)
    assert not len(episode(Person(), well)[0])


def test_who_does_not_look_all_the_time_sees_it_later_at_no_less_cost():
    late = []
    for seed in range(40):
        engaged, spent = episode(Person(inattention=0.5), stuck, seed=seed)
        assert spent.attention_s == 20.0
        late.append(engaged[0] if len(engaged) else 20.0)
    assert min(late) >= 6.0 and np.mean(late) > 6.8 and len(set(late)) > 10


def test_who_is_called_comes_then_and_only_then_and_stays_until_nobody_calls():
    person = Person(looks='called', reaction_s=0.5)
    assert episode(person, stuck) == (pytest.approx([]), Spent())
    engaged, spent = episode(person, well, called=lambda at_s: 5.0 <= at_s < 14.0)
    assert engaged[0] == pytest.approx(5.5) and engaged[-1] >= 13.9 and engaged[-1] < 15.0
    assert (spent.calls, spent.switches) == (1, 1)
    assert spent.attention_s == pytest.approx(engaged[-1] - 5.0, abs=0.1)
    assert spent.charged_s(5.0) == spent.attention_s + 5.0
    twice = episode(person, well, called=lambda at_s: at_s % 10 > 9.0)[1]
    assert (twice.calls, twice.switches) == (2, 2)


def test_who_looks_from_time_to_time_pays_for_looks_and_takes_over_in_one():
    person = Person(looks='periodic', reaction_s=0.3, every_s=5.0)
    engaged, spent = episode(person, well)
    assert not len(engaged) and 3 <= spent.switches <= 4
    assert spent.attention_s == pytest.approx(spent.switches * 1.0, abs=0.99)
    firsts = {episode(person, stuck, seed=seed)[0][0] for seed in range(10)}
    assert 6.3 <= min(firsts) < max(firsts) <= 4.0 + 2 * 5.0 and len(firsts) == 10


def test_random_calls_come_as_often_as_said_and_have_nothing_to_do_with_it():
    person = Person(looks='random', every_s=6.0)
    calls = [episode(person, well, seed=seed)[1].calls for seed in range(60)]
    assert 1.0 < np.mean(calls) < 3.4  # one that comes while the person acts is none
    assert len(episode(person, well, seed=1)[0])


@pytest.mark.parametrize('looks', LOOKS)
def test_a_seed_stands_for_an_episode(looks):
    person = Person(looks, inattention=0.3)
    one, two, other = (
        episode(person, stuck, called=lambda at_s: at_s > 7, seed=s) for s in (3, 3, 4)
    )
    assert np.array_equal(one[0], two[0]) and one[1] == two[1]
    eyes = [person.eyes(seed) for seed in (3, 4)]
    seen = [[eye.look(t * DT_NS, False) for t in range(2000)] for eye in eyes]
    assert looks == 'called' or seen[0] != seen[1]
    assert looks != 'called' or set(seen[0]) == {Look.AWAY}
    assert other[1] is not None


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [
        ({'looks': 'never'}, 'expected one of always, called, periodic, random'),
        ({'inattention': 1.0}, 'inattention 1.0'),
        ({'reaction_s': -1.0}, 'reaction_s -1.0'),
        ({'every_s': 0.5}, 'every_s'),
    ],
)
def test_a_person_there_cannot_be_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Person(**wrong)


def test_spent_adds_up():
    assert Spent(1.5, 1, 2) + Spent(2.0, 0, 1) == Spent(3.5, 1, 3)

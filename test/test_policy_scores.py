"""The contract of a score, over all of them and all heads, and what each is to find."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from learning import HUMAN, POLICY, episodes, robot, tiny

from il_ros.checkpoint import CheckpointError
from il_ros.policy.registry import HEADS
from il_ros.policy.scores import SCORES, classifier
from il_ros.policy.scores.base import Examples, Moment, NoScore
from il_ros.policy.scores.bounds import Bounds
from il_ros.policy.scores.kept import Kept, keep, kept
from il_ros.registry import make
from il_ros.trainer.examples import examples_of, time_to_success
from il_ros.trainer.run import prepare, tensors

SPEC = robot()
B = 3
ONE_ANSWER = ('l1', 'l2')
FROM_NOISE = ('diffusion', 'flow', 'shortcut')


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@cache
def policy_of(**differences):
    """Return a policy that has learned nothing yet."""
    return prepare(tiny(**differences), episodes(SPEC), SPEC).policy.eval().requires_grad_(False)


@cache
def learned(**differences):
    """Return a policy after a short training."""
    run = prepare(tiny(lr=3e-3, val_fraction=0.0, **differences), episodes(SPEC), SPEC)
    for step in range(300):
        chosen = np.random.default_rng(step).integers(len(run.windows), size=32)
        sample = tensors(run.windows.batch(chosen), 'cpu')
        run.policy.loss(*sample, seeded(step))['total'].backward()
        run.optimiser.step()
        run.optimiser.zero_grad()
    return run.policy.eval().requires_grad_(False)


def moment_of(policy, values):
    context = policy.encode(values, {})
    return Moment(values, {}, context, policy.head.sample(context, seeded()))


def seen(policy, rows=B, off=0.0):
    """Return the values of the first rows of a demonstration, moved by so many deviations."""
    one = episodes(SPEC)[0]
    values = {'position': one.position[:rows, None], 'velocity': one.velocity[:rows, None]}
    values = {k: torch.from_numpy(np.array(v)).float() for k, v in values.items()}
    return {k: v + off * policy.get_buffer(f'{k}_std') for k, v in values.items()}


def mixed_episodes():
    """Return demonstrations, a success of the policy, and one in which a person took over."""
    given = episodes(SPEC, 5)
    for number, episode in enumerate(given):
        episode.meta['outcome'] = 'failure' if number == 4 else 'success'
    for episode in given[3:]:
        episode.who[:] = POLICY
    given[2].who[:20] = POLICY
    given[2].command[20:] += 0.5  # what the policy would not have done
    return given


@pytest.mark.parametrize('head', HEADS)
@pytest.mark.parametrize('name', SCORES)
def test_a_score_is_finite_and_repeatable_or_names_the_head_that_it_cannot_judge(
    name, head, monkeypatch
):
    monkeypatch.setattr(classifier, 'STEPS', 5)
    policy = policy_of(head=head)
    others = (policy_of(head=head, seed=1),)
    if (name == 'spread' and head in ONE_ANSWER) or (
        name == 'residual' and head not in FROM_NOISE
    ):
        with pytest.raises(NoScore, match=type(policy.head).__name__):
            make(SCORES, name, policy, others)
        return
    score = make(SCORES, name, policy, others)
    assert score.learned_from in ('demonstrations', 'interventions')
    examples = examples_of(policy, others, mixed_episodes(), SPEC, seeded())
    state = score.fit(examples, seeded())
    assert sum(value.numel() for value in state.values()) < 200_000  # it goes with the checkpoint
    moment = moment_of(policy, seen(policy))
    one, two = (score.score(state, moment, seeded()) for _ in range(2))
    assert one.shape == (B,) and one.isfinite().all() and torch.equal(one, two)


def drawn_examples(rows=400, width=8, seed=0):
    """Return examples whose first feature says what happens: above 0 persons act otherwise."""
    generator = seeded(seed)
    pooled = torch.randn(rows, width, generator=generator)
    chunk = torch.zeros(rows, 6, SPEC.size)
    is_odd = pooled[:, 0] > 0
    person = torch.randn(chunk.shape, generator=generator) * 0.1 + is_odd[:, None, None]
    left_s = torch.where(is_odd, torch.inf, 5.0)
    alone = torch.full((rows,), torch.nan)
    return Examples(pooled, chunk, person, ~is_odd, left_s, alone), is_odd


@pytest.mark.parametrize('name', ['discrepancy', 'risk'])
def test_what_learned_from_interventions_tells_unseen_steps_apart(name):
    policy = policy_of()
    score = make(SCORES, name, policy)
    state = score.fit(drawn_examples()[0], seeded())
    unseen, is_odd = drawn_examples(seed=1)
    moment = moment_of(policy, seen(policy))
    context = replace(moment.context, pooled=unseen.pooled)
    told = score.score(state, replace(moment, context=context, chunk=unseen.chunk), seeded())
    right = (told[is_odd][:, None] > told[~is_odd][None]).float().mean()  # AUROC
    assert right > 0.95


@pytest.mark.parametrize('name', ['discrepancy', 'risk', 'thrifty'])
def test_what_learns_from_interventions_says_what_is_missing_without(name):
    policy = policy_of()
    demonstrated = examples_of(policy, (), episodes(SPEC), SPEC, seeded())
    with pytest.raises(NoScore, match='give'):
        make(SCORES, name, policy, (policy,)).fit(demonstrated, seeded())


def test_distance_and_an_ensemble_see_what_is_unlike_the_demonstrations():
    policy, other = learned(head='l2'), learned(head='l2', seed=1)
    examples = examples_of(policy, (), episodes(SPEC), SPEC, seeded())
    for name in ('distance', 'ensemble'):
        score = make(SCORES, name, policy, (other,))
        state = score.fit(examples, seeded())
        near, far = (
            score.score(state, moment_of(policy, seen(policy, off=off)), seeded())
            for off in (0.0, 30.0)
        )
        assert far.min() > 2 * near.max()


def test_thrifty_calls_where_an_ensemble_disagrees_though_no_failure_came_of_it(monkeypatch):
    monkeypatch.setattr(classifier, 'STEPS', 5)
    policy, other = learned(head='l2'), learned(head='l2', seed=1)
    examples = examples_of(policy, (other,), mixed_episodes(), SPEC, seeded())
    score = make(SCORES, 'thrifty', policy, (other,))
    state = score.fit(examples, seeded())
    near, far = (
        score.score(state, moment_of(policy, seen(policy, off=off)), seeded())
        for off in (0.0, 30.0)
    )
    assert far.min() > 0.5 > near.max()


def test_the_residual_is_low_for_chunks_that_were_learned():
    policy = learned(head='flow')
    moment = moment_of(policy, seen(policy))
    noise = replace(moment, chunk=torch.randn(moment.chunk.shape, generator=seeded(1)))
    score = make(SCORES, 'residual', policy)
    plan, other = (score.score({}, m, seeded()) for m in (moment, noise))
    assert (plan < 0.5 * other).all()


def test_an_ensemble_of_one_or_of_strangers_is_refused():
    policy = policy_of()
    for name in ('ensemble', 'thrifty'):
        with pytest.raises(NoScore, match='alone; train others'):
            make(SCORES, name, policy)
    with pytest.raises(NoScore, match='T = 8, the policy 6'):
        make(SCORES, 'ensemble', policy, (policy_of(T=8),))


def test_a_policy_is_not_credited_with_what_a_person_did():
    episode = mixed_episodes()[2]  # the policy until tick 20, then a person, to success
    left_s = time_to_success(episode, SPEC)
    assert np.isinf(left_s[:20]).all() and np.isnan(left_s[20:]).all()
    episode.who[30:] = POLICY
    assert time_to_success(episode, SPEC)[30] == pytest.approx(9 * SPEC.dt_s)
    episode.meta['outcome'] = 'failure'
    assert np.isinf(time_to_success(episode, SPEC)[30:]).all()
    episode.who[:] = HUMAN
    episode.meta['outcome'] = 'success'
    assert np.isfinite(time_to_success(episode, SPEC)).all()


def test_scores_are_kept_beside_the_checkpoint_they_are_of(tmp_path):
    state = {'points': torch.arange(6.0).reshape(2, 3)}
    given = {'distance': Kept(state, Bounds(2.0, 1.0, 40, 0.1)), 'spread': Kept({})}
    keep(tmp_path, 'abc', given)
    found = kept(tmp_path, 'abc')
    assert torch.equal(found['distance'].state['points'], state['points'])
    assert found['distance'].bounds == Bounds(2.0, 1.0, 40, 0.1)
    assert found['spread'] == Kept({})
    with pytest.raises(CheckpointError, match='il-ros gate'):
        kept(tmp_path, 'def')
    (tmp_path / 'scores.safetensors').write_bytes(b'half')
    with pytest.raises(CheckpointError, match='fit the scores again'):
        kept(tmp_path, 'abc')
    assert kept(tmp_path / 'nothing', 'abc') == {}


def test_fitting_is_repeatable(monkeypatch):
    monkeypatch.setattr(classifier, 'STEPS', 5)
    policy, other = policy_of(), policy_of(seed=1)
    examples = examples_of(policy, (other,), mixed_episodes(), SPEC, seeded())
    score = make(SCORES, 'thrifty', policy, (other,))
    one, two = (score.fit(examples, seeded(3)) for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)

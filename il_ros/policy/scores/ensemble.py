"""Ensemble: how much policies that learned the same disagree on what is to be done."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from il_ros.policy.model import Policy
from il_ros.policy.scores.base import Examples, Moment, NoScore, Score, State


class EnsembleScore(Score):
    """
    The deviation between the plans of all members, root mean square over the chunk's numbers.

    The others are checkpoints of their own in the folder `ensemble` of the one that acts: same
    data, another seed. All draw the same noise, so that what differs is what they learned.
    Source: Menda et al. 2019, arXiv:1807.08364 (EnsembleDAgger).
    """

    def __init__(self, policy: Policy, others: Sequence[Policy] = ()):
        super().__init__(policy, others)
        self.members = (policy, *others)
        if not others:
            raise NoScore(
                'ensemble: the policy is alone; train others on the same data with --set seed=1 '
                'and so on, each into a folder of its own in the folder `ensemble` of its '
                'checkpoint'
            )
        for other in others:
            _check(policy, other)

    def score(self, state: State, moment: Moment, generator: torch.Generator) -> Tensor:
        """Return the disagreement (B,) in units of the policy that acts."""
        return disagreement(self.members, moment.values, moment.images, generator)

    def over(self, state: State, examples: Examples) -> Tensor:
        """Return the disagreement (N,) at examples."""
        return examples.disagreement


def disagreement(
    members: Sequence[Policy],
    values: Mapping[str, Tensor],
    images: Mapping[str, Tensor],
    generator: torch.Generator,
) -> Tensor:
    """Return how far the members' plans differ (B,), in units of the first of them."""
    start, plans = generator.get_state(), []
    for member in members:
        generator.set_state(start)
        plan = member.sample(values, images, generator)
        plans.append(members[0].inside(values, plan))
    return torch.stack(plans).var(0).flatten(1).mean(1).sqrt()


def _check(policy: Policy, other: Policy) -> None:
    """Raise NoScore naming in what another policy cannot be compared with the one that acts."""
    for name in ('inputs', 'cameras', 'H', 'T'):
        ours, theirs = (getattr(p.config, name) for p in (policy, other))
        if ours != theirs:
            raise NoScore(f'ensemble: a member has {name} = {theirs}, the policy {ours}')

"""The shortcut head: a flow that is told how long its steps are, so that one may do."""

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import integers, normal, uniform
from il_ros.policy.heads.flow import FlowHead, wide
from il_ros.policy.ode import euler

RUNGS = 4  # steps of 1/8, 1/4, 1/2 and 1 are learned; rung 0 is the flow itself, a step of 0
LADDER = {2**i: RUNGS - i for i in range(RUNGS)}  # steps from noise to chunk -> rung
SHARE = 4  # one sample in so many learns a long step, the others the flow
INPAINT_STEPS = 8  # the first step of a chunk sees noise alone, whatever is known


class ShortcutHead(FlowHead):
    """
    A flow whose steps of size d are learned: noisy at t + d = noisy + d velocity(noisy, t, d).

    At d = 0 the velocity is the flow's. A step is to lead where two of half its size do:
    velocity(x, t, d) = (velocity(x, t, d/2) + velocity(x', t + d/2, d/2)) / 2, where x' is x
    after the first of them. In one step, d = 1, noise then becomes a chunk by one call.
    Source: Frans et al. 2024, arXiv:2410.12557.
    """

    def __init__(self, config: TrainConfig, actions: int):
        super().__init__(config, actions)
        self.solver = euler  # its steps are as straight as they are long
        self.rung = nn.Embedding(RUNGS + 1, config.context)
        nn.init.zeros_(self.rung.weight)  # at first steps of all sizes are alike

    def loss(
        self, context: Context, actions: Tensor, mask: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the masked mean square error of the flow and of longer steps, side by side."""
        rung = self.rungs(generator, actions)
        time = self.starts(generator, actions, rung)
        noise = normal(generator, actions)  # (B, T, A)
        noisy = torch.lerp(noise, actions, wide(time))
        velocity = actions - noise
        is_long = rung > 0
        if is_long.any():
            rows = rows_of(context, is_long)
            velocity[is_long] = self.two_steps(noisy[is_long], time[is_long], rung[is_long], rows)
        return {'total': self.miss(noisy, time, self.told(context, rung), velocity, mask)}

    def sample(
        self,
        context: Context,
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return (B, T, A); with something known in no fewer than INPAINT_STEPS steps."""
        steps = self.steps if known is None else max(self.steps, INPAINT_STEPS)
        rung = torch.full((len(context.pooled),), LADDER.get(steps, 0)).to(context.pooled.device)
        return self.follow(self.told(context, rung), generator, steps, known, weight)

    def log_prob(self, context: Context, actions: Tensor) -> Tensor:
        """Return an estimate (B,) [nats] of the log-density that the flow itself leads to."""
        rung = torch.zeros(len(actions), dtype=torch.long, device=actions.device)
        return super().log_prob(self.told(context, rung), actions)

    def residual(self, context: Context, actions: Tensor, generator: torch.Generator) -> Tensor:
        """Return what the flow itself, the step of size 0, does not find again (B,)."""
        rung = torch.zeros(len(actions), dtype=torch.long, device=actions.device)
        return super().residual(self.told(context, rung), actions, generator)

    def two_steps(self, noisy: Tensor, time: Tensor, rung: Tensor, context: Context) -> Tensor:
        """Return the mean velocity (B, T, A) of two steps of the rung below, to be learned."""
        half, below = length(rung) / 2, self.told(context, rung - 1)
        with torch.no_grad():
            first = self.velocity(noisy, time, below)
            second = self.velocity(noisy + wide(half) * first, time + half, below)
        return (first + second) / 2

    def told(self, context: Context, rung: Tensor) -> Context:
        """Return the context of a denoiser that is told the rung (B,) of its step, too."""
        said = self.rung(rung)  # (B, C)
        tokens = torch.cat([context.tokens, said[:, None]], dim=1)
        padding = nn.functional.pad(context.padding, (0, 1))
        return Context(tokens, padding, context.pooled + said)

    def rungs(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """Return random rungs (B,): one of SHARE is above 0, each of those as often."""
        drawn = integers(generator, SHARE * RUNGS, like)
        return torch.where(drawn < RUNGS, drawn + 1, 0)

    def starts(self, generator: torch.Generator, like: Tensor, rung: Tensor) -> Tensor:
        """Return random times (B,) at which a step begins: any, or a multiple of a long one."""
        size, drawn = length(rung), uniform(generator, like[:, 0, 0])
        return torch.where(rung > 0, (drawn / size).floor() * size, self.times(generator, like))


def length(rung: Tensor) -> Tensor:
    """Return the step size (B,) of rungs (B,) above 0: from 1 down, each half of the next."""
    return 2.0 ** (rung - RUNGS)


def rows_of(context: Context, which: Tensor) -> Context:
    """Return the rows of a context for which `which` (B,) is true."""
    return Context(context.tokens[which], context.padding[which], context.pooled[which])

"""The network as a whole: units in and out, normalised in between; encoder, then head."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from il_ros.policy.config import TrainConfig
from il_ros.policy.context import Context
from il_ros.policy.draws import normal
from il_ros.policy.registry import ENCODERS, HEADS
from il_ros.registry import make

ACTION = 'action'


class Policy(nn.Module):
    """
    Built from a TrainConfig and statistics {'<input>.mean': (D,), '<input>.std': (D,), ...}.

    The statistics, 'action' among them, are buffers but no weights: a checkpoint has them in a
    file of their own.
    """

    def __init__(self, config: TrainConfig, statistics: Mapping[str, Tensor]):
        super().__init__()
        self.config = config
        for name in (*config.inputs, ACTION):
            for part in ('mean', 'std'):
                value = statistics[f'{name}.{part}'].float()
                self.register_buffer(f'{name}_{part}', value, persistent=False)
        sizes = {name: len(statistics[f'{name}.mean']) for name in config.inputs}
        self.sizes = sizes
        self.actions = statistics[f'{ACTION}.mean'].shape[-1]
        self.encoder = make(ENCODERS, config.encoder, config, sizes)
        self.head = make(HEADS, config.head, config, self.actions)

    @torch.no_grad()
    def fit(self, values: Mapping[str, Tensor], actions: Tensor) -> None:
        """Show the head training chunks (N, T, A) [rad, opening] as seen then; see Head.fit."""
        self.head.fit(self.inside(values, actions))

    def loss(
        self,
        values: Mapping[str, Tensor],
        images: Mapping[str, Tensor],
        actions: Tensor,
        mask: Tensor,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """
        Return the head's losses; actions (B, T, A) [rad, opening], mask (B, T, A) weights.

        While training the inputs have noise, config.input_noise: what people showed is a narrow
        tube, and a policy that has only seen its middle is lost a step beside it.
        """
        context = self.encode(values, images, generator if self.training else None)
        return self.head.loss(context, self.inside(values, actions), mask, generator)

    def sample(
        self,
        values: Mapping[str, Tensor],
        images: Mapping[str, Tensor],
        generator: torch.Generator,
        known: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return chunks (B, T, A) [rad, opening]; known is in the same units, weight in [0, 1]."""
        if known is not None:
            known = self.inside(values, known)
        chunk = self.head.sample(self.encode(values, images), generator, known, weight)
        return self.outside(values, chunk)

    def log_prob(
        self, values: Mapping[str, Tensor], images: Mapping[str, Tensor], actions: Tensor
    ) -> Tensor:
        """Return the (B,) log-density of actions (B, T, A) in their own units, or its bound."""
        context = self.encode(values, images)
        scale = self.get_buffer('action_std').log().expand(actions.shape[1:]).sum()
        return self.head.log_prob(context, self.inside(values, actions)) - scale

    def encode(
        self,
        values: Mapping[str, Tensor],
        images: Mapping[str, Tensor],
        noise: torch.Generator | None = None,
    ) -> Context:
        """
        Return the Context of values {name: (B, H, D)}, images {name: (B, H, h, w, 3) uint8}.

        noise: where to draw the inputs' noise from, None for none.
        """
        scaled = {name: self.normalised(name, values[name]) for name in self.config.inputs}
        if noise is not None and self.config.input_noise:
            blur = self.config.input_noise
            scaled = {name: value + blur * normal(noise, value) for name, value in scaled.items()}
        seen = {name: pixels(images[name], self.config.image_size) for name in self.config.cameras}
        return self.encoder(scaled, seen)

    def inside(self, values: Mapping[str, Tensor], actions: Tensor) -> Tensor:
        """Return actions (B, T, A) [rad, opening] as the head is told them."""
        return self.normalised(ACTION, actions - self.origin(values))

    def outside(self, values: Mapping[str, Tensor], chunk: Tensor) -> Tensor:
        """Return a head's chunk (B, T, A) in [rad, opening]."""
        off = chunk * self.get_buffer('action_std') + self.get_buffer('action_mean')
        return off + self.origin(values)

    def origin(self, values: Mapping[str, Tensor]) -> Tensor | float:
        """Return what targets are told from: the joints (B, 1, A) as last measured, or zero."""
        return values['position'][:, -1:] if self.config.relative else 0.0

    def normalised(self, name: str, value: Tensor) -> Tensor:
        """Return value (..., D) with mean 0 and deviation 1 over the training data."""
        return (value - self.get_buffer(f'{name}_mean')) / self.get_buffer(f'{name}_std')


def pixels(images: Tensor, size: int) -> Tensor:
    """
    Return images (B, H, h, w, 3) uint8 as (B, H, 3, size, size) float in [-1, 1].

    Resized while still bytes, which is six times as fast; then plane by plane, as group
    normalisation is slow on interleaved colours.
    """
    batch, history = images.shape[:2]
    planes = images.flatten(0, 1).movedim(-1, 1)  # (B H, 3, h, w)
    if planes.shape[-2:] != (size, size):
        whole = planes if planes.device.type == 'cpu' else planes.float()  # GPUs resize no bytes
        planes = nn.functional.interpolate(
            whole, (size, size), mode='bilinear', antialias=True, align_corners=False
        )
    scaled = planes.float().contiguous() / 127.5 - 1.0
    return scaled.unflatten(0, (batch, history))

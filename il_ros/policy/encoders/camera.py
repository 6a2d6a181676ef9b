"""The image encoder: a few convolutions, then where in the image each feature is."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

CHANNELS = (16, 32, 64)  # of the strided convolutions; the last is the number of keypoints


class SpatialSoftmax(nn.Module):
    """
    Feature maps (B, C, h, w) -> the expected place of each, (B, 2 C), x then y in [-1, 1].

    Source: Levine et al. 2016, arXiv:1504.00702, section 5.1.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Return (B, 2 C)."""
        height, width = maps.shape[-2:]
        share = maps.flatten(2).softmax(-1).unflatten(-1, (height, width))  # (B, C, h, w)
        x = torch.linspace(-1.0, 1.0, width, device=maps.device, dtype=maps.dtype)
        y = torch.linspace(-1.0, 1.0, height, device=maps.device, dtype=maps.dtype)
        return torch.cat([share.sum(-2) @ x, share.sum(-1) @ y], dim=-1)


class CameraEncoder(nn.Module):
    """One network per camera, as each sees another world: one token a camera, width C."""

    def __init__(self, cameras: tuple[str, ...], context: int):
        super().__init__()
        self.cameras = cameras
        self.nets = nn.ModuleDict({name: _network(context) for name in cameras})

    def forward(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return (B, V, C) for images {name: (B, 3, s, s)} in [-1, 1], V cameras in order."""
        return torch.stack([self.nets[name](images[name]) for name in self.cameras], dim=1)


def _network(context: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in zip((3, *CHANNELS[:-1]), CHANNELS, strict=True):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1)]
        layers += [nn.GroupNorm(8, after), nn.SiLU()]
    layers += [nn.Conv2d(CHANNELS[-1], CHANNELS[-1], 3, padding=1), SpatialSoftmax()]
    return nn.Sequential(*layers, nn.Linear(2 * CHANNELS[-1], context))

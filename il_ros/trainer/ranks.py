"""The processes of one training under torchrun: each takes its part of every batch."""

import atexit
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Parameter


@dataclass(frozen=True)
class Ranks:
    """Which process this is, of how many; gloo on CPUs, nccl on GPUs."""

    rank: int = 0
    world: int = 1
    local: int = 0  # which GPU of its machine is this process's

    @property
    def is_first(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def part(self, batch: int) -> slice:
        """Return this process's rows of a batch; ValueError when it cannot be parted evenly."""
        if batch % self.world:
            raise ValueError(f'batch {batch} cannot be parted among {self.world} processes')
        size = batch // self.world
        return slice(self.rank * size, (self.rank + 1) * size)

    def average_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Replace each gradient by its mean over all processes."""
        if self.world == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        parts = (flat / self.world).split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, values: Sequence[Tensor]) -> float:
        """Return the mean of scalars over all processes."""
        mean = torch.stack(list(values)).mean()
        if self.world > 1:
            dist.all_reduce(mean)
        return float(mean) / self.world

    def agreed(self, seconds: float) -> float:
        """Return the first process's seconds, so that all stop at the same step."""
        if self.world == 1:
            return seconds
        device = 'cuda' if dist.get_backend() == 'nccl' else 'cpu'
        told = torch.tensor([seconds], dtype=torch.float64, device=device)
        dist.broadcast(told, src=0)
        return float(told)

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self.world > 1:
            dist.barrier()


def joined() -> Ranks:
    """
    Return this process's Ranks, in the group that torchrun announced, if it did.

    The group stays until the process ends: a second one would find the first one's addresses.
    """
    if int(os.environ.get('WORLD_SIZE', '1')) == 1:
        return Ranks()
    if not dist.is_initialized():
        dist.init_process_group('nccl' if torch.cuda.is_available() else 'gloo')
        atexit.register(dist.destroy_process_group)
    local = int(os.environ.get('LOCAL_RANK', '0'))
    return Ranks(dist.get_rank(), dist.get_world_size(), local)

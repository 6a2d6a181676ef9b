"""The processes of one training under torchrun: each takes its part of every batch."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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


@contextmanager
def joined(name: str) -> Iterator[Ranks]:
    """
    Be among the processes that torchrun started, if it did, inside the with block.

    name: of the training; groups of one name would find each other's old addresses.
    """
    if int(os.environ.get('WORLD_SIZE', '1')) == 1:
        yield Ranks()
        return
    # optimisers import it; imported while a group exists it keeps that group's threads alive, and
    # the process then aborts at its end, now and then
    import torch._dynamo

    store, rank, world = next(iter(dist.rendezvous('env://')))
    backend = 'nccl' if torch.cuda.is_available() else 'gloo'
    dist.init_process_group(
        backend, store=dist.PrefixStore(name, store), rank=rank, world_size=world
    )
    try:
        yield Ranks(rank, world, int(os.environ.get('LOCAL_RANK', '0')))
        dist.barrier()  # one that leaves early would cut the others off
    finally:
        dist.destroy_process_group()

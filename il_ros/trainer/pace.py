"""How fast to learn: the learning rate over steps and seconds, threads, device and precision."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from il_ros.policy.config import TrainConfig


def learning_rate(config: TrainConfig, step: int, seconds: float) -> float:
    """Return the rate of a step: a linear rise, then a cosine to zero, or constant."""
    rise = min(1.0, (step + 1) / max(config.warmup, 1))
    if config.lr_schedule == 'constant':
        return config.lr * rise
    return config.lr * rise * 0.5 * (1 + math.cos(math.pi * min(done(config, step, seconds), 1)))


def done(config: TrainConfig, step: int, seconds: float) -> float:
    """Return the share of the training that is over; at 1 it ends."""
    by_time = seconds / config.seconds if config.seconds > 0 else 0.0
    return max(step / config.steps, by_time)


def device_of(config: TrainConfig, local: int) -> torch.device:
    """Return the device to train on; `local` is which GPU, where there are several."""
    if config.device == 'cpu' or (config.device == 'auto' and not torch.cuda.is_available()):
        return torch.device('cpu')
    return torch.device('cuda', local)


def is_bf16(config: TrainConfig, device: torch.device) -> bool:
    """
    Whether to multiply in bf16.

    auto does so on a GPU for images, and on a CPU that has instructions for it: at batch 256 the
    default network then learns from 2.3 times as many samples a second (AVX512-BF16, measured).
    """
    if config.precision != 'auto':
        return config.precision == 'bf16'
    if device.type == 'cuda':
        return bool(config.cameras)
    able = torch.cpu.get_capabilities()
    return bool(able.get('avx512_bf16') or able.get('amx_bf16'))


def threads_of(config: TrainConfig, most: int) -> int:
    """
    Return how many threads to train with, of at most `most`.

    0 in the configuration takes one for states in bf16, where a second brings a fifth and costs
    most of the speed as soon as anything else runs; all of them otherwise.
    """
    if config.threads:
        return config.threads
    is_light = not config.cameras and is_bf16(config, device_of(config, 0))
    return 1 if is_light else most


@contextmanager
def torch_threads(config: TrainConfig) -> Iterator[None]:
    """Let torch use as many threads inside the with block as suit the training."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads_of(config, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)

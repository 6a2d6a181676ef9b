"""Synthetic episodes for the tests of windows, policies and the trainer."""

from pathlib import Path

import numpy as np

from il_ros.dataset.episode import WHO, Episode
from il_ros.policy.config import TrainConfig
from il_ros.robot.load import load_robot
from il_ros.spec import RobotSpec, Who

HUMAN, POLICY, HOLD = WHO.index(Who.HUMAN), WHO.index(Who.POLICY), WHO.index(Who.HOLD)


def robot() -> RobotSpec:
    """Return the robot in the box."""
    return load_robot('sim')


def tiny(**differences) -> TrainConfig:
    """Return a configuration that trains in a second."""
    small = {
        'inputs': ('position', 'velocity'),
        'T': 6,
        'E': 3,
        'context': 16,
        'width': 32,
        'depth': 1,
        'diffusion_steps': 20,
        'sample_steps': 4,
        'batch': 16,
        'steps': 20,
        'warmup': 2,
        'log_every': 5,
        'save_every': 10,
        'threads': 1,
        'device': 'cpu',
        'precision': 'fp32',
        'image_size': 16,
    }
    return TrainConfig(**{**small, **differences})


def episode(
    spec: RobotSpec, ticks: int = 40, seed: int = 0, cameras=(), size: int = 16
) -> Episode:
    """Return one demonstration: a person's hands lead every joint along a sine of its own."""
    random = np.random.default_rng(seed)
    phase = random.uniform(0, 2 * np.pi, spec.size)
    time = np.arange(ticks + 1)[:, None] * spec.dt_s
    path = 0.3 * np.sin(2 * np.pi * time + phase)  # (ticks + 1, N)
    images = random.integers(0, 255, (ticks, size, size, 3), dtype=np.uint8)
    return Episode(
        path=Path(f'/bags/episode_{seed}'),
        meta={'task': 'transfer'},
        stamp_ns=np.arange(ticks, dtype=np.int64) * spec.dt_ns,
        position=path[:-1],
        velocity=np.diff(path, axis=0) / spec.dt_s,
        objects=np.tile([0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 1.0], (ticks, 1, 1)),
        command=path[1:],
        proposal=path[1:].copy(),
        who=np.full((ticks, len(spec.arms)), HUMAN, dtype=np.uint8),
        label_at=np.zeros(0, dtype=np.int64),
        labels=np.zeros((0, 2, spec.size)),
        images={name: images for name in cameras},
        image_age_s={name: np.zeros(ticks) for name in cameras},
    )


def episodes(spec: RobotSpec, count: int = 4, ticks: int = 40, cameras=()) -> list[Episode]:
    """Return several demonstrations."""
    return [episode(spec, ticks, seed, cameras) for seed in range(count)]

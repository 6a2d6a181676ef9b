"""The video of `il-ros gate --video`: an episode in which the gate may call, and what was true."""

from pathlib import Path
from typing import Any

import numpy as np

EVERY_S = 0.5  # between moments from which the policy is let go on
ROLLOUTS = 10  # from each of them
REACTION_S = 1.0  # of the person who is called


def write_video(checkpoint: Path, score: str, spec_name: str, seed: int, path: Path) -> Any:
    """
    Write a seed's episode with authority, score, bound and the policy's true value beneath.

    score: '' is the first that the checkpoint has. The value is the part of ROLLOUTS in which the
    policy succeeds that goes on from there, alone. Raises ValueError for a score that it has not.
    """
    from il_ros.arbiter.gate import Gate
    from il_ros.checkpoint import read_parts
    from il_ros.report.failures import who_of
    from il_ros.report.film import film_states
    from il_ros.rollout.called import run_called
    from il_ros.rollout.evaluate import make_loop
    from il_ros.sim.attention import Person
    from il_ros.studies.intervention_value import Values

    task = read_parts(checkpoint)['robot']['task']
    name, high = bound_of(checkpoint, score)
    loop = make_loop(str(checkpoint), spec_name, task)
    try:
        loop.arbiter.gate = Gate(name)
        told = run_called(loop, task, seed, Person('called', REACTION_S), EVERY_S)
        values = Values(loop, task, ROLLOUTS)
        found = [values.policy(moment) for moment in told.moments]
    finally:
        loop.world.close()
    ticks = np.arange(len(told.steps))
    at = [round(moment.at_s / loop.spec.dt_s) for moment in told.moments]
    value = np.interp(ticks, at, [wins / n for wins, n in found])
    position = np.stack([step.joints.position for step in told.steps])
    objects = np.stack([step.objects for step in told.steps])
    rows = (position, objects, who_of(told.steps))
    drawn = curves(told.score, value, name, high)
    frames = film_states(path, loop.spec, task, seed, *rows, curves=drawn)
    first = np.flatnonzero(told.is_called)
    return {
        'video': str(path),
        'frames': frames,
        'seed': seed,
        'score': name,
        'outcome': told.outcome.state,
        'called_s': float(first[0] * loop.spec.dt_s) if len(first) else None,
        'value': [[m.at_s, w / n] for m, (w, n) in zip(told.moments, found, strict=True)],
    }


def curves(score: np.ndarray, value: np.ndarray, name: str, high: float) -> tuple[Any, Any]:
    """Return what is drawn of a score, which calls above high, and of the value, tick by tick."""
    from il_ros.report.curves import Curve
    from il_ros.report.palette import SERIES, rgb

    known = score[np.isfinite(score)]
    ends = (min(known.min(initial=high), high), max(known.max(initial=high), 1.2 * high))
    return (
        Curve('score', score, rgb(SERIES[3]), *ends, high, f'{name}: calls above'),
        Curve('V', value, rgb(SERIES[2]), 0.0, 1.0),
    )


def bound_of(checkpoint: Path, score: str) -> tuple[str, float]:
    """Return a score of a checkpoint and above what it calls; ValueError where it cannot."""
    from il_ros.checkpoint import peek
    from il_ros.policy.scores.kept import kept

    scores = kept(checkpoint, peek(checkpoint).version)
    name = score or next(iter(scores), '')
    bounds = scores[name].bounds if name in scores else None
    if bounds is None:
        raise ValueError(
            f'{checkpoint} has no calibrated score {name!r}; it has {sorted(scores) or "none"}: '
            f'fit and calibrate it first, il-ros gate {checkpoint} --episodes 60'
        )
    return name, bounds.high


def text(result: dict[str, Any]) -> str:
    """Return what the video shows, for a person."""
    called_s = result['called_s']
    when = 'nobody is called' if called_s is None else f'a person is called at {called_s:.1f} s'
    return (
        f'{result["video"]}: {result["frames"]} frames, seed {result["seed"]}, '
        f'{result["score"]}; {when}; ends in {result["outcome"]}'
    )

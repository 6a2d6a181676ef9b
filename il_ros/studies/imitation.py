"""What studies of policies share: demonstrations to prepare, a training, and its roll-outs."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from il_ros.checkpoint import CheckpointError
from il_ros.config import from_mapping, load_yaml
from il_ros.dataset.cache import load_episodes
from il_ros.policy.config import TrainConfig, read_config
from il_ros.policy.pilot import load_pilot
from il_ros.robot.load import load_robot
from il_ros.rollout.evaluate import Trial, make_loop, trial_of
from il_ros.session.collect import Collection, collect
from il_ros.session.local import LocalRig
from il_ros.session.seeds import TRAINING
from il_ros.share import share
from il_ros.sim.world import ITERATIONS, PHYSICS_HZ
from il_ros.studies.study import Cell, Result
from il_ros.trainer import train

ROBOT = 'sim'


def demonstrations(task: str, demonstrators: Sequence[int], episodes: int, first: int = 0) -> Cell:
    """Return the need of demonstrations; the demonstrators take turns, seeds from first on."""
    who = '-'.join(str(number) for number in demonstrators)
    settings = {
        'task': task,
        'demonstrators': list(demonstrators),
        'episodes': episodes,
        'first': first,
        'physics': {'hz': PHYSICS_HZ, 'iterations': ITERATIONS},  # others, other successes
    }
    return Cell(f'demonstrations/{task}/{who}/{episodes}', settings)


def record(need: Cell, scratch: Path) -> Result:
    """Record demonstrations that are not there yet, in process, into the same bags as ever."""
    given = need.settings
    wanted = Collection(
        need.folder(scratch),
        given['task'],
        given['episodes'],
        TRAINING[given['first'] :],
        'always',
        tuple(given['demonstrators']),
    )
    results = collect(LocalRig(load_robot(ROBOT), given['task']), wanted, lambda result: None)
    won = [result for result in results if result.outcome == 'success']
    return {'episodes': len(results), 'success': len(won) / len(results)}


def shipped(head: str, **differences: Any) -> dict[str, Any]:
    """Return the settings of a head as it ships, with differences."""
    path = share('config', 'train', f'{head}.yaml')
    return {**(load_yaml(path) if path.is_file() else {}), 'head': head, **differences}


def fit(settings: dict[str, Any], bags: Path | Sequence[Path], out: Path) -> Result:
    """
    Train on one thread, a checkpoint to folder out; return what is worth keeping of it.

    Its seconds are of the processor's time, so that other programs do not shorten a training.
    What is finished is not trained again.
    """
    config = from_mapping(TrainConfig, {**settings, 'threads': 1, 'device': 'cpu'}, str(out))
    spec = load_robot(ROBOT)
    episodes = load_episodes(bags, spec, include_suspect=False, say=lambda line: None)
    found = train(config, episodes, spec, out, resume=False, clock=time.process_time)
    return {key: found[key] for key in ('steps', 'seconds', 'samples_s', 'validation')}


def lasting(seconds: float) -> dict[str, Any]:
    """Return the settings of a training that ends after so many seconds, and not before."""
    never = 1_000_000  # steps
    return {'seconds': seconds, 'steps': never, 'save_every': never}


def fit_each(need: Cell, scratch: Path) -> None:
    """
    Record what a need of trainings needs, and train what was not trained, each to its folder.

    need: its settings are name -> settings of a training, its own need the demonstrations.
    """
    [bags] = need.needs
    record(bags, scratch)
    for name, settings in need.settings.items():
        out = need.folder(scratch) / name
        if not is_trained(out):
            fit(settings, bags.folder(scratch), out)


def is_trained(out: Path) -> bool:
    """Whether folder out has a finished checkpoint."""
    try:
        read_config(out)
    except CheckpointError:
        return False
    return True


def play(checkpoint: Path, task: str, seeds: Sequence[int], told: int = 0) -> list[Trial]:
    """
    Roll a checkpoint out in this process, an episode a seed.

    told: how many demonstrators a policy that was told of them is to imitate, in turns.
    """
    loop = make_loop(str(checkpoint), ROBOT, task)
    found = []
    with closing(loop.world):
        for seed in seeds:
            if told:
                loop.imitate = seed % told
                loop.set_policy(loop.pilot)
            found.append(trial_of(loop, seed))
    return found


def wins(trials: Sequence[Trial]) -> str:
    """Return a digit an episode, 1 for success: small, and all that statistics need."""
    return ''.join('01'[trial.state == 'success'] for trial in trials)


def kinds(trials: Sequence[Trial]) -> dict[str, int]:
    """Return how often each kind of failure came about."""
    reasons = [trial.reason for trial in trials if trial.state != 'success']
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}


def parameters(checkpoint: Path) -> int:
    """Return how many numbers were learned."""
    pilot = load_pilot(checkpoint, load_robot(ROBOT), 'cpu')
    return sum(weight.numel() for weight in pilot.policy.parameters())
